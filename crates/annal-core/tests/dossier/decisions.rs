//! Decisions on items: levels, reasons, changes, many at once.

use annal_core::dossier::DossierEvent as E;
use annal_core::item::{DecisionLevel, Verdict};
use annal_core::rejection::RejectionCode as Code;
use annal_core::{Phase, Role, VersionNo};

use crate::support::*;

const PHASE: Phase = Phase::SampleSelection;

#[test]
fn a_decision_is_an_event_for_each_item_with_the_one_reason() {
    let desk = Desk::draft(PHASE, &["a", "b"]);
    let events = desk.then(
        &tom().because("doubles"),
        &first(&["a", "b"], Verdict::Reject),
    );
    let decided = |name: &str| E::ItemDecided {
        version: VersionNo(1),
        item: id(name),
        level: DecisionLevel::Tester,
        verdict: Verdict::Reject,
        by: person("tom"),
        reason: Some("doubles".to_owned()),
        previous: None,
    };
    assert_eq!(events, [decided("a"), decided("b")]);
}

#[test]
fn the_first_level_decides_on_drafts_and_the_second_on_pending_versions() {
    let draft = Desk::decided(PHASE, &["a"]);
    let early = second(&["a"], Verdict::Approve);
    draft.refuses(
        &olga(),
        &early,
        Code::VersionClosed,
        "only one that is pending",
    );
    let pending = Desk::pending(PHASE, &["a"]);
    let late = first(&["a"], Verdict::Approve);
    pending.refuses(
        &tom().because("so"),
        &late,
        Code::VersionClosed,
        "only one that is draft",
    );
    for closed in [Desk::approved(PHASE, &["a"]), Desk::rejected(PHASE, &["a"])] {
        let who = olga().because("so");
        closed.refuses(
            &who,
            &early,
            Code::VersionClosed,
            "only one that is pending",
        );
        closed.refuses(&tom().because("so"), &late, Code::VersionClosed, "draft");
    }
}

#[test]
fn a_change_of_a_decision_needs_a_reason_and_names_the_one_before() {
    let desk = Desk::decided(PHASE, &["a"]);
    let same = first(&["a"], Verdict::Approve);
    desk.refuses(&tom(), &same, Code::ReasonRequired, "decided before");
    let change = first(&["a"], Verdict::Reject);
    let events = desk.then(&tom().because("a double"), &change);
    assert!(matches!(
        &events[..],
        [E::ItemDecided {
            previous: Some(Verdict::Approve),
            verdict: Verdict::Reject,
            ..
        }]
    ));
}

#[test]
fn a_second_level_decision_is_changed_while_the_version_is_pending() {
    let desk =
        Desk::pending(Phase::Planning, &["a"]).given(&olga(), second(&["a"], Verdict::Approve));
    let change = second(&["a"], Verdict::Reject);
    desk.refuses(&olga(), &change, Code::ReasonRequired, "decided before");
    let events = desk.then(&olga().because("looked again"), &change);
    assert!(matches!(
        &events[..],
        [E::ItemDecided {
            previous: Some(Verdict::Approve),
            ..
        }]
    ));
}

#[test]
fn another_first_level_verdict_is_decided_anew_on_the_second() {
    let desk = Desk::pending(PHASE, &["a", "b"]);
    let desk = desk.given(&olga(), second(&["a", "b"], Verdict::Approve));
    let desk = desk.given(&tom().because("a double"), crate::support::WITHDRAW);
    let desk = desk.given(&tom().because("a double"), first(&["a"], Verdict::Reject));
    assert_eq!(desk.item("a").report_owner, None);
    assert!(desk.item("b").report_owner.is_some());
}

#[test]
fn many_decisions_are_taken_all_or_none_and_every_bad_item_is_named() {
    let desk = Desk::draft(Phase::Planning, &["a", "b", "key"]);
    let command = first(&["a", "x", "key", "b", "b", "y"], Verdict::Exclude);
    let who = tom().because("not reported");
    desk.refuses(&who, &command, Code::UnknownItem, "nothing was done");
    assert_eq!(desk.bad_items(&who, &command), ["x", "key", "b", "y"]);
}

#[test]
fn a_refusal_of_many_counts_those_that_its_message_leaves_out() {
    let desk = Desk::draft(PHASE, &["a"]);
    let command = first(&["v", "w", "x", "y", "z"], Verdict::Approve);
    desk.refuses(&tom(), &command, Code::UnknownItem, "and 2 more");
    assert_eq!(desk.bad_items(&tom(), &command).len(), 5);
}

#[test]
fn without_a_reason_every_item_that_needs_one_is_named() {
    let desk = Desk::draft(PHASE, &["a", "b"]);
    let command = first(&["a", "b"], Verdict::Reject);
    desk.refuses(&tom(), &command, Code::ReasonRequired, "needs a reason");
    assert_eq!(desk.bad_items(&tom(), &command), ["a", "b"]);
}

#[test]
fn a_decision_on_nothing_is_refused() {
    let desk = Desk::draft(PHASE, &["a"]);
    desk.refuses(
        &tom(),
        &first(&[], Verdict::Approve),
        Code::InvalidContent,
        "nothing was named",
    );
}

#[test]
fn each_level_is_for_its_role() {
    let desk = Desk::draft(PHASE, &["a"]);
    for role in Role::ALL.into_iter().filter(|role| *role != Role::Tester) {
        let who = tom().acting_as(role);
        let command = first(&["a"], Verdict::Approve);
        desk.refuses(&who, &command, Code::RoleNotAllowed, "");
    }
    let desk = Desk::pending(PHASE, &["a"]);
    for role in Role::ALL
        .into_iter()
        .filter(|role| *role != Role::ReportOwner)
    {
        let who = olga().acting_as(role);
        let command = second(&["a"], Verdict::Approve);
        desk.refuses(&who, &command, Code::RoleNotAllowed, "");
    }
}
