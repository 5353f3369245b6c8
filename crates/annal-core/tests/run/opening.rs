use annal_core::people::Role;
use annal_core::phase::Phase;
use annal_core::rejection::RejectionCode;
use annal_core::run::event::Opening;
use annal_core::run::{RunCommand, RunEvent, RunStatus};

use crate::support::*;

fn open_with(change: impl FnOnce(&mut Opening)) -> Then {
    let mut opening = opening("2.0.0");
    change(&mut opening);
    given(&[]).when(Role::TestExecutive, RunCommand::Open(opening))
}

#[test]
fn a_run_is_opened_and_pinned_to_its_definition() {
    for role in [Role::Tester, Role::TestExecutive, Role::Admin] {
        given(&[])
            .when(role, RunCommand::Open(opening("2.0.0")))
            .then_events(&opened("2.0.0"));
    }
    let run = given(&opened("2.0.0")).run;
    assert_eq!(run.status(), RunStatus::Open);
    assert_eq!(run.definition(), Some(&definition("2.0.0").reference()));
    assert_eq!(run.opening(), Some(&opening("2.0.0")));
}

#[test]
fn those_who_decide_nothing_or_later_open_no_run() {
    for role in [Role::Auditor, Role::DataOwner, Role::ReportOwner] {
        given(&[])
            .when(role, RunCommand::Open(opening("2.0.0")))
            .then_rejected(RejectionCode::RoleNotAllowed, "opens a run");
    }
}

#[test]
fn a_run_is_opened_once() {
    let over = all(&[opened("2.0.0"), vec![cancelled()]]);
    for events in [opened("2.0.0"), over] {
        given(&events)
            .when(Role::Tester, RunCommand::Open(opening("2.0.0")))
            .then_rejected(RejectionCode::RunAlreadyOpen, "another run id");
    }
}

#[test]
fn a_definition_with_another_text_is_refused() {
    open_with(|opening| opening.definition.sha256 = "00".repeat(32))
        .then_rejected(RejectionCode::DefinitionRefused, "not the one known here");
}

#[test]
fn every_role_that_the_definition_needs_has_a_holder() {
    let missing = |opening: &mut Opening| {
        opening.people.retain(|person| {
            !person.roles.contains(&Role::ReportExecutive)
                && !person.roles.contains(&Role::DataOwner)
        });
    };
    open_with(missing).then_rejected(RejectionCode::Incomplete, "nobody holds this role");
    assert_eq!(
        open_with(missing).refused_items(),
        ["report_executive", "data_owner"]
    );
}

#[test]
fn roles_that_the_definition_does_not_need_may_be_missing() {
    let mut opening = opening("2.0.0");
    opening.people.retain(|person| {
        !person.roles.contains(&Role::DataExecutive) && !person.roles.contains(&Role::Auditor)
    });
    given(&[])
        .when(Role::Tester, RunCommand::Open(opening.clone()))
        .then_events(&[RunEvent::RunOpened(opening)]);
}

#[test]
fn ids_of_people_are_unique() {
    let twice = |opening: &mut Opening| opening.people.push(opening.people[0].clone());
    open_with(twice).then_rejected(RejectionCode::DuplicateItem, "the id is taken");
    assert_eq!(open_with(twice).refused_items(), ["the.tester"]);
}

#[test]
fn no_person_is_the_engine() {
    open_with(|opening| opening.people.push(person("eve", &[Role::Engine]))).then_rejected(
        RejectionCode::InvalidContent,
        "no person holds the role engine",
    );
}

#[test]
fn a_person_has_a_name_to_print() {
    open_with(|opening| opening.people[0].name = "  ".into())
        .then_rejected(RejectionCode::InvalidContent, "printed name is blank");
}

#[test]
fn only_optional_phases_are_skipped_at_the_start() {
    let wrong = |opening: &mut Opening| {
        opening.skip = vec![Phase::DataProfiling, Phase::Scoping, Phase::TestReport];
    };
    open_with(wrong).then_rejected(RejectionCode::DefinitionRefused, "does not allow");
    assert_eq!(open_with(wrong).refused_items(), ["scoping", "test_report"]);

    let mut unknown = opening("1.2.0");
    unknown.skip = vec![Phase::DataProfiling];
    let mut before = given(&[]);
    before.definition = definition("1.2.0");
    before
        .when(Role::Tester, RunCommand::Open(unknown))
        .then_rejected(RejectionCode::DefinitionRefused, "does not have this phase");
}

#[test]
fn a_run_has_a_subject() {
    let refused = |change: fn(&mut Opening), part: &str| {
        open_with(change).then_rejected(RejectionCode::InvalidContent, part);
    };
    refused(|opening| opening.report = " ".to_owned(), "report");
    refused(|opening| opening.cycle = String::new(), "cycle");
    refused(|opening| opening.sample_size = 0, "sample size");
    refused(
        |opening| opening.lines_of_business = vec!["retail".to_owned(); 2],
        "'retail'",
    );
    refused(
        |opening| opening.lines_of_business = vec![String::new()],
        "line of business",
    );
}
