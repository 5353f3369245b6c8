//! What a revision takes along, by policy, and the lineage of it.

use annal_core::dossier::{DossierCommand as C, DossierEvent as E};
use annal_core::item::Verdict;
use annal_core::rejection::RejectionCode as Code;
use annal_core::version::CarryForward;
use annal_core::{Phase, VersionNo};

use crate::support::*;

const PHASE: Phase = Phase::SampleSelection;

/// `good` is approved on both levels, `bad` rejected by the report owner, `dropped` by the tester.
fn rejected() -> Desk {
    let desk = Desk::draft(PHASE, &["good", "bad", "dropped"]);
    let desk = desk.given(&tom(), first(&["good", "bad"], Verdict::Approve));
    let desk = desk.given(
        &tom().because("a double"),
        first(&["dropped"], Verdict::Reject),
    );
    let desk = desk.given(&tom(), SUBMIT);
    let desk = desk.given(&olga(), second(&["good"], Verdict::Approve));
    let desk = desk.given(
        &olga().because("not typical"),
        second(&["bad"], Verdict::Reject),
    );
    desk.given(&olga().because("one more"), reject())
}

fn revised(policy: CarryForward) -> Desk {
    let add = new_items(PHASE, &["new"]);
    rejected().given(&tom(), C::Revise { policy, add })
}

fn names(desk: &Desk) -> Vec<&str> {
    let ids = desk.newest().items.keys();
    ids.map(annal_core::ItemId::as_str).collect()
}

#[test]
fn approved_only_takes_along_what_both_levels_approved_and_locks_it() {
    let desk = revised(CarryForward::ApprovedOnly);
    assert_eq!(names(&desk), ["good", "new"]);
    let good = desk.item("good");
    assert!(good.locked);
    assert_eq!(good.tester.as_ref().unwrap().by, person("tom"));
    assert_eq!(good.report_owner.as_ref().unwrap().by, person("olga"));
    assert_eq!(desk.undecided(), ids(&["new"]));
}

#[test]
fn all_clear_rejected_takes_all_and_clears_what_the_report_owner_rejected() {
    let desk = revised(CarryForward::AllClearRejected);
    assert_eq!(names(&desk), ["good", "bad", "dropped", "new"]);
    assert_eq!(desk.item("bad").tester, None);
    assert_eq!(desk.item("bad").report_owner, None);
    assert!(desk.item("good").tester.is_some());
    assert!(!desk.item("good").locked);
    assert_eq!(desk.undecided(), ids(&["bad", "new"]));
}

#[test]
fn all_takes_everything_as_it_was() {
    let desk = revised(CarryForward::All);
    assert_eq!(names(&desk), ["good", "bad", "dropped", "new"]);
    let owner = desk.item("bad").report_owner.as_ref().unwrap();
    assert_eq!(owner.verdict, Verdict::Reject);
    assert_eq!(owner.reason.as_deref(), Some("not typical"));
    assert!(desk.item("bad").tester.is_some());
    assert_eq!(desk.undecided(), ids(&["new"]));
}

#[test]
fn approved_only_is_the_default() {
    assert_eq!(CarryForward::default(), CarryForward::ApprovedOnly);
}

#[test]
fn each_item_that_comes_along_says_from_where_and_why() {
    let why = [
        (
            CarryForward::ApprovedOnly,
            "good",
            "approved_only: approved on both levels",
        ),
        (
            CarryForward::AllClearRejected,
            "bad",
            "all_clear_rejected: rejected by the report owner",
        ),
        (
            CarryForward::AllClearRejected,
            "good",
            "all_clear_rejected: not rejected",
        ),
        (CarryForward::All, "bad", "all: everything as it was"),
    ];
    for (policy, name, expected) in why {
        let desk = revised(policy);
        let from = desk.item(name).carried.as_ref().unwrap();
        assert_eq!(from.version, VersionNo(1));
        assert!(from.why.starts_with(expected), "{}", from.why);
        assert_eq!(desk.item("new").carried, None);
    }
}

#[test]
fn a_locked_item_is_not_decided_changed_or_removed() {
    let desk = revised(CarryForward::ApprovedOnly);
    let who = tom().because("on second thoughts");
    let change = C::ChangeItem {
        item: id("good"),
        content: content(PHASE, "other"),
    };
    let remove = C::RemoveItems {
        items: ids(&["good"]),
    };
    for command in [first(&["good"], Verdict::Reject), change, remove] {
        desk.refuses(&who, &command, Code::ItemLocked, "locked");
    }
    let desk = desk.tester_decides().given(&tom(), SUBMIT);
    let again = second(&["good"], Verdict::Reject);
    desk.refuses(&olga().because("so"), &again, Code::ItemLocked, "locked");
}

#[test]
fn a_locked_item_stays_locked_in_further_revisions() {
    let desk = revised(CarryForward::ApprovedOnly).tester_decides();
    let desk = desk
        .given(&tom(), SUBMIT)
        .given(&olga().because("no"), reject());
    let policy = CarryForward::ApprovedOnly;
    let desk = desk.given(
        &tom(),
        C::Revise {
            policy,
            add: vec![],
        },
    );
    assert_eq!(names(&desk), ["good"]);
    assert!(desk.item("good").locked);
    assert_eq!(
        desk.item("good").carried.as_ref().unwrap().version,
        VersionNo(2)
    );
}

#[test]
fn what_comes_along_cannot_be_added_beside_it_but_what_stays_behind_can() {
    let add = new_items(PHASE, &["bad"]);
    let policy = CarryForward::ApprovedOnly;
    let again = C::Revise {
        policy,
        add: add.clone(),
    };
    assert_eq!(rejected().then(&tom(), &again).len(), 3);
    let policy = CarryForward::All;
    let twice = C::Revise { policy, add };
    rejected().refuses(
        &tom(),
        &twice,
        Code::DuplicateItem,
        "in the version already",
    );
}

#[test]
fn of_100_samples_80_are_approved_20_rejected_and_10_more_make_80_and_10() {
    let all: Vec<String> = (1..=110).map(|n| format!("s{n}")).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let desk = Desk::pending(PHASE, &all[..100]);
    let desk = desk.given(&olga(), second(&all[..80], Verdict::Approve));
    let desk = desk.given(
        &olga().because("not typical"),
        second(&all[80..100], Verdict::Reject),
    );
    let desk = desk.given(&olga().because("10 more"), reject());
    let add = new_items(PHASE, &all[100..]);
    let policy = CarryForward::default();
    let desk = desk.given(&tom(), C::Revise { policy, add });
    let version = desk.newest();
    assert_eq!((version.items.len(), version.carried_forward()), (90, 80));
    assert_eq!(version.number, VersionNo(2));
    assert_eq!(version.parent(), Some(VersionNo(1)));
    let lineage = |name: &&str| desk.item(name).carried.as_ref().map(|from| from.version);
    assert!(all[..80].iter().all(|it| lineage(it) == Some(VersionNo(1))));
    assert!(all[100..].iter().all(|it| lineage(it).is_none()));
    let desk = desk.tester_decides().given(&tom(), SUBMIT).owner_approves();
    assert_eq!(desk.dossier.current().unwrap().items.len(), 90);
}

#[test]
fn carrying_writes_one_event_for_each_item() {
    let policy = CarryForward::All;
    let events = rejected().then(
        &tom(),
        &C::Revise {
            policy,
            add: vec![],
        },
    );
    let carried = events
        .iter()
        .filter(|it| matches!(it, E::ItemCarried { .. }));
    assert_eq!(carried.count(), 3);
}
