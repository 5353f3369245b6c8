//! state + event → state. Events are facts: nothing is refused here.

use super::event::DossierEvent as E;
use super::state::{
    Assignment, Document, Dossier, DossierStatus, Item, Place, Request, Review, TestCase, Version,
    VersionState,
};
use crate::ids::{PersonId, VersionNo};
use crate::item::{Decision, DecisionLevel};

impl Dossier {
    /// The state after an event.
    pub fn evolve(&mut self, event: &E) {
        match event {
            E::PhaseBegun { run, phase, inputs } => {
                self.status = DossierStatus::Open;
                self.place = Some(Place {
                    run: *run,
                    phase: *phase,
                });
                self.inputs.clone_from(inputs);
            }
            E::PhaseCompleted {} => {
                self.status = DossierStatus::Completed;
                self.reopened = false;
                self.stale_because = None;
            }
            E::PhaseSkipped { .. } => self.status = DossierStatus::Skipped,
            E::PhaseReopened { .. } => {
                self.status = DossierStatus::Open;
                self.reopened_after = self.versions.last().map(|version| version.number);
                self.reopened = true;
                self.reopened_untouched = true;
            }
            E::MarkedStale { because_of } => self.stale_because = Some(*because_of),
            E::PhaseConfirmed { .. } => self.stale_because = None,
            E::DeputyActed { by, in_place_of } => {
                let places = self.deputies.entry(by.clone()).or_default();
                places.insert(in_place_of.clone());
            }
            E::AttemptRefused { .. } => self.refusals += 1,
            E::ReminderSent { .. } | E::DeadlineEscalated { .. } => {}
            E::VersionCreated { .. }
            | E::VersionSubmitted { .. }
            | E::VersionWithdrawn { .. }
            | E::VersionApproved { .. }
            | E::VersionRejected { .. }
            | E::VersionSuperseded { .. } => self.evolve_version(event),
            E::ItemAdded { .. }
            | E::ItemCarried { .. }
            | E::ItemChanged { .. }
            | E::ItemRemoved { .. }
            | E::ItemDecided { .. }
            | E::SectionSigned { .. } => self.evolve_item(event),
            E::OwnerAssigned { .. }
            | E::OwnerReassigned { .. }
            | E::OwnerAcknowledged { .. }
            | E::AssignmentEscalated { .. } => self.evolve_ownership(event),
            E::InformationRequested { .. }
            | E::DocumentSubmitted { .. }
            | E::DocumentRevised { .. }
            | E::DocumentReviewed { .. } => self.evolve_evidence(event),
            E::TestExecuted { .. } | E::TestReviewed { .. } => self.evolve_test(event),
        }
    }

    /// The state after events.
    #[must_use]
    pub fn with(mut self, events: &[E]) -> Self {
        for event in events {
            self.evolve(event);
        }
        self
    }

    fn at(&mut self, number: VersionNo) -> Option<&mut Version> {
        let index = (number.0 as usize).checked_sub(1)?;
        self.versions.get_mut(index)
    }

    fn evolve_version(&mut self, event: &E) {
        self.reopened_untouched = false;
        match event {
            E::VersionCreated {
                version,
                origin,
                inputs,
                by,
            } => self.versions.push(Version {
                number: *version,
                origin: *origin,
                inputs: inputs.clone(),
                created_by: by.clone(),
                state: VersionState::Draft,
                hands: std::collections::BTreeSet::new(),
                edits: 0,
                items: indexmap::IndexMap::new(),
            }),
            E::VersionSubmitted { version, by } => {
                let submitted_by = by.clone();
                self.had_a_hand(*version, by);
                self.change(*version, |_| VersionState::PendingApproval { submitted_by });
            }
            E::VersionWithdrawn { version, .. } => self.change(*version, |_| VersionState::Draft),
            E::VersionApproved { version, by, .. } => {
                let by = by.clone();
                self.change(*version, |submitted_by| VersionState::Approved {
                    submitted_by,
                    by,
                });
            }
            E::VersionRejected {
                version,
                by,
                reason,
                requested_changes,
            } => {
                let (by, reason, requested_changes) =
                    (by.clone(), reason.clone(), requested_changes.clone());
                self.change(*version, |submitted_by| VersionState::Rejected {
                    submitted_by,
                    by,
                    reason,
                    requested_changes,
                });
            }
            E::VersionSuperseded {
                version,
                by_version,
            } => self.supersede(*version, *by_version),
            _ => {}
        }
    }

    /// Changes a version's state, handing over who submitted it (its maker, if nobody did).
    fn change(&mut self, number: VersionNo, to: impl FnOnce(PersonId) -> VersionState) {
        if let Some(version) = self.at(number) {
            let submitter = version.submitter().unwrap_or(&version.created_by).clone();
            version.state = to(submitter);
        }
    }

    fn had_a_hand(&mut self, number: VersionNo, person: &PersonId) {
        if let Some(version) = self.at(number) {
            version.hands.insert(person.clone());
        }
    }

    fn edited(&mut self, number: VersionNo) {
        if let Some(version) = self.at(number) {
            version.edits += 1;
        }
    }

    fn supersede(&mut self, number: VersionNo, by_version: VersionNo) {
        if let Some(version) = self.at(number)
            && let VersionState::Approved { submitted_by, by } = &version.state
        {
            version.state = VersionState::Superseded {
                submitted_by: submitted_by.clone(),
                approved_by: by.clone(),
                by_version,
            };
        }
    }

    fn evolve_item(&mut self, event: &E) {
        match event {
            E::ItemAdded {
                version,
                item,
                content,
                by,
            } => {
                if let Some(version) = self.at(*version) {
                    let mut added = Item::new(content.clone());
                    added.hands.insert(by.clone());
                    version.items.insert(item.clone(), added);
                }
            }
            E::ItemCarried {
                version,
                item,
                content,
                from,
                tester,
                report_owner,
                locked,
            } => {
                let before = self.version(from.version);
                let before = before.and_then(|version| version.items.get(item));
                let hands = before.map(|item| item.hands.clone()).unwrap_or_default();
                let decided = tester.iter().map(|decision| decision.by.clone());
                let carried = Item {
                    carried: Some(from.clone()),
                    hands: hands.into_iter().chain(decided).collect(),
                    tester: tester.clone(),
                    report_owner: report_owner.clone(),
                    locked: *locked,
                    ..Item::new(content.clone())
                };
                if let Some(version) = self.at(*version) {
                    version.items.insert(item.clone(), carried);
                }
            }
            E::ItemRemoved {
                version, item, by, ..
            } => {
                self.edited(*version);
                self.had_a_hand(*version, by);
                if let Some(version) = self.at(*version) {
                    version.items.shift_remove(item);
                }
            }
            E::ItemChanged {
                version,
                item,
                content,
                by,
                ..
            } => {
                self.edited(*version);
                self.item(*version, item, |item| {
                    // What was decided or signed was another content.
                    let hands = std::mem::take(&mut item.hands);
                    *item = Item {
                        carried: item.carried.take(),
                        hands,
                        ..Item::new(content.clone())
                    };
                    item.hands.insert(by.clone());
                });
            }
            E::ItemDecided { version, item, .. } => {
                self.item(*version, item, |item| item.take(event));
            }
            E::SectionSigned {
                version,
                section,
                signature,
            } => self.item(*version, section, |item| {
                item.signatures.push(signature.clone());
            }),
            _ => {}
        }
    }

    fn item(
        &mut self,
        version: VersionNo,
        item: &crate::ids::ItemId,
        change: impl FnOnce(&mut Item),
    ) {
        if let Some(item) = self.at(version).and_then(|it| it.items.get_mut(item)) {
            change(item);
        }
    }

    fn evolve_ownership(&mut self, event: &E) {
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

    fn assignment(
        &mut self,
        attribute: &crate::ids::ItemId,
        line: &str,
        change: impl FnOnce(&mut Assignment),
    ) {
        let found = self
            .assignments
            .get_mut(attribute)
            .and_then(|lines| lines.get_mut(line));
        if let Some(assignment) = found {
            change(assignment);
        }
    }

    fn evolve_evidence(&mut self, event: &E) {
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

    fn evolve_test(&mut self, event: &E) {
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

impl Version {
    /// Who handed it in, while or after it was.
    #[must_use]
    pub const fn submitter(&self) -> Option<&PersonId> {
        match &self.state {
            VersionState::Draft => None,
            VersionState::PendingApproval { submitted_by }
            | VersionState::Approved { submitted_by, .. }
            | VersionState::Rejected { submitted_by, .. }
            | VersionState::Superseded { submitted_by, .. } => Some(submitted_by),
        }
    }
}

impl Item {
    /// Takes a decision. Another verdict on the first level is another matter for the second, so what was decided
    /// there no longer stands on the item (it stays in the log).
    fn take(&mut self, event: &E) {
        let E::ItemDecided {
            level,
            verdict,
            by,
            reason,
            ..
        } = event
        else {
            return;
        };
        let decision = Some(Decision {
            verdict: *verdict,
            by: by.clone(),
            reason: reason.clone(),
        });
        match level {
            DecisionLevel::Tester => {
                if self
                    .tester
                    .as_ref()
                    .is_some_and(|it| it.verdict != *verdict)
                {
                    self.report_owner = None;
                }
                self.tester = decision;
                self.hands.insert(by.clone());
            }
            DecisionLevel::ReportOwner => self.report_owner = decision,
        }
    }
}
