//! A refused attempt changes nothing and is recorded in the stream to which it belongs.

use annal_core::case::{Outcome, Target};
use annal_core::dossier::{DossierCommand as C, DossierEvent as D};
use annal_core::rejection::{Rejection, RejectionCode as Code};
use annal_core::run::{RunCommand, RunEvent};
use annal_core::{Phase, Role};

use crate::office::*;
use crate::script::Tests;

const PHASE: Phase = Phase::Planning;
const SUBMIT: C = C::Submit { version: None };

fn attempt(office: &mut Office, who: (&str, Role), target: Target) -> (Rejection, Outcome) {
    let asked = office.command(who, None, target);
    let no = office
        .case
        .act(&asked, office.now())
        .expect_err("it was taken");
    let record = office.case.refused(&asked, &no);
    (no, record)
}

fn on(phase: Phase, command: C) -> Target {
    Target::Dossier { phase, command }
}

#[test]
fn a_refused_attempt_is_recorded_in_the_phase_once_it_began() {
    let mut office = Office::open("2.0.0");
    office.enter(PHASE);
    office.draft(PHASE);
    let (no, record) = attempt(&mut office, TOM, on(PHASE, SUBMIT));
    assert_eq!(no.code, Code::Incomplete);
    let refused = D::AttemptRefused {
        command: "submit_version".to_owned(),
        code: no.code,
        message: no.message,
        by: person("tom"),
        role: Role::Tester,
    };
    assert_eq!(record.dossiers[&PHASE], [refused]);
    assert!(record.run.is_empty());
    assert_eq!(record.step.as_str(), "planning.work");
    assert_eq!(record.actor.name, "TOM".into());
}

#[test]
fn before_its_phase_began_it_is_recorded_in_the_run() {
    let mut office = Office::open("2.0.0");
    let (no, record) = attempt(&mut office, TOM, on(PHASE, SUBMIT));
    assert_eq!(no.code, Code::PhaseNotBegun);
    assert!(record.dossiers.is_empty());
    assert!(matches!(
        &record.run[..],
        [RunEvent::AttemptRefused { code: Code::PhaseNotBegun, command, .. }]
            if command == "submit_version"
    ));
}

#[test]
fn a_command_on_the_run_is_recorded_in_the_run() {
    let mut office = Office::open("2.0.0");
    let command = RunCommand::Cancel {};
    let (no, record) = attempt(&mut office, TOM, Target::Run { command });
    assert_eq!(no.code, Code::RoleNotAllowed);
    assert!(matches!(
        &record.run[..],
        [RunEvent::AttemptRefused { command, .. }] if command == "cancel_run"
    ));
}

#[test]
fn who_is_not_on_the_register_is_refused_and_recorded_as_they_gave_themselves() {
    let mut office = Office::open("2.0.0");
    office.enter(PHASE);
    let (no, record) = attempt(&mut office, ("mallory", Role::Tester), on(PHASE, SUBMIT));
    assert_eq!(no.code, Code::UnknownPerson);
    assert_eq!(record.actor.name, "(not on the register)".into());
    assert_eq!(record.actor.id, person("mallory"));
}

#[test]
fn a_role_that_the_person_does_not_hold_is_refused() {
    let mut office = Office::open("2.0.0");
    office.enter(PHASE);
    let (no, _) = attempt(&mut office, ("tom", Role::ReportOwner), on(PHASE, SUBMIT));
    assert_eq!(no.code, Code::RoleNotHeld);
    assert!(no.message.contains("they hold tester"), "{no}");
    let (no, _) = attempt(
        &mut office,
        ("tom", Role::Engine),
        on(PHASE, C::Complete {}),
    );
    assert_eq!(no.code, Code::RoleNotHeld);
}

#[test]
fn auditors_and_admins_decide_nothing() {
    let mut office = Office::open("2.0.0");
    office.enter(PHASE);
    for who in [AUDREY, ADAM] {
        let (no, _) = attempt(&mut office, who, on(PHASE, SUBMIT));
        assert_eq!(no.code, Code::RoleNotAllowed);
        assert!(no.message.contains("decides nothing"), "{no}");
    }
}

#[test]
fn a_record_of_a_refusal_changes_only_their_count() {
    let mut office = Office::open("2.0.0");
    office.enter(PHASE);
    office.draft(PHASE);
    let before = office.case.clone();
    let (_, record) = attempt(&mut office, TOM, on(PHASE, SUBMIT));
    office.take(&record);
    let mut after = (*office.case.dossier(PHASE)).clone();
    assert_eq!(after.refusals, 1);
    after.refusals = 0;
    assert_eq!(after, *before.dossier(PHASE));
    assert_eq!(office.case.run, before.run);
}

#[test]
fn nothing_is_decided_in_a_run_that_is_over() {
    let mut office = Office::open("2.0.0");
    office.walk_to_the_end(Tests::Pass);
    let phase = Phase::TestReport;
    let (no, record) = attempt(&mut office, TOM, on(phase, SUBMIT));
    assert_eq!(no.code, Code::RunNotOpen);
    assert_eq!(record.dossiers[&phase].len(), 1);
    let (no, _) = attempt(&mut office, XENA, on(phase, C::Reopen {}));
    assert_eq!(no.code, Code::RunNotOpen);
}

#[test]
fn a_phase_that_the_definition_does_not_have_takes_nothing() {
    let mut office = Office::open("1.2.0");
    let (no, record) = attempt(&mut office, TOM, on(Phase::DataProfiling, SUBMIT));
    assert_eq!(no.code, Code::DefinitionRefused);
    assert_eq!(record.run.len(), 1);
}
