//! A phase is reopened with a reason; what depends on it is stale until it is done again or said to stand.

use annal_core::dossier::event::TestOutcome;
use annal_core::dossier::{DossierCommand as C, DossierEvent as D, Stage};
use annal_core::rejection::RejectionCode as Code;
use annal_core::run::{PhaseStatus, RunCommand, RunEvent, RunStatus};
use annal_core::version::{CarryForward, VersionStatus};
use annal_core::{Phase, VersionNo};

use crate::office::*;
use crate::script::{Tests, result};

fn at_report() -> Office {
    let mut office = Office::open("2.0.0");
    office.until(Phase::TestReport, Tests::Pass);
    office
}

fn stale(office: &Office) -> Vec<Phase> {
    let phases = office.case.summary().phases;
    phases
        .into_iter()
        .filter(|it| it.stale)
        .map(|it| it.phase)
        .collect()
}

/// The same contents again, approved.
fn done_again(office: &mut Office, phase: Phase) {
    let policy = CarryForward::All;
    office.does(
        TOM,
        phase,
        C::Revise {
            policy,
            add: vec![],
        },
    );
    office.does(TOM, phase, C::Submit { version: None });
    office.does(OLGA, phase, C::Approve { version: None });
    office.complete(phase);
}

#[test]
fn what_depends_on_a_reopened_phase_is_stale_on_both_streams() {
    let mut office = at_report();
    let reopened = office.does(XENA, Phase::SampleSelection, C::Reopen {});
    assert_eq!(stale(&office), [Phase::RequestInfo, Phase::TestExecution]);
    let because_of = Phase::SampleSelection;
    for phase in [Phase::RequestInfo, Phase::TestExecution] {
        let marked = RunEvent::PhaseMarkedStale { phase, because_of };
        assert!(reopened.run.contains(&marked));
        assert_eq!(reopened.dossiers[&phase], [D::MarkedStale { because_of }]);
        assert_eq!(office.case.dossier(phase).stale_because, Some(because_of));
    }
    assert!(
        !office.case.run.is_stale(Phase::Observations),
        "it was skipped"
    );
    assert_eq!(
        office.case.run.phase_status(because_of),
        PhaseStatus::Started
    );
}

#[test]
fn nothing_is_deleted_by_a_reopening() {
    let mut office = at_report();
    let before = office.case.dossier(Phase::TestExecution).tests.clone();
    office.does(XENA, Phase::Planning, C::Reopen {});
    assert_eq!(office.case.dossier(Phase::TestExecution).tests, before);
    let scoping = office.case.dossier(Phase::Scoping);
    assert_eq!(scoping.current().unwrap().number, VersionNo(1));
}

#[test]
fn a_reopened_phase_gets_its_next_version_and_is_completed_again() {
    let mut office = at_report();
    let phase = Phase::SampleSelection;
    office.does(XENA, phase, C::Reopen {});
    assert_eq!(office.case.stage(phase), Stage::Revise);
    done_again(&mut office, phase);
    let statuses: Vec<_> = office
        .case
        .dossier(phase)
        .versions
        .iter()
        .map(annal_core::dossier::state::Version::status)
        .collect();
    assert_eq!(
        statuses,
        [VersionStatus::Superseded, VersionStatus::Approved]
    );
    let steps = office.steps(phase);
    assert_eq!(
        steps[6..],
        [
            "revise: done",
            "work#2: submitted",
            "submit#2: submitted",
            "approve#2: approved",
            "complete#2: done"
        ]
    );
}

#[test]
fn a_reopening_is_for_test_executives_and_needs_a_reason() {
    let mut office = at_report();
    let phase = Phase::Planning;
    refused(
        office.asks(TOM, Some("so"), phase, C::Reopen {}),
        Code::RoleNotAllowed,
        "reopens",
    );
    refused(
        office.asks(XENA, None, phase, C::Reopen {}),
        Code::ReasonRequired,
        "reopening",
    );
    let blank = office.asks(XENA, Some("  "), phase, C::Reopen {});
    refused(blank, Code::ReasonRequired, "not blank");
}

#[test]
fn a_person_marks_no_phase_as_stale_by_themselves() {
    let mut office = at_report();
    let because_of = Phase::Planning;
    let asked = office.asks(
        XENA,
        Some("so"),
        Phase::Scoping,
        C::MarkStale { because_of },
    );
    refused(asked, Code::RoleNotAllowed, "engine");
}

#[test]
fn a_run_is_not_completed_while_a_phase_is_stale() {
    let mut office = at_report();
    office.does(XENA, Phase::SampleSelection, C::Reopen {});
    done_again(&mut office, Phase::SampleSelection);
    office.through(Phase::TestReport, Tests::Pass);
    let early = office.case.complete_run(office.now());
    refused(early, Code::Incomplete, "request_info and test_execution");
}

#[test]
fn a_stale_phase_is_confirmed_by_a_test_executive_with_a_reason() {
    let mut office = at_report();
    office.does(XENA, Phase::SampleSelection, C::Reopen {});
    let confirm = |phase| RunCommand::ConfirmPhase { phase };
    let early = office.asks_run(XENA, Some("so"), confirm(Phase::RequestInfo));
    refused(
        early,
        Code::OutOfOrder,
        "while sample_selection is open again",
    );
    done_again(&mut office, Phase::SampleSelection);
    let phase = Phase::RequestInfo;
    refused(
        office.asks_run(XENA, None, confirm(phase)),
        Code::ReasonRequired,
        "confirming",
    );
    refused(
        office.asks_run(TOM, Some("so"), confirm(phase)),
        Code::RoleNotAllowed,
        "confirms",
    );
    let firm = office.asks_run(XENA, Some("so"), confirm(Phase::Planning));
    refused(firm, Code::OutOfOrder, "nothing to confirm");
    let confirmed = office.does_run(XENA, confirm(phase));
    assert!(matches!(
        &confirmed.dossiers[&phase][..],
        [D::PhaseConfirmed { .. }]
    ));
    assert_eq!(stale(&office), [Phase::TestExecution]);
    assert_eq!(office.case.dossier(phase).stale_because, None);
    office.does_run(XENA, confirm(Phase::TestExecution));
    office.through(Phase::TestReport, Tests::Pass);
    let done = office.case.complete_run(office.now()).unwrap();
    office.take(&done);
    assert_eq!(office.case.run.status(), RunStatus::Completed);
}

#[test]
fn a_phase_done_again_on_ground_that_is_still_open_stays_stale_on_both_streams() {
    let mut office = at_report();
    office.does(XENA, Phase::Scoping, C::Reopen {});
    office.does(XENA, Phase::SampleSelection, C::Reopen {});
    done_again(&mut office, Phase::SampleSelection);
    assert!(office.case.run.is_stale(Phase::SampleSelection));
    let dossier = office.case.dossier(Phase::SampleSelection);
    assert_eq!(dossier.stale_because, Some(Phase::Scoping));
}

#[test]
fn a_stale_phase_that_is_done_again_is_firm() {
    let mut office = at_report();
    office.does(XENA, Phase::SampleSelection, C::Reopen {});
    done_again(&mut office, Phase::SampleSelection);
    office.does(XENA, Phase::TestExecution, C::Reopen {});
    let again = vec![result("sample:1", "attribute:ratio", TestOutcome::Passed)];
    office.does(TOM, Phase::TestExecution, C::RecordTests { results: again });
    office.review();
    office.complete(Phase::TestExecution);
    assert_eq!(stale(&office), [Phase::RequestInfo]);
}

#[test]
fn observations_that_were_skipped_begin_when_tests_fail_after_a_reopening() {
    let mut office = at_report();
    assert_eq!(
        office.case.run.phase_status(Phase::Observations),
        PhaseStatus::Skipped
    );
    office.does(XENA, Phase::TestExecution, C::Reopen {});
    let failed = vec![result("sample:1", "attribute:ratio", TestOutcome::Failed)];
    office.does(
        TOM,
        Phase::TestExecution,
        C::RecordTests { results: failed },
    );
    office.review();
    office.complete(Phase::TestExecution);
    let mut hasty = Office::open("2.0.0");
    hasty.case = office.case.clone();
    hasty.through(Phase::TestReport, Tests::Fail);
    let early = hasty.case.complete_run(hasty.now());
    refused(
        early,
        Code::Incomplete,
        "observations was skipped, but its condition holds now",
    );
    office.through(Phase::Observations, Tests::Fail);
    assert_eq!(
        office.case.run.phase_status(Phase::Observations),
        PhaseStatus::Completed
    );
    office.through(Phase::TestReport, Tests::Fail);
    let done = office.case.complete_run(office.now()).unwrap();
    office.take(&done);
    assert_eq!(office.case.run.status(), RunStatus::Completed);
}
