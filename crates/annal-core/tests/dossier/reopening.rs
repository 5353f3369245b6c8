//! A completed phase is reopened by a test executive with a reason; nothing is deleted.

use annal_core::dossier::{DossierCommand as C, DossierEvent as E, Stage};
use annal_core::rejection::RejectionCode as Code;
use annal_core::version::{CarryForward, VersionStatus};
use annal_core::{Phase, Role, VersionNo};

use crate::support::*;

const PHASE: Phase = Phase::Planning;

fn done() -> Desk {
    Desk::approved(PHASE, &["a"]).completed()
}

fn revise() -> C {
    let policy = CarryForward::All;
    C::Revise {
        policy,
        add: vec![],
    }
}

#[test]
fn a_phase_is_reopened_by_a_test_executive_with_a_reason() {
    let desk = done();
    desk.refuses(
        &xena(),
        &C::Reopen {},
        Code::ReasonRequired,
        "reopen a phase",
    );
    for role in Role::ALL
        .into_iter()
        .filter(|it| *it != Role::TestExecutive)
    {
        let who = xena().acting_as(role).because("so");
        desk.refuses(&who, &C::Reopen {}, Code::RoleNotAllowed, "");
    }
    let events = desk.then(&xena().because("an error"), &C::Reopen {});
    let reopened = E::PhaseReopened {
        by: person("xena"),
        reason: "an error".to_owned(),
    };
    assert_eq!(events, [reopened]);
}

#[test]
fn only_a_completed_phase_is_reopened() {
    let who = xena().because("so");
    Desk::new(PHASE).refuses(&who, &C::Reopen {}, Code::PhaseNotBegun, "not begun");
    let open = Desk::approved(PHASE, &["a"]);
    open.refuses(&who, &C::Reopen {}, Code::OutOfOrder, "not completed");
    done()
        .reopened()
        .refuses(&who, &C::Reopen {}, Code::OutOfOrder, "not completed");
}

#[test]
fn what_stood_before_a_reopening_still_stands() {
    let desk = done().reopened();
    assert_eq!(desk.statuses(), [VersionStatus::Approved]);
    assert_eq!(desk.dossier.current().unwrap().number, VersionNo(1));
    assert_eq!(desk.newest().items.len(), 1);
}

#[test]
fn a_reopened_phase_waits_for_its_next_version() {
    let desk = done().reopened();
    assert_eq!(desk.dossier.stage(&desk.basis, &desk.plan), Stage::Revise);
    desk.refuses(&engine(), &C::Complete {}, Code::Incomplete, "not done");
    let desk = desk.given(&tom(), revise());
    assert_eq!(desk.newest().number, VersionNo(2));
    desk.given(&tom(), SUBMIT).owner_approves().completed();
}

#[test]
fn a_reopening_is_good_for_one_approved_version() {
    let desk = done()
        .reopened()
        .given(&tom(), revise())
        .given(&tom(), SUBMIT);
    let desk = desk
        .given(&olga().because("no"), reject())
        .given(&tom(), revise());
    let desk = desk.given(&tom(), SUBMIT).owner_approves();
    desk.refuses(
        &tom(),
        &revise(),
        Code::VersionClosed,
        "version 3 is approved",
    );
    let numbers = desk.statuses();
    let expected = [
        VersionStatus::Superseded,
        VersionStatus::Rejected,
        VersionStatus::Approved,
    ];
    assert_eq!(numbers, expected);
}

#[test]
fn a_reopened_phase_can_go_back_to_an_old_version() {
    let desk = done().reopened();
    let revert = C::Revert { to: VersionNo(1) };
    let desk = desk
        .given(&tom().because("start over"), revert)
        .tester_decides();
    let desk = desk.given(&tom(), SUBMIT).owner_approves();
    assert_eq!(desk.dossier.current().unwrap().number, VersionNo(2));
}

#[test]
fn completing_a_phase_again_ends_that_it_is_stale() {
    let because_of = Phase::Planning;
    let desk = Desk::approved(Phase::Scoping, &["a"]).completed();
    let desk = desk
        .given(&engine(), C::MarkStale { because_of })
        .reopened();
    assert_eq!(desk.dossier.stale_because, Some(because_of));
    let desk = desk.given(&tom(), revise()).given(&tom(), SUBMIT);
    let desk = desk.owner_approves().completed();
    assert_eq!(desk.dossier.stale_because, None);
}
