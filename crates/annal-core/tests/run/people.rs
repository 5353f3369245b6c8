use annal_core::ids::PersonId;
use annal_core::people::{Actor, Role};
use annal_core::rejection::RejectionCode;
use annal_core::run::{ReportRun, RunCommand, RunEvent};

use crate::support::*;

fn register(id: &str, roles: &[Role]) -> RunCommand {
    RunCommand::RegisterPerson {
        person: person(id, roles),
    }
}

#[test]
fn an_admin_or_a_test_executive_registers_people() {
    for role in [Role::Admin, Role::TestExecutive] {
        given(&opened("2.0.0"))
            .when(role, register("new", &[Role::Tester]))
            .then_events(&[RunEvent::PersonRegistered {
                person: person("new", &[Role::Tester]),
            }]);
    }
    for role in [Role::Tester, Role::Auditor, Role::ReportOwner] {
        given(&opened("2.0.0"))
            .when(role, register("new", &[Role::Tester]))
            .then_rejected(RejectionCode::RoleNotAllowed, "registers people");
    }
    given(&opened("2.0.0"))
        .when_engine(register("new", &[Role::Tester]))
        .then_rejected(RejectionCode::RoleNotAllowed, "registers people");
}

#[test]
fn what_a_person_holds_is_what_was_registered_last() {
    let mut events = opened("2.0.0");
    events.push(RunEvent::PersonRegistered {
        person: person("the.auditor", &[Role::Tester]),
    });
    let run = given(&events).run;
    let id = PersonId::new("the.auditor").unwrap();
    assert!(run.authorise(&id, Role::Tester, None).is_ok());
    assert!(run.authorise(&id, Role::Auditor, None).is_err());
    let testers: Vec<&str> = run
        .holders(Role::Tester)
        .into_iter()
        .map(|person| person.id.as_str())
        .collect();
    assert_eq!(testers, ["the.auditor", "the.tester"]);
}

#[test]
fn a_registration_that_changes_nothing_is_refused() {
    given(&opened("2.0.0"))
        .when(Role::Admin, register("the.tester", &[Role::Tester]))
        .then_rejected(RejectionCode::DuplicateItem, "exactly so");
}

#[test]
fn the_last_holder_of_a_needed_role_keeps_it() {
    given(&opened("2.0.0"))
        .when(Role::Admin, register("the.report_owner", &[Role::Auditor]))
        .then_rejected(RejectionCode::Incomplete, "report_owner (nobody");
}

#[test]
fn nobody_is_registered_as_the_engine() {
    given(&opened("2.0.0"))
        .when(Role::Admin, register("eve", &[Role::Engine, Role::Tester]))
        .then_rejected(
            RejectionCode::InvalidContent,
            "no person holds the role engine",
        );
}

#[test]
fn an_actor_comes_from_the_register() {
    let run = given(&opened("2.0.0")).run;
    let actor = run.authorise(&person_id(Role::Tester), Role::Tester, None);
    assert_eq!(
        actor,
        Ok(Actor {
            id: person_id(Role::Tester),
            name: "Printed the.tester".into(),
            role: Role::Tester,
            on_behalf_of: None,
        })
    );
}

#[test]
fn a_stranger_is_refused() {
    let run = given(&opened("2.0.0")).run;
    let stranger = PersonId::new("mallory").unwrap();
    let rejection = run.authorise(&stranger, Role::Tester, None).unwrap_err();
    assert_eq!(rejection.code, RejectionCode::UnknownPerson);
    let unopened = ReportRun::default().authorise(&person_id(Role::Tester), Role::Tester, None);
    assert_eq!(unopened.unwrap_err().code, RejectionCode::UnknownPerson);
}

#[test]
fn a_role_that_is_not_held_is_refused_with_those_that_are() {
    let run = given(&opened("2.0.0")).run;
    let rejection = run
        .authorise(&person_id(Role::Tester), Role::ReportOwner, None)
        .unwrap_err();
    assert_eq!(rejection.code, RejectionCode::RoleNotHeld);
    assert!(
        rejection.message.ends_with("they hold tester"),
        "{rejection}"
    );
}

#[test]
fn nobody_is_authorised_as_the_engine_whatever_the_register_says() {
    let mut events = opened("2.0.0");
    events.push(RunEvent::PersonRegistered {
        person: person("eve", &[Role::Engine]),
    });
    let eve = PersonId::new("eve").unwrap();
    let rejection = given(&events).run.authorise(&eve, Role::Engine, None);
    assert_eq!(rejection.unwrap_err().code, RejectionCode::RoleNotHeld);
}

#[test]
fn both_hold_the_role_when_one_acts_for_the_other() {
    let mut events = opened("2.0.0");
    events.push(RunEvent::PersonRegistered {
        person: person("deputy", &[Role::ReportOwner]),
    });
    let run = given(&events).run;
    let deputy = PersonId::new("deputy").unwrap();
    let owner = person_id(Role::ReportOwner);
    let tester = person_id(Role::Tester);
    let nobody = PersonId::new("nobody").unwrap();
    let act = |who, for_whom| run.authorise(who, Role::ReportOwner, Some(for_whom));

    assert_eq!(
        act(&deputy, &owner).unwrap().on_behalf_of,
        Some(owner.clone())
    );
    let code = |result: Result<Actor, annal_core::Rejection>| result.unwrap_err().code;
    assert_eq!(code(act(&deputy, &tester)), RejectionCode::RoleNotHeld);
    assert_eq!(code(act(&tester, &owner)), RejectionCode::RoleNotHeld);
    assert_eq!(code(act(&deputy, &nobody)), RejectionCode::UnknownPerson);
    assert_eq!(code(act(&deputy, &deputy)), RejectionCode::RoleNotAllowed);
}
