//! What happens in an audited phase: owners, evidence, tests.

use super::super::event::DossierEvent as E;
use super::super::state::{Assignment, Document, Dossier, Request, Review, TestCase};
use crate::ids::{ItemId, VersionNo};
use crate::item::DecisionLevel;

impl Dossier {
    pub(super) fn evolve_ownership(&mut self, event: &E) {
        self.reopened_untouched = false;
        match event {
            E::OwnerAssigned {
                attribute,
                line_of_business,
                owner,
                ..
            }
            | E::OwnerReassigned {
                attribute,
                line_of_business,
                owner,
                ..
            } => {
                let assignment = Assignment {
                    owner: owner.clone(),
                    acknowledged: false,
                    escalated_to: Vec::new(),
                };
                self.assignments
                    .entry(attribute.clone())
                    .or_default()
                    .insert(line_of_business.clone(), assignment);
            }
            E::OwnerAcknowledged {
                attribute,
                line_of_business,
                ..
            } => self.assignment(attribute, line_of_business, |it| it.acknowledged = true),
            E::AssignmentEscalated {
                attribute,
                line_of_business,
                to,
                ..
            } => self.assignment(attribute, line_of_business, |it| {
                it.escalated_to.push(to.clone());
            }),
            _ => {}
        }
    }

    fn assignment(&mut self, attribute: &ItemId, line: &str, change: impl FnOnce(&mut Assignment)) {
        let found = self
            .assignments
            .get_mut(attribute)
            .and_then(|lines| lines.get_mut(line));
        if let Some(assignment) = found {
            change(assignment);
        }
    }

    pub(super) fn evolve_evidence(&mut self, event: &E) {
        self.reopened_untouched = false;
        match event {
            E::InformationRequested {
                request,
                owner,
                attributes,
                text,
                ..
            } => {
                let asked = Request {
                    owner: owner.clone(),
                    attributes: attributes.clone(),
                    text: text.clone(),
                };
                self.requests.insert(request.clone(), asked);
            }
            E::DocumentSubmitted {
                document,
                request,
                file,
                by,
            } => {
                let submitted = Document {
                    request: request.clone(),
                    version: VersionNo(1),
                    file: file.clone(),
                    submitted_by: by.clone(),
                    review: Review::Submitted,
                };
                self.documents.insert(document.clone(), submitted);
            }
            E::DocumentRevised {
                document,
                version,
                file,
                by,
                ..
            } => {
                if let Some(it) = self.documents.get_mut(document) {
                    it.version = *version;
                    it.file = file.clone();
                    it.submitted_by = by.clone();
                    it.review = Review::Submitted;
                }
            }
            E::DocumentReviewed {
                document,
                level,
                accepted,
                by,
                ..
            } => {
                if let Some(it) = self.documents.get_mut(document) {
                    it.review = match (accepted, level) {
                        (false, _) => Review::SentBack,
                        (true, DecisionLevel::Tester) => Review::TesterAccepted { by: by.clone() },
                        (true, DecisionLevel::ReportOwner) => Review::Accepted,
                    };
                }
            }
            _ => {}
        }
    }

    pub(super) fn evolve_test(&mut self, event: &E) {
        self.reopened_untouched = false;
        match event {
            E::TestExecuted {
                case,
                sample,
                attribute,
                execution,
                outcome,
                expected,
                actual,
                evidence,
                by,
                ..
            } => {
                let executed = TestCase {
                    sample: sample.clone(),
                    attribute: attribute.clone(),
                    execution: *execution,
                    outcome: *outcome,
                    expected: expected.clone(),
                    actual: actual.clone(),
                    evidence: evidence.clone(),
                    executed_by: by.clone(),
                    accepted: None,
                };
                self.tests.insert(case.clone(), executed);
            }
            E::TestReviewed { case, accepted, .. } => {
                if let Some(it) = self.tests.get_mut(case) {
                    it.accepted = Some(*accepted);
                }
            }
            _ => {}
        }
    }
}
