//! The register of a run, and the people whom commands name.

use annal_core::Phase;
use annal_core::Role;
use annal_core::case::Target;
use annal_core::dossier::DossierCommand as C;
use annal_core::dossier::command::OwnerAssignment;
use annal_core::people::Person;
use annal_core::rejection::RejectionCode as Code;
use annal_core::run::RunCommand;

use crate::office::*;
use crate::script::Tests;

fn register(name: &str, roles: &[Role]) -> RunCommand {
    let person = Person {
        id: person(name),
        name: name.to_uppercase().into(),
        roles: roles.iter().copied().collect(),
    };
    RunCommand::RegisterPerson { person }
}

fn assign(owner: &str) -> C {
    let assignments = vec![OwnerAssignment {
        attribute: id("attribute:ratio"),
        line_of_business: "retail".to_owned(),
        owner: person(owner),
    }];
    C::AssignOwners { assignments }
}

fn at_owners() -> Office {
    let mut office = Office::open("2.0.0");
    office.until(Phase::SampleSelection, Tests::Pass);
    office.enter(Phase::DataOwnerId);
    office
}

#[test]
fn a_person_joins_a_run_and_can_act_from_then_on() {
    let mut office = Office::open("2.0.0");
    office.enter(Phase::Planning);
    office.draft(Phase::Planning);
    let late = ("uma", Role::Tester);
    let submit = || C::Submit { version: None };
    refused(
        office.asks(late, None, Phase::Planning, submit()),
        Code::UnknownPerson,
        "uma",
    );
    office.does_run(ADAM, register("uma", &[Role::Tester]));
    refused(
        office.asks(late, None, Phase::Planning, submit()),
        Code::Incomplete,
        "open",
    );
}

#[test]
fn people_are_registered_by_admins_and_test_executives() {
    let mut office = Office::open("2.0.0");
    for who in [TOM, OLGA, ED, DORA, CARL, AUDREY] {
        let asked = office.asks_run(who, None, register("uma", &[Role::Tester]));
        refused(asked, Code::RoleNotAllowed, "registers people");
    }
    office.does_run(XENA, register("uma", &[Role::Tester]));
    office.does_run(ADAM, register("uma", &[Role::Tester, Role::ReportOwner]));
    assert_eq!(office.case.run.holders(Role::ReportOwner).len(), 2);
}

#[test]
fn a_role_that_is_taken_away_is_not_held_any_more() {
    let mut office = Office::open("2.0.0");
    office.enter(Phase::Planning);
    office.does_run(ADAM, register("tina", &[Role::Auditor]));
    let submit = C::Submit { version: None };
    refused(
        office.asks(TINA, None, Phase::Planning, submit),
        Code::RoleNotHeld,
        "auditor",
    );
}

#[test]
fn an_owner_has_to_be_a_data_owner_on_the_register() {
    let mut office = at_owners();
    let phase = Phase::DataOwnerId;
    refused(
        office.asks(TOM, None, phase, assign("nobody")),
        Code::UnknownPerson,
        "nobody",
    );
    refused(
        office.asks(TOM, None, phase, assign("olga")),
        Code::RoleNotHeld,
        "data_owner",
    );
    office.does(TOM, phase, assign("dora"));
}

#[test]
fn an_escalation_goes_to_somebody_on_the_register() {
    let mut office = at_owners();
    let phase = Phase::DataOwnerId;
    office.does(TOM, phase, assign("dora"));
    let escalate = |to: &str| C::EscalateOwnership {
        attributes: vec![id("attribute:ratio")],
        to: person(to),
    };
    let asked = office.asks(TOM, Some("so"), phase, escalate("nobody"));
    refused(asked, Code::UnknownPerson, "nobody");
    office.does(TOM, phase, escalate("carl"));
}

#[test]
fn a_request_goes_to_a_data_owner_on_the_register() {
    let phase = Phase::RequestInfo;
    let mut office = Office::open("2.0.0");
    office.until(phase, Tests::Pass);
    office.enter(phase);
    let request = |owner: &str| C::RequestInformation {
        request: "r".parse().unwrap(),
        owner: person(owner),
        attributes: vec![id("attribute:ratio")],
        text: "values".to_owned(),
    };
    refused(
        office.asks(TOM, None, phase, request("nobody")),
        Code::UnknownPerson,
        "nobody",
    );
    refused(
        office.asks(TOM, None, phase, request("olga")),
        Code::RoleNotHeld,
        "data_owner",
    );
}

#[test]
fn who_acts_in_anothers_place_needs_the_role_as_much_as_they_do() {
    let mut office = Office::open("2.0.0");
    office.enter(Phase::Planning);
    office.draft(Phase::Planning);
    let mut ask = |who: (&str, Role), instead: &str| {
        let command = C::Submit { version: None };
        let phase = Phase::Planning;
        let mut asked = office.command(who, None, Target::Dossier { phase, command });
        asked.on_behalf_of = Some(person(instead));
        office.case.act(&asked, office.now())
    };
    refused(ask(TOM, "olga"), Code::RoleNotHeld, "olga");
    refused(ask(TOM, "nobody"), Code::UnknownPerson, "nobody");
    refused(ask(TOM, "tom"), Code::RoleNotAllowed, "their own place");
    refused(ask(TOM, "tina"), Code::Incomplete, "open");
}
