//! A late step is said to be late, its role is reminded, and it goes up; the run never fails for it.

use annal_core::dossier::{DossierCommand as C, DossierEvent as D};
use annal_core::rejection::RejectionCode as Code;
use annal_core::run::{RunCommand, RunEvent};
use annal_core::{Phase, Role, StepId};

use crate::office::*;
use crate::script::Tests;

const PHASE: Phase = Phase::Planning;

fn drafted() -> Office {
    let mut office = Office::open("2.0.0");
    office.enter(PHASE);
    office.draft(PHASE);
    office
}

fn open_step(office: &Office, phase: Phase) -> StepId {
    office.case.run.open_step(phase).unwrap().id.clone()
}

#[test]
fn a_missed_deadline_times_the_step_out_and_reminds_its_role() {
    let mut office = drafted();
    let step = open_step(&office, PHASE);
    let late = office
        .case
        .pass_deadline(PHASE, &step, office.now())
        .unwrap();
    let due_at = office.case.run.step(&step).unwrap().due_at.unwrap();
    let timed_out = RunEvent::StepTimedOut {
        step: step.clone(),
        due_at,
    };
    assert_eq!(late.run, [timed_out]);
    let reminded = D::ReminderSent {
        step: step.to_string(),
        to: Role::Tester,
        due_at,
    };
    assert_eq!(late.dossiers[&PHASE], [reminded]);
    office.take(&late);
    let state = office.case.run.step(&step).unwrap();
    assert!(
        state.timed_out && !state.status.is_over(),
        "it goes on waiting"
    );
    let again = office.case.pass_deadline(PHASE, &step, office.now());
    refused(again, Code::OutOfOrder, "missed its deadline before");
}

#[test]
fn a_late_step_goes_up_to_who_is_above_its_role() {
    let mut office = drafted();
    let step = open_step(&office, PHASE);
    let up = |office: &Office, phase, step: &StepId| {
        let escalated = office.case.escalate(phase, step, 24, office.now()).unwrap();
        match &escalated.dossiers[&phase][..] {
            [
                D::DeadlineEscalated {
                    to, hours_past: 24, ..
                },
            ] => *to,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(up(&office, PHASE, &step), Role::TestExecutive);
    office.decide(PHASE);
    office.does(TOM, PHASE, C::Submit { version: None });
    let step = open_step(&office, PHASE);
    assert_eq!(up(&office, PHASE, &step), Role::ReportExecutive);
}

#[test]
fn an_owner_who_does_not_answer_is_escalated_to_the_data_executive() {
    let phase = Phase::DataOwnerId;
    let mut office = Office::open("2.0.0");
    office.until(Phase::SampleSelection, Tests::Pass);
    office.enter(phase);
    let assignments = vec![annal_core::dossier::command::OwnerAssignment {
        attribute: id("attribute:ratio"),
        line_of_business: "retail".to_owned(),
        owner: person("dora"),
    }];
    office.does(TOM, phase, C::AssignOwners { assignments });
    let step = open_step(&office, phase);
    let escalated = office.case.escalate(phase, &step, 4, office.now()).unwrap();
    assert!(matches!(
        &escalated.dossiers[&phase][..],
        [D::DeadlineEscalated {
            to: Role::DataExecutive,
            hours_past: 4,
            ..
        }]
    ));
}

#[test]
fn a_step_that_is_over_is_not_late() {
    let mut office = drafted();
    let step = open_step(&office, PHASE);
    office.decide(PHASE);
    office.does(TOM, PHASE, C::Submit { version: None });
    refused(
        office.case.pass_deadline(PHASE, &step, office.now()),
        Code::OutOfOrder,
        "is over",
    );
    refused(
        office.case.escalate(PHASE, &step, 4, office.now()),
        Code::OutOfOrder,
        "is over",
    );
}

#[test]
fn a_step_without_a_deadline_is_not_late() {
    let mut office = Office::open("2.0.0");
    office.enter(PHASE);
    let prepare = open_step(&office, PHASE);
    let late = office.case.pass_deadline(PHASE, &prepare, office.now());
    refused(late, Code::OutOfOrder, "planning.prepare");
}

#[test]
fn nothing_is_late_in_a_run_that_is_over() {
    let mut office = drafted();
    let step = open_step(&office, PHASE);
    office.does_run(XENA, RunCommand::Cancel {});
    refused(
        office.case.pass_deadline(PHASE, &step, office.now()),
        Code::RunNotOpen,
        "cancelled",
    );
    refused(
        office.case.escalate(PHASE, &step, 4, office.now()),
        Code::RunNotOpen,
        "cancelled",
    );
}
