//! The steps of a phase follow from what people do in it: start, prepare, work, submit, approve, revise, complete.

use annal_core::Phase;
use annal_core::dossier::{DossierCommand as C, Stage};
use annal_core::item::{DecisionLevel as L, Verdict as V};
use annal_core::people::Role;
use annal_core::run::event::StepKind;
use annal_core::version::CarryForward;
use chrono::Duration;

use crate::office::*;
use crate::script::{Tests, decide_open, items, scoped};

const PHASE: Phase = Phase::Planning;

#[test]
fn a_phase_goes_from_start_to_complete() {
    let mut office = Office::open("2.0.0");
    office.through(PHASE, Tests::Pass);
    let steps = [
        "start: done",
        "prepare: done",
        "work: submitted",
        "submit: submitted",
        "approve: approved",
        "complete: done",
    ];
    assert_eq!(office.steps(PHASE), steps);
}

#[test]
fn rounds_of_a_step_are_numbered() {
    let mut office = Office::open("2.0.0");
    office.enter(PHASE);
    office.draft(PHASE);
    office.decide(PHASE);
    office.does(TOM, PHASE, C::Submit { version: None });
    let requested_changes = vec!["more".to_owned()];
    let reject = C::Reject {
        version: None,
        requested_changes,
    };
    office.does(OLGA, PHASE, reject);
    let policy = CarryForward::All;
    office.does(
        TOM,
        PHASE,
        C::Revise {
            policy,
            add: vec![],
        },
    );
    office.does(TOM, PHASE, C::Submit { version: None });
    office.does(TOM, PHASE, C::Withdraw { version: None });
    office.does(TOM, PHASE, C::Submit { version: None });
    office.approve(PHASE);
    office.complete(PHASE);
    let steps = [
        "start: done",
        "prepare: done",
        "work: submitted",
        "submit: submitted",
        "approve: rejected",
        "revise: done",
        "work#2: submitted",
        "submit#2: submitted",
        "approve#2: withdrawn",
        "work#3: submitted",
        "submit#3: submitted",
        "approve#3: approved",
        "complete: done",
    ];
    assert_eq!(office.steps(PHASE), steps);
}

#[test]
fn a_persons_step_has_a_role_and_a_deadline_and_an_automatic_one_has_none() {
    let mut office = Office::open("2.0.0");
    office.enter(PHASE);
    let prepare = office.case.run.open_step(PHASE).unwrap().clone();
    assert_eq!((prepare.kind, prepare.role), (StepKind::Automatic, None));
    assert_eq!(prepare.due_at, None);
    office.draft(PHASE);
    let work = office.case.run.open_step(PHASE).unwrap().clone();
    assert_eq!(
        (work.kind, work.role),
        (StepKind::Human, Some(Role::Tester))
    );
    assert_eq!(work.due_at, Some(office.now() + Duration::hours(72)));
    office.decide(PHASE);
    office.does(TOM, PHASE, C::Submit { version: None });
    let approve = office.case.run.open_step(PHASE).unwrap().clone();
    assert_eq!(approve.role, Some(Role::ReportOwner));
    assert_eq!(approve.due_at, Some(office.now() + Duration::hours(72)));
}

#[test]
fn the_approval_of_observations_and_of_the_report_waits_for_the_report_owner() {
    let mut office = Office::open("2.0.0");
    office.until(Phase::Observations, Tests::Fail);
    office.enter(Phase::Observations);
    office.draft(Phase::Observations);
    office.decide(Phase::Observations);
    office.does(TOM, Phase::Observations, C::Submit { version: None });
    let step = office.case.run.open_step(Phase::Observations).unwrap();
    assert_eq!(step.role, Some(Role::ReportOwner));
    let waiting = office.case.summary().awaiting;
    let roles: Vec<_> = waiting.iter().map(|it| it.awaited.role).collect();
    assert_eq!(roles, [Role::ReportOwner]);
}

#[test]
fn an_approval_that_is_not_due_is_a_step_that_was_skipped() {
    let phase = Phase::Scoping;
    let mut office = Office::open("2.0.0");
    office.until(phase, Tests::Pass);
    office.enter(phase);
    let mut items = items(phase);
    items[1].content = scoped("ratio", false);
    office.engine(
        phase,
        C::CreateVersion {
            items: items.clone(),
        },
    );
    let one = |at: usize, verdict| C::Decide {
        version: None,
        level: L::Tester,
        decisions: vec![annal_core::item::ItemVerdict {
            item: items[at].id.clone(),
            verdict,
        }],
    };
    office.does(TOM, phase, one(0, V::Accept));
    office.does(TOM, phase, one(1, V::Decline));
    office.does(TOM, phase, C::Submit { version: None });
    assert_eq!(office.case.stage(phase), Stage::Ready);
    office.complete(phase);
    let steps = [
        "start: done",
        "prepare: done",
        "work: submitted",
        "submit: submitted",
        "approve: skipped",
        "complete: done",
    ];
    assert_eq!(office.steps(phase), steps);
}

#[test]
fn an_audited_phase_has_one_work_step() {
    let mut office = Office::open("2.0.0");
    office.until(Phase::SampleSelection, Tests::Pass);
    office.through(Phase::DataOwnerId, Tests::Pass);
    let steps = ["start: done", "work: done", "complete: done"];
    assert_eq!(office.steps(Phase::DataOwnerId), steps);
}

#[test]
fn an_act_is_recorded_in_the_step_in_which_it_happens() {
    let mut office = Office::open("2.0.0");
    assert_eq!(office.enter(PHASE).step.as_str(), "planning.start");
    office.draft(PHASE);
    let all = decide_open(&office, PHASE, L::Tester, V::Include);
    let decided = office.does(TOM, PHASE, all);
    assert_eq!(decided.step.as_str(), "planning.work");
    let submitted = office.does(TOM, PHASE, C::Submit { version: None });
    assert_eq!(submitted.step.as_str(), "planning.submit");
    let all = decide_open(&office, PHASE, L::ReportOwner, V::Approve);
    let approved = office.does(OLGA, PHASE, all);
    assert_eq!(approved.step.as_str(), "planning.approve");
}

#[test]
fn every_step_is_closed_at_the_end() {
    let mut office = Office::open("2.0.0");
    office.walk_to_the_end(Tests::Fail);
    let open: Vec<_> = office
        .case
        .run
        .steps()
        .filter(|it| !it.status.is_over())
        .collect();
    assert!(open.is_empty(), "{open:?}");
    assert!(office.case.summary().awaiting.is_empty());
}

#[test]
fn nobody_is_asked_for_anything_in_a_cancelled_run() {
    let mut office = Office::open("2.0.0");
    office.enter(PHASE);
    office.draft(PHASE);
    assert!(!office.case.summary().awaiting.is_empty());
    office.does_run(XENA, annal_core::run::RunCommand::Cancel {});
    assert!(office.case.summary().awaiting.is_empty());
}
