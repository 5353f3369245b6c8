//! test_execution: a test case is an approved sample × an attribute in scope; executed, executed again, reviewed.

use annal_core::Phase;
use annal_core::dossier::command::TestResult;
use annal_core::dossier::event::{EvidenceRef, TestOutcome};
use annal_core::dossier::{Action, DossierCommand as C, DossierEvent as E};
use annal_core::rejection::RejectionCode as Code;
use annal_core::{TestCaseId, VersionNo};

use crate::support::*;

const PHASE: Phase = Phase::TestExecution;

fn result(sample: &str, attribute: &str, outcome: TestOutcome) -> TestResult {
    TestResult {
        sample: id(sample),
        attribute: id(attribute),
        outcome,
        expected: Some("1".to_owned()),
        actual: Some("2".to_owned()),
        evidence: EvidenceRef {
            document: "extract".parse().unwrap(),
            version: VersionNo(2),
        },
    }
}

fn record(pairs: &[(&str, &str)]) -> C {
    let one = |(sample, attribute): &(&str, &str)| result(sample, attribute, TestOutcome::Passed);
    C::RecordTests {
        results: pairs.iter().map(one).collect(),
    }
}

fn review(cases: &[&str], accept: bool) -> C {
    let cases = cases.iter().map(|case| case.parse().unwrap()).collect();
    C::ReviewTests { cases, accept }
}

/// Tom executed all four cases.
pub(crate) fn executed() -> Desk {
    let all = record(&[("s1", "a"), ("s1", "b"), ("s2", "a"), ("s2", "b")]);
    Desk::begun(PHASE).given(&tom(), all)
}

#[test]
fn an_execution_is_recorded_with_what_was_expected_found_and_compared() {
    let results = vec![result("s1", "a", TestOutcome::Failed)];
    let events = Desk::begun(PHASE).then(&tom(), &C::RecordTests { results });
    let executed = E::TestExecuted {
        case: TestCaseId::of(&id("s1"), &id("a")),
        sample: id("s1"),
        attribute: id("a"),
        execution: 1,
        outcome: TestOutcome::Failed,
        expected: Some("1".to_owned()),
        actual: Some("2".to_owned()),
        evidence: EvidenceRef {
            document: "extract".parse().unwrap(),
            version: VersionNo(2),
        },
        by: person("tom"),
        reason: None,
    };
    assert_eq!(events, [executed]);
}

#[test]
fn a_case_is_an_approved_sample_and_an_attribute_that_is_tested() {
    let desk = Desk::begun(PHASE);
    let sample = record(&[("s9", "a")]);
    desk.refuses(
        &tom(),
        &sample,
        Code::UnknownItem,
        "a sample that is not approved",
    );
    let attribute = record(&[("s1", "key")]);
    desk.refuses(
        &tom(),
        &attribute,
        Code::UnknownItem,
        "not in scope or is a primary key",
    );
    desk.refuses(
        &tom(),
        &record(&[]),
        Code::InvalidContent,
        "nothing was named",
    );
}

#[test]
fn a_test_rests_on_the_version_of_a_document_that_both_levels_accepted() {
    for (document, version) in [("extract", 1), ("extract", 3), ("list", 2)] {
        let mut one = result("s1", "a", TestOutcome::Passed);
        one.evidence = EvidenceRef {
            document: document.parse().unwrap(),
            version: VersionNo(version),
        };
        let results = vec![one];
        let command = C::RecordTests { results };
        let why = "not accepted on both levels";
        Desk::begun(PHASE).refuses(&tom(), &command, Code::InvalidContent, why);
    }
}

#[test]
fn results_are_recorded_all_or_none() {
    let pairs = [("s1", "a"), ("s9", "a"), ("s1", "a"), ("s1", "z")];
    let bad = Desk::begun(PHASE).bad_items(&tom(), &record(&pairs));
    assert_eq!(bad, ["s9×a", "s1×a", "s1×z"]);
}

#[test]
fn a_test_is_executed_again_with_a_reason_and_counts_on() {
    let desk = executed();
    let again = record(&[("s1", "a")]);
    desk.refuses(&tom(), &again, Code::ReasonRequired, "executed before");
    let desk = desk.given(&tina(), review(&[], true));
    let events = desk.then(&tom().because("new evidence"), &again);
    assert!(matches!(
        &events[..],
        [E::TestExecuted { execution: 2, reason: Some(why), .. }] if why == "new evidence"
    ));
    let desk = desk.given(&tom().because("new evidence"), again);
    assert_eq!(desk.dossier.unreviewed().len(), 1, "it is reviewed anew");
}

#[test]
fn each_result_is_reviewed_once() {
    let desk = executed();
    let some = review(&["s1×a", "s2×b"], true);
    assert_eq!(desk.then(&tina(), &some).len(), 2);
    let desk = desk.given(&tina(), some.clone());
    desk.refuses(&tina(), &some, Code::OutOfOrder, "reviewed already");
    assert_eq!(
        desk.then(&tina(), &review(&[], true)).len(),
        2,
        "the other two"
    );
    let unknown = review(&["s1×a×x", "s1×a", "s1×b", "s1×b"], true);
    assert_eq!(
        desk.bad_items(&tina(), &unknown),
        ["s1×a×x", "s1×a", "s1×b"]
    );
    let none = Desk::begun(PHASE);
    none.refuses(
        &tina(),
        &review(&[], true),
        Code::OutOfOrder,
        "no test result waits",
    );
}

#[test]
fn a_result_that_does_not_stand_needs_a_reason_and_is_executed_again() {
    let desk = executed();
    let back = review(&["s1×a"], false);
    desk.refuses(&tina(), &back, Code::ReasonRequired, "send a test back");
    let desk = desk.given(&tina().because("wrong row"), back);
    let anyway = review(&["s1×a"], true);
    desk.refuses(&tina(), &anyway, Code::OutOfOrder, "reviewed already");
    assert_eq!(desk.dossier.unexecuted(&desk.basis), [(id("s1"), id("a"))]);
    let waits = desk.dossier.awaiting(&desk.basis, &desk.plan);
    let waits: Vec<_> = waits.iter().map(|it| (it.action, it.count)).collect();
    assert_eq!(waits, [(Action::ExecuteTests, 1), (Action::ReviewTests, 3)]);
}

#[test]
fn the_phase_is_done_when_every_case_is_executed_and_every_result_reviewed() {
    let desk = Desk::begun(PHASE).given(&tom(), record(&[("s1", "a")]));
    let desk = desk.given(&tina(), review(&[], true));
    desk.refuses(&engine(), &C::Complete {}, Code::Incomplete, "not done");
    let desk = executed();
    desk.refuses(&engine(), &C::Complete {}, Code::Incomplete, "not done");
    desk.given(&tina(), review(&[], true)).completed();
}

#[test]
fn the_standing_results_are_counted_for_conditions() {
    let results = vec![
        result("s1", "a", TestOutcome::Failed),
        result("s1", "b", TestOutcome::Inconclusive),
        result("s2", "a", TestOutcome::Passed),
        result("s2", "b", TestOutcome::Failed),
    ];
    let desk = Desk::begun(PHASE).given(&tom(), C::RecordTests { results });
    let desk = desk.given(&tom().because("typing error"), record(&[("s2", "b")]));
    let facts = desk.dossier.facts();
    assert_eq!(facts["failed_tests"], 1);
    assert_eq!(facts["inconclusive_tests"], 1);
    assert_eq!(facts["passed_tests"], 2);
}
