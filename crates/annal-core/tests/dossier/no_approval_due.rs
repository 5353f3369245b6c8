//! Scoping is approved by a person only if something was put in scope or changed.

use annal_core::dossier::{DossierCommand as C, DossierEvent as E};
use annal_core::item::{Content, Verdict};
use annal_core::rejection::RejectionCode as Code;
use annal_core::version::{CarryForward, VersionStatus};
use annal_core::{Phase, VersionNo};

use crate::support::*;

const PHASE: Phase = Phase::Scoping;

/// Only a key and what is not recommended: nothing is tested, and nothing was changed.
fn nothing_in_scope() -> Desk {
    let desk = Desk::draft(PHASE, &["key", "low"]);
    let desk = desk.given(&tom(), first(&["key"], Verdict::Accept));
    desk.given(&tom(), first(&["low"], Verdict::Decline))
}

fn waits_for_a_person(desk: Desk) {
    let desk = desk.given(&tom(), SUBMIT);
    assert_eq!(desk.newest().status(), VersionStatus::PendingApproval);
}

#[test]
fn with_nothing_in_scope_or_changed_a_version_is_approved_without_a_person_and_says_so() {
    let events = nothing_in_scope().then(&tom(), &SUBMIT);
    let condition = "in_scope > 0 || changed > 0".to_owned();
    let version = VersionNo(1);
    let expected = [
        E::VersionSubmitted {
            version,
            by: person("tom"),
        },
        E::VersionApproved {
            version,
            by: person("annal"),
            without_approval: Some(condition),
        },
    ];
    assert_eq!(events, expected);
}

#[test]
fn what_is_put_in_scope_waits_for_a_person() {
    waits_for_a_person(Desk::decided(PHASE, &["a", "b"]));
}

#[test]
fn an_override_waits_for_a_person() {
    let desk = Desk::draft(PHASE, &["a"]);
    waits_for_a_person(desk.given(
        &tom().because("no risk"),
        first(&["a"], Verdict::OverrideOut),
    ));
}

#[test]
fn a_rewritten_recommendation_waits_for_a_person() {
    let mut content = content(PHASE, "a");
    let Content::ScopeAttribute { recommended, .. } = &mut content else {
        unreachable!()
    };
    *recommended = false;
    let item = id("a");
    let who = tom().because("not needed");
    let desk = Desk::draft(PHASE, &["a"]).given(&who, C::ChangeItem { item, content });
    waits_for_a_person(desk.given(&tom(), first(&["a"], Verdict::Decline)));
}

#[test]
fn what_was_taken_out_waits_for_a_person() {
    let desk = Desk::draft(PHASE, &["a", "low"]).given(&tom(), first(&["low"], Verdict::Decline));
    let remove = C::RemoveItems { items: ids(&["a"]) };
    waits_for_a_person(desk.given(&tom().because("not needed"), remove));
}

#[test]
fn a_rejection_is_never_overcome_without_a_person() {
    let desk = Desk::rejected(PHASE, &["a"]);
    let policy = CarryForward::ApprovedOnly;
    let add = new_items(PHASE, &["low"]);
    let desk = desk.given(&tom(), C::Revise { policy, add });
    waits_for_a_person(desk.given(&tom(), first(&["low"], Verdict::Decline)));
}

#[test]
fn without_the_condition_every_version_waits_for_a_person() {
    let mut desk = nothing_in_scope();
    desk.plan.approve_only_if = None;
    waits_for_a_person(desk);
}

#[test]
fn a_condition_that_does_not_hold_together_is_refused() {
    let mut desk = nothing_in_scope();
    desk.plan.approve_only_if = Some("in_scope >".to_owned());
    desk.refuses(&tom(), &SUBMIT, Code::DefinitionRefused, "");
}
