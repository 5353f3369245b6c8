//! Phases begin when those before them are done; some are passed over, and that is recorded.

use annal_core::dossier::DossierEvent as D;
use annal_core::dossier::event::TestOutcome;
use annal_core::dossier::{DossierCommand as C, DossierStatus};
use annal_core::rejection::RejectionCode as Code;
use annal_core::run::event::TransitionKind as T;
use annal_core::run::{PhaseStatus, RunEvent};
use annal_core::version::VersionRef;
use annal_core::{Phase, RunId, VersionNo};
use uuid::Uuid;

use crate::office::*;
use crate::script::{Tests, items, result};

#[test]
fn a_phase_begins_on_both_streams_with_its_inputs() {
    let mut office = Office::open("2.0.0");
    office.until(Phase::Scoping, Tests::Pass);
    let entered = office.enter(Phase::Scoping);
    let phase = Phase::Scoping;
    assert!(entered.run.contains(&RunEvent::PhaseStarted { phase }));
    let input = |phase| VersionRef {
        run: RunId(Uuid::from_u128(1)),
        phase,
        number: VersionNo(1),
    };
    let begun = D::PhaseBegun {
        run: RunId(Uuid::from_u128(1)),
        phase,
        inputs: vec![input(Phase::Planning), input(Phase::DataProfiling)],
    };
    assert_eq!(entered.dossiers[&phase], [begun]);
}

#[test]
fn a_phase_does_not_begin_before_those_that_it_rests_on_are_done() {
    let mut office = Office::open("2.0.0");
    let early = office.case.enter_phase(Phase::Scoping, office.now());
    refused(
        early,
        Code::OutOfOrder,
        "cannot begin before data_profiling",
    );
    office.until(Phase::SampleSelection, Tests::Pass);
    office.through(Phase::SampleSelection, Tests::Pass);
    let half = office.case.enter_phase(Phase::RequestInfo, office.now());
    refused(half, Code::OutOfOrder, "data_owner_id");
}

#[test]
fn parallel_phases_are_open_at_once() {
    let mut office = Office::open("2.0.0");
    office.until(Phase::SampleSelection, Tests::Pass);
    office.enter(Phase::SampleSelection);
    office.enter(Phase::DataOwnerId);
    for phase in [Phase::SampleSelection, Phase::DataOwnerId] {
        assert_eq!(office.case.run.phase_status(phase), PhaseStatus::Started);
    }
}

#[test]
fn observations_begin_when_a_test_failed() {
    let mut office = Office::open("2.0.0");
    office.until(Phase::Observations, Tests::Fail);
    office.enter(Phase::Observations);
    let taken = T::Conditional {
        condition: "failed_tests > 0".to_owned(),
        result: true,
    };
    assert_eq!(office.transition(Phase::Observations), &taken);
}

#[test]
fn observations_are_skipped_and_recorded_as_skipped_when_no_test_failed() {
    let phase = Phase::Observations;
    let mut office = Office::open("2.0.0");
    office.until(phase, Tests::Pass);
    let passed = office.enter(phase);
    let taken = T::Conditional {
        condition: "failed_tests > 0".to_owned(),
        result: false,
    };
    assert_eq!(office.transition(phase), &taken);
    let why = "'failed_tests > 0' is false".to_owned();
    let skipped = RunEvent::PhaseSkipped {
        phase,
        why: why.clone(),
    };
    assert!(passed.run.contains(&skipped));
    assert_eq!(passed.dossiers[&phase], [D::PhaseSkipped { why }]);
    let items = items(phase);
    let late = office.asks(TOM, None, phase, C::CreateVersion { items });
    refused(late, Code::PhaseClosed, "was skipped");
}

#[test]
fn a_phase_is_left_out_when_the_run_was_opened_so() {
    let phase = Phase::DataProfiling;
    let mut opening = opening("2.0.0");
    opening.skip = vec![phase];
    let mut office = Office::open_with(opening);
    office.walk_to_the_end(Tests::Fail);
    assert_eq!(office.case.run.phase_status(phase), PhaseStatus::Skipped);
    assert_eq!(office.case.dossier(phase).status, DossierStatus::Skipped);
    assert_eq!(office.transition(phase), &T::Sequential {});
}

#[test]
fn a_report_without_lines_of_business_has_one() {
    let mut opening = opening("2.0.0");
    opening.lines_of_business = vec![];
    let mut office = Office::open_with(opening);
    office.walk_to_the_end(Tests::Fail);
    let owners = &office.case.dossier(Phase::DataOwnerId).assignments;
    let lines: Vec<_> = owners[&id("attribute:ratio")].keys().collect();
    assert_eq!(lines, ["all"]);
}

#[test]
fn primary_keys_are_not_tested() {
    let mut office = Office::open("2.0.0");
    office.until(Phase::TestExecution, Tests::Pass);
    office.enter(Phase::TestExecution);
    let basis = office.case.basis(Phase::TestExecution);
    assert_eq!(basis.attributes, [id("attribute:ratio")].into());
    let results = vec![result("sample:1", "attribute:key", TestOutcome::Passed)];
    let key = office.asks(TOM, None, Phase::TestExecution, C::RecordTests { results });
    refused(key, Code::UnknownItem, "is a primary key");
}

#[test]
fn a_run_is_completed_when_every_phase_is_over() {
    let mut office = Office::open("2.0.0");
    office.until(Phase::TestReport, Tests::Pass);
    let early = office.case.complete_run(office.now());
    refused(early, Code::Incomplete, "test_report (waiting)");
    office.through(Phase::TestReport, Tests::Pass);
    let done = office.case.complete_run(office.now()).unwrap();
    assert_eq!(done.run, [RunEvent::RunCompleted {}]);
}

#[test]
fn a_phase_is_not_completed_while_something_waits() {
    let mut office = Office::open("2.0.0");
    office.enter(Phase::Planning);
    let early = office.case.complete_phase(Phase::Planning, office.now());
    refused(early, Code::Incomplete, "planning is not done");
}
