//! test_execution: test cases are run, run again, and reviewed.

use std::collections::BTreeSet;

use super::items::{Refusals, not_empty, once};
use super::{Asked, Decided};
use crate::dossier::basis::Basis;
use crate::dossier::command::TestResult;
use crate::dossier::event::DossierEvent;
use crate::dossier::state::{Dossier, TestCase};
use crate::ids::TestCaseId;
use crate::people::Role;
use crate::rejection::{Rejection, RejectionCode as Code};

impl Dossier {
    pub(super) fn record_tests(
        &self,
        asked: &Asked<'_>,
        results: &[TestResult],
        basis: &Basis,
    ) -> Decided {
        asked.in_role(&[Role::Tester], "execute tests")?;
        not_empty(results.len())?;
        let mut bad = Refusals::default();
        let mut seen = BTreeSet::new();
        for result in results {
            let case = TestCaseId::of(&result.sample, &result.attribute);
            bad.note(&case, once(&mut seen, &case));
            bad.note(&case, self.check_result(asked, &case, result, basis));
        }
        bad.into_result("record")?;
        Ok(results.iter().map(|it| self.executed(asked, it)).collect())
    }

    fn check_result(
        &self,
        asked: &Asked<'_>,
        case: &TestCaseId,
        result: &TestResult,
        basis: &Basis,
    ) -> Option<(Code, String)> {
        if !basis.samples.contains(&result.sample) {
            let why = "names a sample that is not approved";
            return Some((Code::UnknownItem, why.to_owned()));
        }
        if !basis.attributes.contains(&result.attribute) {
            let why = "names an attribute that is not in scope or is a primary key";
            return Some((Code::UnknownItem, why.to_owned()));
        }
        let evidence = &result.evidence;
        if basis.evidence.get(&evidence.document) != Some(&evidence.version) {
            let why = format!(
                "rests on document {} version {}, which is not accepted on both levels",
                evidence.document, evidence.version
            );
            return Some((Code::InvalidContent, why));
        }
        if self.tests.contains_key(case) && asked.reason.is_none() {
            let why = "was executed before; to execute it again needs a reason";
            return Some((Code::ReasonRequired, why.to_owned()));
        }
        None
    }

    fn executed(&self, asked: &Asked<'_>, result: &TestResult) -> DossierEvent {
        let case = TestCaseId::of(&result.sample, &result.attribute);
        let before = self.tests.get(&case).map_or(0, |it| it.execution);
        DossierEvent::TestExecuted {
            case,
            sample: result.sample.clone(),
            attribute: result.attribute.clone(),
            execution: before + 1,
            outcome: result.outcome,
            expected: result.expected.clone(),
            actual: result.actual.clone(),
            evidence: result.evidence.clone(),
            by: asked.person(),
            reason: asked.reason.map(str::to_owned),
        }
    }

    pub(super) fn review_tests(
        &self,
        asked: &Asked<'_>,
        cases: &[TestCaseId],
        accept: bool,
    ) -> Decided {
        asked.in_role(&[Role::Tester], "review test results")?;
        let reason = match accept {
            true => asked.reason.map(str::to_owned),
            false => Some(asked.due_reason("send a test back")?),
        };
        let mut bad = Refusals::default();
        let mut seen = BTreeSet::new();
        for id in cases {
            bad.note(id, once(&mut seen, id));
            bad.note(id, self.check_review(asked, id));
        }
        bad.into_result("review")?;
        let mine = |id: &TestCaseId, case: &TestCase| match cases {
            [] => case.accepted.is_none() && !self.is_asker(asked, &case.executed_by),
            _ => seen.contains(id),
        };
        let reviewed: Vec<_> = self
            .tests
            .iter()
            .filter(|(id, case)| mine(id, case))
            .map(|(id, case)| DossierEvent::TestReviewed {
                case: id.clone(),
                execution: case.execution,
                accepted: accept,
                by: asked.person(),
                reason: reason.clone(),
            })
            .collect();
        if reviewed.is_empty() {
            return Err(Rejection::new(
                Code::OutOfOrder,
                format!(
                    "no test result waits for {} (nobody reviews what they executed)",
                    asked.actor.id
                ),
            ));
        }
        Ok(reviewed)
    }

    fn check_review(&self, asked: &Asked<'_>, id: &TestCaseId) -> Option<(Code, String)> {
        let Some(case) = self.tests.get(id) else {
            return Some((Code::UnknownItem, "was never executed".to_owned()));
        };
        if self.is_asker(asked, &case.executed_by) {
            let why = format!(
                "was executed by {}; somebody else reviews it",
                case.executed_by
            );
            return Some((Code::FourEyes, why));
        }
        let reviewed = case.accepted.is_some();
        reviewed.then(|| (Code::OutOfOrder, "was reviewed already".to_owned()))
    }
}
