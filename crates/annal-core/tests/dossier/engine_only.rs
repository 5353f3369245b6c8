//! What only the engine does: begin, complete, skip, mark as stale, remind, escalate deadlines.

use annal_core::dossier::{DossierCommand as C, DossierEvent as E, DossierStatus};
use annal_core::people::Role;
use annal_core::rejection::RejectionCode as Code;
use annal_core::{Phase, VersionNo};

use crate::support::*;

const PHASE: Phase = Phase::Planning;

fn begin() -> C {
    C::Begin {
        run: run_id(),
        phase: PHASE,
        inputs: vec![],
    }
}

fn skip() -> C {
    C::Skip {
        run: run_id(),
        phase: PHASE,
        why: "not needed".to_owned(),
    }
}

fn stale() -> C {
    let because_of = Phase::Planning;
    C::MarkStale { because_of }
}

fn remind() -> C {
    C::Remind {
        step: "planning.work".to_owned(),
        to: Role::Tester,
        due_at: noon(),
    }
}

fn escalate() -> C {
    C::EscalateDeadline {
        step: "planning.work".to_owned(),
        to: Role::TestExecutive,
        due_at: noon(),
        hours_past: 4,
    }
}

#[test]
fn no_person_does_what_the_engine_does() {
    let fresh = Desk::new(PHASE);
    let begun = Desk::approved(PHASE, &["a"]);
    for role in Role::ALL.into_iter().filter(|it| *it != Role::Engine) {
        let who = xena().acting_as(role).because("so");
        for command in [begin(), skip()] {
            fresh.refuses(&who, &command, Code::RoleNotAllowed, "");
        }
        for command in [C::Complete {}, stale(), remind(), escalate()] {
            begun.refuses(&who, &command, Code::RoleNotAllowed, "");
        }
    }
}

#[test]
fn the_engine_does_no_persons_work() {
    let change = C::ChangeItem {
        item: id("a"),
        content: content(PHASE, "b"),
    };
    let who = engine().because("so");
    let draft = Desk::decided(PHASE, &["a"]);
    let remove = C::RemoveItems { items: ids(&["a"]) };
    for command in [SUBMIT, change, remove, first(&["a"], favour(PHASE))] {
        draft.refuses(&who, &command, Code::RoleNotAllowed, "");
    }
    let pending = Desk::pending(PHASE, &["a"]);
    let approve = second(&["a"], annal_core::item::Verdict::Approve);
    for command in [approve, APPROVE, reject(), WITHDRAW] {
        pending.refuses(&who, &command, Code::RoleNotAllowed, "");
    }
    let to = VersionNo(1);
    let rejected = Desk::rejected(PHASE, &["a"]);
    rejected.refuses(&who, &C::Revert { to }, Code::RoleNotAllowed, "");
}

#[test]
fn a_phase_begins_once() {
    let desk = Desk::begun(PHASE);
    desk.refuses(&engine(), &begin(), Code::OutOfOrder, "has begun already");
    let done = Desk::approved(PHASE, &["a"]).completed();
    done.refuses(&engine(), &begin(), Code::OutOfOrder, "has begun already");
}

#[test]
fn a_phase_is_skipped_only_before_it_begins_and_can_begin_after_it_was_skipped() {
    let skipped = Desk::new(PHASE).given(&engine(), skip());
    assert_eq!(skipped.dossier.status, DossierStatus::Skipped);
    skipped.refuses(&engine(), &skip(), Code::OutOfOrder, "cannot be skipped");
    Desk::begun(PHASE).refuses(&engine(), &skip(), Code::OutOfOrder, "cannot be skipped");
    let begun = skipped.given(&engine(), begin());
    assert_eq!(begun.dossier.status, DossierStatus::Open);
}

#[test]
fn a_phase_is_completed_once_and_when_its_version_stands() {
    for desk in [
        Desk::begun(PHASE),
        Desk::decided(PHASE, &["a"]),
        Desk::pending(PHASE, &["a"]),
        Desk::rejected(PHASE, &["a"]),
    ] {
        desk.refuses(
            &engine(),
            &C::Complete {},
            Code::Incomplete,
            "waits for a person",
        );
    }
    let done = Desk::approved(PHASE, &["a"]).completed();
    done.refuses(
        &engine(),
        &C::Complete {},
        Code::PhaseClosed,
        "closed already",
    );
    let none = Desk::new(PHASE);
    none.refuses(&engine(), &C::Complete {}, Code::PhaseNotBegun, "not begun");
}

#[test]
fn reminders_and_escalations_are_events_of_an_open_phase() {
    let desk = Desk::begun(PHASE);
    let reminded = desk.then(&engine(), &remind());
    assert!(matches!(
        &reminded[..],
        [E::ReminderSent {
            to: Role::Tester,
            ..
        }]
    ));
    let escalated = desk.then(&engine(), &escalate());
    assert!(matches!(
        &escalated[..],
        [E::DeadlineEscalated { hours_past: 4, .. }]
    ));
    let done = Desk::approved(PHASE, &["a"]).completed();
    for command in [remind(), escalate()] {
        done.refuses(&engine(), &command, Code::PhaseClosed, "closed");
    }
}

#[test]
fn a_phase_that_has_begun_is_marked_stale() {
    let desk = Desk::begun(Phase::Scoping);
    assert_eq!(desk.then(&engine(), &stale()).len(), 1);
    let none = Desk::new(Phase::Scoping);
    none.refuses(&engine(), &stale(), Code::PhaseNotBegun, "not begun");
    let desk = desk.given(&engine(), stale());
    assert_eq!(desk.dossier.stale_because, Some(Phase::Planning));
}
