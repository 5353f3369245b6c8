//! The life of a version: draft → pending approval → approved or rejected; withdrawn; superseded.

use annal_core::dossier::state::VersionState;
use annal_core::dossier::{DossierCommand as C, DossierEvent as E};
use annal_core::item::Verdict;
use annal_core::rejection::RejectionCode as Code;
use annal_core::version::{CarryForward, VersionStatus};
use annal_core::{Phase, VersionNo};

use crate::support::*;

const V1: VersionNo = VersionNo(1);

#[test]
fn a_version_is_submitted_when_every_item_is_decided() {
    for phase in DECIDED {
        let half = Desk::draft(phase, &["a", "b"]).given(&tom(), first(&["a"], favour(phase)));
        half.refuses(&tom(), &SUBMIT, Code::Incomplete, "1 items are open");
        assert_eq!(half.bad_items(&tom(), &SUBMIT), ["b"]);
        let all = half.given(&tom(), first(&["b"], favour(phase)));
        let by = person("tom");
        assert_eq!(
            all.then(&tom(), &SUBMIT),
            [E::VersionSubmitted { version: V1, by }]
        );
    }
}

#[test]
fn an_item_whose_changes_are_requested_is_not_decided_yet() {
    let desk = Desk::draft(Phase::DataProfiling, &["a"]);
    let ask = first(&["a"], Verdict::RequestChanges);
    let desk = desk.given(&tom().because("name the column"), ask);
    desk.refuses(&tom(), &SUBMIT, Code::Incomplete, "open");
}

#[test]
fn an_empty_draft_is_not_submitted() {
    let desk = Desk::decided(Phase::SampleSelection, &["a"]);
    let remove = C::RemoveItems { items: ids(&["a"]) };
    let desk = desk.given(&tom().because("a double"), remove);
    desk.refuses(&tom(), &SUBMIT, Code::Incomplete, "has no items");
}

#[test]
fn only_a_draft_is_submitted() {
    for desk in [
        Desk::pending(Phase::Planning, &["a"]),
        Desk::approved(Phase::Planning, &["a"]),
        Desk::rejected(Phase::Planning, &["a"]),
    ] {
        desk.refuses(
            &tom(),
            &SUBMIT,
            Code::VersionClosed,
            "only one that is draft",
        );
    }
    let none = Desk::begun(Phase::Planning);
    none.refuses(&tom(), &SUBMIT, Code::UnknownVersion, "no version yet");
    let version = Some(VersionNo(7));
    let draft = Desk::decided(Phase::Planning, &["a"]);
    draft.refuses(
        &tom(),
        &C::Submit { version },
        Code::UnknownVersion,
        "no version 7",
    );
}

#[test]
fn a_pending_version_is_withdrawn_by_its_submitter_with_a_reason() {
    let desk = Desk::pending(Phase::Planning, &["a"]);
    desk.refuses(&tom(), &WITHDRAW, Code::ReasonRequired, "withdraw");
    let other = tina().because("mine is better");
    desk.refuses(&other, &WITHDRAW, Code::RoleNotAllowed, "submitted by tom");
    let desk = desk.given(&tom().because("forgot one"), WITHDRAW);
    assert_eq!(desk.statuses(), [VersionStatus::Draft]);
    let again = tom().because("again");
    desk.refuses(
        &again,
        &WITHDRAW,
        Code::VersionClosed,
        "only one that is pending",
    );
    assert!(desk.when(&tom(), &SUBMIT).is_ok(), "its decisions stand");
}

#[test]
fn a_version_is_rejected_with_a_reason_and_what_is_asked_for() {
    for phase in DECIDED {
        let desk = Desk::pending(phase, &["a"]);
        desk.refuses(&olga(), &reject(), Code::ReasonRequired, "reject a version");
        let desk = desk.given(&olga().because("too few"), reject());
        let VersionState::Rejected {
            by,
            reason,
            requested_changes,
            submitted_by,
        } = &desk.newest().state
        else {
            panic!("{:?}", desk.newest().state);
        };
        assert_eq!((by, submitted_by), (&person("olga"), &person("tom")));
        assert_eq!(reason, "too few");
        assert_eq!(requested_changes, &["more"]);
    }
}

#[test]
fn a_version_is_approved_when_every_item_is_approved_on_the_second_level() {
    for phase in DECIDED {
        let desk = Desk::pending(phase, &["a", "b"]);
        desk.refuses(&olga(), &APPROVE, Code::Incomplete, "2 items are open");
        let desk = desk.given(&olga(), second(&["a"], Verdict::Approve));
        assert_eq!(desk.bad_items(&olga(), &APPROVE), ["b"]);
        let no = desk
            .clone()
            .given(&olga().because("no"), second(&["b"], Verdict::Reject));
        no.refuses(&olga(), &APPROVE, Code::Incomplete, "b");
        let desk = desk
            .given(&olga(), second(&["b"], Verdict::Approve))
            .given(&olga(), APPROVE);
        assert_eq!(desk.statuses(), [VersionStatus::Approved]);
        assert_eq!(desk.dossier.current().unwrap().number, V1);
    }
}

#[test]
fn what_the_tester_dropped_needs_no_second_decision() {
    let desk = Desk::draft(Phase::SampleSelection, &["a", "b"]);
    let desk = desk.given(&tom(), first(&["a"], Verdict::Approve));
    let desk = desk.given(&tom().because("a double"), first(&["b"], Verdict::Reject));
    let desk = desk
        .given(&tom(), SUBMIT)
        .given(&olga(), second(&["a"], Verdict::Approve));
    assert!(desk.when(&olga(), &APPROVE).is_ok());
}

#[test]
fn an_excluded_attribute_needs_its_second_decision() {
    let desk = Desk::draft(Phase::Planning, &["a"]);
    let desk = desk.given(
        &tom().because("not reported"),
        first(&["a"], Verdict::Exclude),
    );
    desk.given(&tom(), SUBMIT)
        .refuses(&olga(), &APPROVE, Code::Incomplete, "open");
}

#[test]
fn only_a_pending_version_is_approved_or_rejected() {
    for desk in [
        Desk::decided(Phase::Planning, &["a"]),
        Desk::approved(Phase::Planning, &["a"]),
        Desk::rejected(Phase::Planning, &["a"]),
    ] {
        for command in [APPROVE, reject()] {
            let who = olga().because("so");
            desk.refuses(
                &who,
                &command,
                Code::VersionClosed,
                "only one that is pending",
            );
        }
    }
}

#[test]
fn a_command_for_an_older_version_is_not_taken_for_the_newest() {
    let policy = CarryForward::All;
    let desk = Desk::rejected(Phase::Planning, &["a"]);
    let desk = desk
        .given(
            &tom(),
            C::Revise {
                policy,
                add: vec![],
            },
        )
        .given(&tom(), SUBMIT);
    let version = Some(V1);
    desk.refuses(
        &olga(),
        &C::Approve { version },
        Code::VersionClosed,
        "version 1 is rejected",
    );
}

#[test]
fn a_version_is_superseded_only_when_its_successor_is_approved() {
    use VersionStatus as S;
    let policy = CarryForward::All;
    let desk = Desk::approved(Phase::Planning, &["a"])
        .completed()
        .reopened();
    let desk = desk.given(
        &tom(),
        C::Revise {
            policy,
            add: vec![],
        },
    );
    assert_eq!(desk.statuses(), [S::Approved, S::Draft]);
    let desk = desk.given(&tom(), SUBMIT);
    assert_eq!(desk.statuses(), [S::Approved, S::PendingApproval]);
    let rejected = desk.clone().given(&olga().because("no"), reject());
    assert_eq!(rejected.statuses(), [S::Approved, S::Rejected]);
    assert_eq!(rejected.dossier.current().unwrap().number, V1);
    let events = desk.then(&olga(), &APPROVE);
    let superseded = E::VersionSuperseded {
        version: V1,
        by_version: VersionNo(2),
    };
    assert_eq!(events[1..], [superseded]);
    assert_eq!(
        desk.given(&olga(), APPROVE).statuses(),
        [S::Superseded, S::Approved]
    );
}
