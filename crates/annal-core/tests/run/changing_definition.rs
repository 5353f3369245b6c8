use annal_core::people::Role;
use annal_core::phase::Phase;
use annal_core::rejection::RejectionCode;
use annal_core::run::{RunCommand, RunEvent};

use crate::support::*;

fn to(version: &str) -> RunCommand {
    RunCommand::ChangeDefinition {
        to: definition(version).reference(),
    }
}

fn changed(from: &str, to: &str, role: Role) -> RunEvent {
    RunEvent::DefinitionChanged {
        from: definition(from).reference(),
        to: definition(to).reference(),
        by: person_id(role),
        reason: "the examiner asked".to_owned(),
    }
}

#[test]
fn an_admin_or_a_test_executive_moves_a_run_to_a_newer_definition() {
    for role in [Role::Admin, Role::TestExecutive] {
        given(&in_phase("1.0.0", Phase::SampleSelection))
            .when(role, to("1.2.0"))
            .then_events(&[changed("1.0.0", "1.2.0", role)]);
    }
    for role in [Role::Tester, Role::ReportOwner, Role::Auditor] {
        given(&opened("1.0.0"))
            .when(role, to("1.2.0"))
            .then_rejected(RejectionCode::RoleNotAllowed, "changes the definition");
    }
    given(&opened("1.0.0"))
        .when_because(Role::Admin, None, to("1.2.0"))
        .then_rejected(RejectionCode::ReasonRequired, "changing the definition");
}

#[test]
fn a_moved_run_goes_on_by_the_new_definition() {
    let events = all(&[
        in_phase("1.1.0", Phase::SampleSelection),
        vec![changed("1.1.0", "1.2.0", Role::Admin)],
    ]);
    assert_eq!(
        given(&events).run.definition(),
        Some(&definition("1.2.0").reference())
    );
    given(&events)
        .when_engine(enter("1.2.0", Phase::DataOwnerId))
        .then_events(&begun("1.2.0", Phase::DataOwnerId));
}

#[test]
fn a_run_moves_only_to_a_newer_definition() {
    for version in ["1.2.0", "1.1.0"] {
        given(&opened("1.2.0"))
            .when(Role::Admin, to(version))
            .then_rejected(RejectionCode::DefinitionRefused, "only go to a newer one");
    }
}

#[test]
fn a_definition_that_is_not_known_here_is_refused() {
    let mut unknown = definition("2.0.0").reference();
    unknown.version = "3.0.0".parse().unwrap();
    given(&opened("1.0.0"))
        .when(Role::Admin, RunCommand::ChangeDefinition { to: unknown })
        .then_rejected(RejectionCode::DefinitionRefused, "no definition 3.0.0");
    let mut other_text = definition("2.0.0").reference();
    other_text.sha256 = "00".repeat(32);
    given(&opened("1.0.0"))
        .when(Role::Admin, RunCommand::ChangeDefinition { to: other_text })
        .then_rejected(RejectionCode::DefinitionRefused, "another text");
}

#[test]
fn a_run_in_planning_may_still_get_data_profiling() {
    for events in [
        opened("1.2.0"),
        in_phase("1.2.0", Phase::Planning),
        after("1.2.0", Phase::Planning),
    ] {
        given(&events)
            .when(Role::Admin, to("2.0.0"))
            .then_events(&[changed("1.2.0", "2.0.0", Role::Admin)]);
    }
}

#[test]
fn a_run_past_the_place_of_a_new_phase_stays_where_it_is() {
    given(&in_phase("1.2.0", Phase::SampleSelection))
        .when(Role::Admin, to("2.0.0"))
        .then_rejected(
            RejectionCode::DefinitionRefused,
            "scoping is completed, and there it comes after data_profiling, which this run has not done",
        );
    let items = given(&in_phase("1.2.0", Phase::SampleSelection))
        .when(Role::Admin, to("2.0.0"))
        .refused_items();
    assert_eq!(items, ["scoping"]);
}

#[test]
fn a_reopened_phase_is_finished_before_the_move() {
    let mut events = in_phase("1.0.0", Phase::SampleSelection);
    events.push(RunEvent::PhaseReopened {
        phase: Phase::Scoping,
        by: person_id(Role::TestExecutive),
        reason: "a new attribute".to_owned(),
    });
    given(&events)
        .when(Role::Admin, to("1.1.0"))
        .then_rejected(RejectionCode::DefinitionRefused, "comes after scoping");
}
