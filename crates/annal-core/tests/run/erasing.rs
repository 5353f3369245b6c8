use annal_core::ids::PersonId;
use annal_core::people::{Actor, Role};
use annal_core::printed_name::PrintedName;
use annal_core::rejection::{Rejection, RejectionCode};
use annal_core::run::{ReportRun, RunCommand, RunEvent};

use crate::support::*;

const WHY: &str = "asked for under the law, case 17";

fn admin(run: &ReportRun) -> Actor {
    run.authorise(&person_id(Role::Admin), Role::Admin, None)
        .unwrap()
}

fn erase(run: &ReportRun, person: &PersonId) -> Result<Option<RunEvent>, Rejection> {
    run.erase(person, &admin(run), WHY)
}

fn erased(role: Role) -> RunEvent {
    RunEvent::PersonErased {
        person: person_id(role),
        by: person_id(Role::Admin),
        reason: WHY.to_owned(),
    }
}

fn after_erasing(role: Role) -> Given {
    given(&all(&[opened("2.0.0"), vec![erased(role)]]))
}

#[test]
fn an_admin_erases_a_persons_name() {
    let run = given(&opened("2.0.0")).run;
    assert_eq!(
        erase(&run, &person_id(Role::Tester)),
        Ok(Some(erased(Role::Tester)))
    );
    let after = after_erasing(Role::Tester).run;
    let person = after.person(&person_id(Role::Tester)).unwrap();
    assert_eq!(person.name, PrintedName::Erased);
    assert!(person.roles.contains(&Role::Tester));
    let opening = serde_json::to_string(after.opening().unwrap()).unwrap();
    assert!(!opening.contains("Printed the.tester"), "{opening}");
}

#[test]
fn nobody_but_an_admin_erases_and_not_without_a_reason() {
    let run = given(&opened("2.0.0")).run;
    let tester = person_id(Role::Tester);
    for role in Role::ALL.into_iter().filter(|role| *role != Role::Admin) {
        let actor = match role {
            Role::Engine => Actor::engine(),
            role => run.authorise(&person_id(role), role, None).unwrap(),
        };
        let refused = run.erase(&tester, &actor, WHY).unwrap_err();
        assert_eq!(refused.code, RejectionCode::RoleNotAllowed, "{role}");
    }
    let refused = run.erase(&tester, &admin(&run), " ").unwrap_err();
    assert_eq!(refused.code, RejectionCode::ReasonRequired);
}

#[test]
fn there_is_nothing_to_erase_of_a_stranger_or_a_second_time() {
    let run = given(&opened("2.0.0")).run;
    assert_eq!(erase(&run, &PersonId::new("mallory").unwrap()), Ok(None));
    let run = after_erasing(Role::Tester).run;
    assert_eq!(erase(&run, &person_id(Role::Tester)), Ok(None));
}

#[test]
fn a_run_that_is_over_lets_a_name_go_too() {
    for end in [RunEvent::RunCompleted {}, cancelled()] {
        let run = given(&all(&[opened("2.0.0"), vec![end]])).run;
        assert_eq!(
            erase(&run, &person_id(Role::Tester)),
            Ok(Some(erased(Role::Tester)))
        );
    }
}

#[test]
fn who_was_erased_acts_no_more_and_nobody_acts_for_them() {
    let run = after_erasing(Role::ReportOwner).run;
    let gone = person_id(Role::ReportOwner);
    let refused = run.authorise(&gone, Role::ReportOwner, None).unwrap_err();
    assert_eq!(refused.code, RejectionCode::PersonErased);
    assert!(run.holders(Role::ReportOwner).is_empty());
    assert_eq!(
        run.vouch(&gone, None).unwrap_err().code,
        RejectionCode::PersonErased
    );
}

#[test]
fn an_erased_person_is_not_registered_again_and_a_successor_is() {
    let register = |id: &str| RunCommand::RegisterPerson {
        person: person(id, &[Role::ReportOwner]),
    };
    after_erasing(Role::ReportOwner)
        .when(Role::Admin, register("the.report_owner"))
        .then_rejected(RejectionCode::PersonErased, "another id");
    after_erasing(Role::ReportOwner)
        .when(Role::Admin, register("olga.2"))
        .then_events(&[RunEvent::PersonRegistered {
            person: person("olga.2", &[Role::ReportOwner]),
        }]);
}

#[test]
fn a_name_that_could_be_taken_for_something_else_is_refused() {
    let mut dan = person("dan", &[Role::Tester]);
    dan.name = r#"{"erased":true}"#.into();
    given(&opened("2.0.0"))
        .when(Role::Admin, RunCommand::RegisterPerson { person: dan })
        .then_rejected(RejectionCode::InvalidContent, "begins with '{'");
}
