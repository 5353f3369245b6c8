//! Mistakes of other systems, each ruled out. Those that concern a run are in `tests/case/mistakes.rs`.

use annal_core::dossier::DossierCommand as C;
use annal_core::dossier::state::VersionState;
use annal_core::item::Verdict;
use annal_core::rejection::RejectionCode as Code;
use annal_core::version::{CarryForward, VersionStatus};
use annal_core::{Phase, VersionNo};

use crate::support::*;

const PHASE: Phase = Phase::SampleSelection;

fn revise() -> C {
    let policy = CarryForward::All;
    C::Revise {
        policy,
        add: vec![],
    }
}

#[test]
fn submitting_erases_the_other_levels_decisions() {
    let desk = Desk::pending(PHASE, &["a"]).given(&olga(), second(&["a"], Verdict::Approve));
    let desk = desk
        .given(&tom().because("wait"), WITHDRAW)
        .given(&tom(), SUBMIT);
    assert!(desk.item("a").tester.is_some());
    assert_eq!(
        desk.item("a").report_owner.as_ref().unwrap().by,
        person("olga")
    );
}

#[test]
fn two_versions_pending_at_once() {
    let desk = Desk::pending(PHASE, &["a"]);
    desk.refuses(&tom(), &revise(), Code::VersionOpen, "pending_approval");
    let items = new_items(PHASE, &["b"]);
    desk.refuses(
        &tom(),
        &C::CreateVersion { items },
        Code::VersionOpen,
        "one open version",
    );
}

#[test]
fn empty_drafts_piling_up_through_retries() {
    let items = new_items(PHASE, &["a"]);
    let create = C::CreateVersion { items };
    let desk = Desk::begun(PHASE).given(&engine(), create.clone());
    desk.refuses(&engine(), &create, Code::VersionOpen, "version 1 is draft");
    let empty = C::CreateVersion { items: vec![] };
    Desk::begun(PHASE).refuses(&engine(), &empty, Code::InvalidContent, "needs items");
    let policy = CarryForward::ApprovedOnly;
    let nothing = C::Revise {
        policy,
        add: vec![],
    };
    let desk = Desk::rejected(PHASE, &["a"]).given(&tom(), nothing.clone());
    assert!(desk.newest().items.is_empty());
    desk.refuses(&tom(), &nothing, Code::VersionOpen, "version 2 is draft");
}

#[test]
fn counters_that_disagree_with_their_items() {
    let desk = Desk::rejected(PHASE, &["a", "b"]).given(&tom(), revise());
    let remove = C::RemoveItems { items: ids(&["a"]) };
    let desk = desk.given(&tom().because("a double"), remove);
    let items = new_items(PHASE, &["c"]);
    let desk = desk.given(&tom(), C::AddItems { items });
    let facts = desk.newest().facts();
    assert_eq!((facts["items"], facts["carried"]), (2, 1));
    assert_eq!(desk.newest().carried_forward(), 1);
}

#[test]
fn a_parent_superseded_before_its_child_is_approved() {
    let desk = Desk::approved(PHASE, &["a"]).completed().reopened();
    let desk = desk.given(&tom(), revise());
    let stands = |desk: &Desk| desk.dossier.current().map(|it| it.number);
    assert_eq!(stands(&desk), Some(VersionNo(1)));
    let desk = desk.given(&tom(), SUBMIT);
    assert_eq!(stands(&desk), Some(VersionNo(1)));
    let desk = desk.given(&olga().because("no"), reject());
    assert_eq!(stands(&desk), Some(VersionNo(1)));
    let desk = desk
        .given(&tom(), revise())
        .given(&tom(), SUBMIT)
        .owner_approves();
    assert_eq!(stands(&desk), Some(VersionNo(3)));
    assert_eq!(desk.statuses()[0], VersionStatus::Superseded);
}

#[test]
fn a_signal_for_a_phase_that_has_not_begun_accepted_in_silence() {
    let desk = Desk::new(PHASE);
    desk.refuses(&olga(), &APPROVE, Code::PhaseNotBegun, "has not begun");
}

#[test]
fn an_approval_read_twice() {
    let desk = Desk::pending(PHASE, &["a"]).owner_approves();
    desk.refuses(
        &olga(),
        &APPROVE,
        Code::VersionClosed,
        "version 1 is approved",
    );
}

#[test]
fn an_approval_out_of_order_that_leaves_the_item_pending_for_ever() {
    let review = |level| C::ReviewDocument {
        document: "extract".parse().unwrap(),
        level,
        accept: true,
    };
    use annal_core::item::DecisionLevel as L;
    let desk = crate::documents::submitted();
    desk.refuses(
        &olga(),
        &review(L::ReportOwner),
        Code::OutOfOrder,
        "tester first",
    );
    let desk = desk
        .given(&tom(), review(L::Tester))
        .given(&olga(), review(L::ReportOwner));
    let review = &desk.dossier.documents[0].review;
    assert_eq!(review, &annal_core::dossier::state::Review::Accepted);
}

#[test]
fn the_rejecter_stored_in_the_approvers_field() {
    let desk = Desk::rejected(PHASE, &["a"]);
    assert!(matches!(
        &desk.newest().state,
        VersionState::Rejected { by, submitted_by, .. }
            if *by == person("olga") && *submitted_by == person("tom")
    ));
    let json = serde_json::to_value(&desk.newest().state).unwrap();
    assert_eq!(json["state"], "rejected");
    assert_eq!(json.get("approved_by"), None);
}

#[test]
fn who_said_what_before_the_last_change_not_answerable() {
    let desk = Desk::draft(PHASE, &["a"]);
    let mut log = Vec::new();
    let mut dossier = desk.clone();
    for (who, verdict) in [
        (tom().because("fits"), Verdict::Approve),
        (tina().because("a double"), Verdict::Reject),
        (tom().because("no double"), Verdict::Approve),
    ] {
        let events = dossier.then(&who, &first(&["a"], verdict));
        dossier.dossier = dossier.dossier.with(&events);
        log.extend(events);
    }
    let said: Vec<_> = log
        .iter()
        .filter_map(|event| match event {
            annal_core::dossier::DossierEvent::ItemDecided {
                by,
                verdict,
                reason,
                previous,
                ..
            } => Some((by.as_str(), *verdict, reason.as_deref(), *previous)),
            _ => None,
        })
        .collect();
    let expected = [
        ("tom", Verdict::Approve, Some("fits"), None),
        (
            "tina",
            Verdict::Reject,
            Some("a double"),
            Some(Verdict::Approve),
        ),
        (
            "tom",
            Verdict::Approve,
            Some("no double"),
            Some(Verdict::Reject),
        ),
    ];
    assert_eq!(said, expected);
}
