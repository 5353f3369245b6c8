//! Each definition walked to its end.

use annal_core::Phase;
use annal_core::run::event::TransitionKind as T;
use annal_core::run::{PhaseStatus, RunStatus};

use crate::office::*;
use crate::script::Tests;

fn kinds(office: &Office) -> Vec<(Phase, &'static str)> {
    let kind = |kind: &T| match kind {
        T::Sequential {} => "sequential",
        T::ParallelFork {} => "fork",
        T::ParallelJoin {} => "join",
        T::Conditional { result: true, .. } => "true",
        T::Conditional { result: false, .. } => "false",
    };
    let taken = office.case.run.transitions().iter();
    taken.map(|it| (it.to, kind(&it.kind))).collect()
}

#[test]
fn every_definition_is_walked_to_its_end() {
    for version in ["1.0.0", "1.1.0", "1.2.0", "2.0.0"] {
        for tests in [Tests::Fail, Tests::Pass] {
            let mut office = Office::open(version);
            office.walk_to_the_end(tests);
            assert_eq!(office.case.run.status(), RunStatus::Completed, "{version}");
            let expected = match tests {
                Tests::Fail => PhaseStatus::Completed,
                Tests::Pass => PhaseStatus::Skipped,
            };
            let observations = office.case.run.phase_status(Phase::Observations);
            assert_eq!(observations, expected, "{version}");
        }
    }
}

#[test]
fn the_first_definitions_are_lines_of_eight_phases() {
    for version in ["1.0.0", "1.1.0"] {
        let mut office = Office::open(version);
        office.walk_to_the_end(Tests::Fail);
        let kinds = kinds(&office);
        assert_eq!(kinds.len(), 8, "{version}");
        let line = kinds.iter().all(|(to, kind)| match to {
            Phase::Observations => *kind == "true",
            _ => *kind == "sequential",
        });
        assert!(line, "{version}: {kinds:?}");
    }
}

#[test]
fn definition_2_forks_joins_and_asks_its_condition() {
    let mut office = Office::open("2.0.0");
    office.walk_to_the_end(Tests::Fail);
    let expected = [
        (Phase::Planning, "sequential"),
        (Phase::DataProfiling, "sequential"),
        (Phase::Scoping, "sequential"),
        (Phase::SampleSelection, "fork"),
        (Phase::DataOwnerId, "fork"),
        (Phase::RequestInfo, "join"),
        (Phase::TestExecution, "sequential"),
        (Phase::Observations, "true"),
        (Phase::TestReport, "sequential"),
    ];
    assert_eq!(kinds(&office), expected);
}

#[test]
fn a_phase_that_the_definition_does_not_have_is_refused() {
    let office = Office::open("1.2.0");
    let entered = office.case.enter_phase(Phase::DataProfiling, office.now());
    let code = annal_core::rejection::RejectionCode::DefinitionRefused;
    refused(
        entered,
        code,
        "definition 1.2.0 has no phase data_profiling",
    );
}
