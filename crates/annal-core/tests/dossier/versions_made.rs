//! How versions come to be: one open version at most, numbers without holes, their origin and inputs.

use annal_core::dossier::{DossierCommand as C, DossierEvent as E};
use annal_core::rejection::RejectionCode as Code;
use annal_core::version::{CarryForward, Origin, VersionRef, VersionStatus};
use annal_core::{Phase, VersionNo};

use crate::support::*;

const PHASE: Phase = Phase::SampleSelection;

fn revise() -> C {
    C::Revise {
        policy: CarryForward::All,
        add: vec![],
    }
}

fn create(names: &[&str]) -> C {
    let items = new_items(PHASE, names);
    C::CreateVersion { items }
}

#[test]
fn a_first_version_has_number_1_its_inputs_and_its_items() {
    let mut desk = Desk::begun(PHASE);
    let input = VersionRef {
        run: run_id(),
        phase: Phase::Scoping,
        number: VersionNo(3),
    };
    desk.basis.inputs = vec![input];
    let events = desk.then(&tom(), &create(&["s1"]));
    let created = E::VersionCreated {
        version: VersionNo(1),
        origin: Origin::Initial,
        inputs: vec![input],
        by: person("tom"),
    };
    let added = E::ItemAdded {
        version: VersionNo(1),
        item: id("s1"),
        content: content(PHASE, "s1"),
        by: person("tom"),
    };
    assert_eq!(events, [created, added]);
}

#[test]
fn a_first_version_needs_items_of_the_phase_each_named_once() {
    let desk = Desk::begun(PHASE);
    desk.refuses(&tom(), &create(&[]), Code::InvalidContent, "needs items");
    desk.refuses(
        &tom(),
        &create(&["s1", "s1"]),
        Code::DuplicateItem,
        "named twice",
    );
    let items = new_items(Phase::Scoping, &["a"]);
    let wrong = C::CreateVersion { items };
    desk.refuses(&tom(), &wrong, Code::InvalidContent, "not the kind of item");
}

#[test]
fn a_content_that_says_nothing_is_refused_in_every_phase() {
    for phase in [
        Phase::Planning,
        Phase::DataProfiling,
        Phase::SampleSelection,
        Phase::Observations,
        Phase::TestReport,
    ] {
        let mut items = new_items(phase, &["x"]);
        items[0].content = content(phase, "  ");
        let command = C::CreateVersion { items };
        Desk::begun(phase).refuses(&tom(), &command, Code::InvalidContent, "says nothing");
    }
}

#[test]
fn at_most_one_version_is_open() {
    for desk in [Desk::draft(PHASE, &["s1"]), Desk::pending(PHASE, &["s1"])] {
        let to = VersionNo(1);
        for command in [create(&["s2"]), revise(), C::Revert { to }] {
            let who = tom().because("again");
            desk.refuses(
                &who,
                &command,
                Code::VersionOpen,
                "one open version at most",
            );
        }
    }
}

#[test]
fn a_second_version_is_a_revision_and_not_a_first_one() {
    let desk = Desk::rejected(PHASE, &["s1"]);
    desk.refuses(
        &tom(),
        &create(&["s2"]),
        Code::VersionOpen,
        "revise it instead",
    );
}

#[test]
fn there_is_nothing_to_revise_before_the_first_version() {
    let desk = Desk::begun(PHASE);
    desk.refuses(
        &tom(),
        &revise(),
        Code::UnknownVersion,
        "no version to revise",
    );
}

#[test]
fn numbers_are_dense() {
    let mut desk = Desk::rejected(PHASE, &["s1"]);
    for _ in 2..=4 {
        desk = desk.given(&tom(), revise());
        desk = desk
            .given(&tom(), SUBMIT)
            .given(&olga().because("no"), reject());
    }
    let numbers: Vec<_> = desk.dossier.versions.iter().map(|it| it.number.0).collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
}

#[test]
fn a_rejected_version_is_answered_by_a_revision_whose_parent_it_is() {
    let desk = Desk::rejected(PHASE, &["s1"]).given(&tom(), revise());
    assert_eq!(desk.newest().parent(), Some(VersionNo(1)));
    assert_eq!(
        desk.statuses(),
        [VersionStatus::Rejected, VersionStatus::Draft]
    );
}

#[test]
fn an_approved_version_stands_until_its_phase_is_reopened() {
    let desk = Desk::approved(PHASE, &["s1"]);
    desk.refuses(
        &tom(),
        &revise(),
        Code::VersionClosed,
        "reopen sample_selection",
    );
    let to = VersionNo(1);
    desk.refuses(&tom(), &C::Revert { to }, Code::VersionClosed, "reopen");
    let reopened = desk.completed().reopened();
    assert!(reopened.when(&tom(), &revise()).is_ok());
}

#[test]
fn items_are_added_to_a_draft_once() {
    let desk = Desk::draft(PHASE, &["s1"]);
    let add = |names: &[&str]| C::AddItems {
        items: new_items(PHASE, names),
    };
    assert_eq!(desk.then(&tom(), &add(&["s2", "s3"])).len(), 2);
    desk.refuses(
        &tom(),
        &add(&["s1"]),
        Code::DuplicateItem,
        "in the version already",
    );
    desk.refuses(&tom(), &add(&[]), Code::InvalidContent, "nothing was named");
    let bad = desk.bad_items(&tom(), &add(&["s1", "s2", "s2"]));
    assert_eq!(bad, ["s1", "s2"]);
}

#[test]
fn contents_change_only_in_a_draft() {
    let change = C::ChangeItem {
        item: id("s1"),
        content: content(PHASE, "other"),
    };
    let items = new_items(PHASE, &["s2"]);
    let remove = C::RemoveItems {
        items: ids(&["s1"]),
    };
    let who = tom().because("better so");
    for desk in [
        Desk::pending(PHASE, &["s1"]),
        Desk::approved(PHASE, &["s1"]),
        Desk::rejected(PHASE, &["s1"]),
    ] {
        for command in [
            change.clone(),
            C::AddItems {
                items: items.clone(),
            },
            remove.clone(),
        ] {
            desk.refuses(
                &who,
                &command,
                Code::VersionClosed,
                "only one that is draft",
            );
        }
    }
    let draft = Desk::draft(PHASE, &["s1"]);
    assert_eq!(draft.then(&who, &change).len(), 1);
    assert_eq!(draft.then(&who, &remove).len(), 1);
}

#[test]
fn to_change_or_remove_an_item_needs_a_reason() {
    let desk = Desk::draft(PHASE, &["s1"]);
    let change = C::ChangeItem {
        item: id("s1"),
        content: content(PHASE, "other"),
    };
    let remove = C::RemoveItems {
        items: ids(&["s1"]),
    };
    desk.refuses(&tom(), &change, Code::ReasonRequired, "change an item");
    desk.refuses(&tom(), &remove, Code::ReasonRequired, "remove items");
}

#[test]
fn items_to_change_or_remove_have_to_be_there() {
    let desk = Desk::draft(PHASE, &["s1"]);
    let who = tom().because("better so");
    let remove = |names: &[&str]| C::RemoveItems { items: ids(names) };
    assert_eq!(desk.bad_items(&who, &remove(&["s1", "x", "y"])), ["x", "y"]);
    desk.refuses(
        &who,
        &remove(&["s1", "s1"]),
        Code::DuplicateItem,
        "named twice",
    );
    desk.refuses(
        &who,
        &remove(&[]),
        Code::InvalidContent,
        "nothing was named",
    );
    let change = |name, content| C::ChangeItem {
        item: id(name),
        content,
    };
    let known = content(PHASE, "other");
    desk.refuses(
        &who,
        &change("x", known),
        Code::UnknownItem,
        "not in version 1",
    );
    let wrong = content(Phase::Planning, "other");
    desk.refuses(
        &who,
        &change("s1", wrong),
        Code::InvalidContent,
        "kind of item",
    );
}

#[test]
fn a_changed_item_is_decided_anew() {
    let desk = Desk::decided(PHASE, &["s1"]);
    let change = C::ChangeItem {
        item: id("s1"),
        content: content(PHASE, "other"),
    };
    let desk = desk.given(&tom().because("better so"), change);
    assert_eq!(desk.item("s1").tester, None);
    assert_eq!(desk.item("s1").content, content(PHASE, "other"));
    desk.refuses(&tom(), &SUBMIT, Code::Incomplete, "s are open");
}

#[test]
fn a_revert_brings_an_old_versions_contents_into_a_new_draft_and_needs_a_reason() {
    let desk = Desk::rejected(PHASE, &["s1", "s2"]);
    let add = new_items(PHASE, &["s3"]);
    let policy = CarryForward::ApprovedOnly;
    let desk = desk
        .given(&tom(), C::Revise { policy, add })
        .tester_decides();
    let desk = desk
        .given(&tom(), SUBMIT)
        .given(&olga().because("no"), reject());
    let revert = C::Revert { to: VersionNo(1) };
    desk.refuses(&tom(), &revert, Code::ReasonRequired, "revert");
    let unknown = C::Revert { to: VersionNo(9) };
    let who = tom().because("the first was better");
    desk.refuses(&who, &unknown, Code::UnknownVersion, "no version 9");
    let desk = desk.given(&who, revert);
    let to = VersionNo(1);
    assert_eq!(desk.newest().origin, Origin::Revert { to });
    assert_eq!(desk.newest().number, VersionNo(3));
    assert_eq!(
        desk.undecided(),
        ids(&["s1", "s2"]),
        "contents, not decisions"
    );
    assert_eq!(desk.item("s1").carried.as_ref().unwrap().version, to);
}
