use annal_core::people::{Actor, Role};
use annal_core::phase::Phase;
use annal_core::rejection::{Rejection, RejectionCode};
use annal_core::run::{ReportRun, RunCommand, RunRequest};
use annal_core::{Command, CommandId};
use cqrs_es::Aggregate;
use cqrs_es::test::TestFramework;

use crate::support::*;

fn request(body: RunCommand) -> RunRequest {
    RunRequest {
        asked: Command {
            id: CommandId(uuid::Uuid::from_u128(3)),
            person: person_id(Role::Tester),
            role: Role::Engine,
            on_behalf_of: None,
            reason: None,
            effective_at: Some(noon()),
            body,
        },
        actor: Actor::engine(),
        definition: definition("2.0.0"),
    }
}

#[test]
fn the_library_runs_a_report_run() {
    assert_eq!(ReportRun::TYPE, "report_run");
    TestFramework::<ReportRun>::with(())
        .given(before("2.0.0", Phase::Scoping))
        .when(request(enter("2.0.0", Phase::Scoping)))
        .then_expect_events(begun("2.0.0", Phase::Scoping));
    TestFramework::<ReportRun>::with(())
        .given_no_previous_events()
        .when(request(RunCommand::Complete {}))
        .then_expect_error(Rejection::new(
            RejectionCode::RunNotOpen,
            "the run was never opened; open it first",
        ));
}

#[test]
fn a_snapshot_is_the_state() {
    let mut events = in_phase("2.0.0", Phase::Observations);
    events.push(scheduled("observations.work", Phase::Observations));
    let run = given(&events).run;
    let json = serde_json::to_string(&run).unwrap();
    assert_eq!(serde_json::from_str::<ReportRun>(&json).unwrap(), run);
}
