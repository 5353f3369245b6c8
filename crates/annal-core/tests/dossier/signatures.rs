//! test_report: sections are signed by the tester, the report owner and the report executive, in this order.

use annal_core::dossier::command::SectionSignature;
use annal_core::dossier::event::Meaning;
use annal_core::dossier::{Action, DossierCommand as C, DossierEvent as E, content_hash};
use annal_core::rejection::RejectionCode as Code;
use annal_core::version::{CarryForward, VersionStatus};
use annal_core::{Phase, Role};

use crate::support::*;

const PHASE: Phase = Phase::TestReport;

fn sign(names: &[&str], meaning: Meaning) -> C {
    let one = |name: &&str| SectionSignature {
        section: id(name),
        content_hash: content_hash(&content(PHASE, name)),
        meaning,
    };
    C::Sign {
        sections: names.iter().map(one).collect(),
    }
}

#[test]
fn a_signature_holds_name_time_meaning_role_and_hash() {
    let desk = Desk::draft(PHASE, &["a"]);
    let events = desk.then(&tom(), &sign(&["a"], Meaning::Author));
    let [
        E::SectionSigned {
            section, signature, ..
        },
    ] = &events[..]
    else {
        panic!("{events:?}");
    };
    assert_eq!(section, &id("a"));
    assert_eq!(signature.by, person("tom"));
    assert_eq!(signature.printed_name, "TOM".into());
    assert_eq!(signature.role, Role::Tester);
    assert_eq!(signature.meaning, Meaning::Author);
    assert_eq!(signature.signed_at, noon());
    assert_eq!(signature.content_hash, content_hash(&content(PHASE, "a")));
}

#[test]
fn sections_are_signed_in_order_and_the_last_signature_approves_the_report() {
    let desk = Desk::draft(PHASE, &["a", "b"]);
    desk.refuses(
        &olga(),
        &sign(&["a"], Meaning::Approve),
        Code::VersionClosed,
        "pending",
    );
    let desk = desk.given(&tom(), sign(&["a"], Meaning::Author));
    assert_eq!(desk.bad_items(&tom(), &SUBMIT), ["b"]);
    let desk = desk
        .given(&tom(), sign(&["b"], Meaning::Author))
        .given(&tom(), SUBMIT);
    let last = sign(&["a"], Meaning::Responsible);
    desk.refuses(
        &ed(),
        &last,
        Code::OutOfOrder,
        "waits for the signature of a report_owner",
    );
    let desk = desk
        .given(&olga(), sign(&["a"], Meaning::Approve))
        .given(&ed(), last);
    assert_eq!(desk.newest().status(), VersionStatus::PendingApproval);
    let desk = desk.given(&olga(), sign(&["b"], Meaning::Approve));
    let events = desk.then(&ed(), &sign(&["b"], Meaning::Responsible));
    assert!(matches!(
        &events[..],
        [
            E::SectionSigned { .. },
            E::VersionApproved {
                without_approval: None,
                ..
            }
        ]
    ));
}

#[test]
fn a_signature_is_for_exactly_the_content_that_was_read() {
    let desk = Desk::draft(PHASE, &["a"]);
    let sections = vec![SectionSignature {
        section: id("a"),
        content_hash: content_hash(&section("a", "another text")),
        meaning: Meaning::Author,
    }];
    let old = C::Sign { sections };
    desk.refuses(
        &tom(),
        &old,
        Code::SignatureMismatch,
        "says something else now",
    );
}

#[test]
fn equal_contents_have_equal_hashes_and_others_do_not() {
    assert_eq!(
        content_hash(&section("a", "b")),
        content_hash(&section("a", "b"))
    );
    assert_ne!(
        content_hash(&section("a", "b")),
        content_hash(&section("ab", ""))
    );
    // SHA-256 of `{"kind":"section","title":"a","body":"b"}`: signatures of years ago are checked by it.
    let known = "6d06a60fdfc1a1a5c08cb08f523c957fc0daae4bd3e22f6a210a7994f65d6619";
    assert_eq!(content_hash(&section("a", "b")), known);
}

#[test]
fn a_changed_section_has_to_be_signed_again() {
    let desk = Desk::decided(PHASE, &["a", "b"]);
    let change = C::ChangeItem {
        item: id("a"),
        content: section("a", "better"),
    };
    let desk = desk.given(&tom().because("a typing error"), change);
    assert!(desk.item("a").signatures.is_empty());
    assert_eq!(desk.item("b").signatures.len(), 1);
    assert_eq!(desk.bad_items(&tom(), &SUBMIT), ["a"]);
}

#[test]
fn nobody_signs_a_section_twice() {
    let desk = Desk::decided(PHASE, &["a"]);
    let again = sign(&["a"], Meaning::Author);
    desk.refuses(
        &tom(),
        &again,
        Code::DuplicateItem,
        "signed by a tester already",
    );
    desk.refuses(
        &tina(),
        &again,
        Code::DuplicateItem,
        "signed by a tester already",
    );
    let desk = desk
        .given(&tom(), SUBMIT)
        .given(&olga(), sign(&["a"], Meaning::Approve));
    let other = Who::named("otto", Role::ReportOwner);
    let again = sign(&["a"], Meaning::Approve);
    desk.refuses(&other, &again, Code::DuplicateItem, "report_owner already");
}

#[test]
fn sections_are_signed_all_or_none() {
    let desk = Desk::draft(PHASE, &["a", "b"]).given(&tom(), sign(&["a"], Meaning::Author));
    let bad = desk.bad_items(&tom(), &sign(&["a", "b", "b", "x"], Meaning::Author));
    assert_eq!(bad, ["a", "b", "x"]);
    desk.refuses(
        &tom(),
        &sign(&[], Meaning::Author),
        Code::InvalidContent,
        "nothing was named",
    );
}

#[test]
fn other_roles_do_not_sign() {
    let desk = Desk::pending(PHASE, &["a"]);
    for role in [
        Role::TestExecutive,
        Role::DataOwner,
        Role::DataExecutive,
        Role::Engine,
    ] {
        let who = xena().acting_as(role);
        let command = sign(&["a"], Meaning::Approve);
        desk.refuses(&who, &command, Code::RoleNotAllowed, "sign a section");
    }
}

#[test]
fn a_report_is_not_approved_without_its_signatures() {
    let desk = Desk::pending(PHASE, &["a"]);
    desk.refuses(&olga(), &APPROVE, Code::NotInThisPhase, "by its signatures");
}

#[test]
fn a_report_is_rejected_by_those_who_sign_it_off() {
    let desk = Desk::pending(PHASE, &["a"]);
    for who in [olga(), ed()] {
        let desk = desk.clone().given(&who.because("unclear"), reject());
        assert_eq!(desk.newest().status(), VersionStatus::Rejected);
    }
    desk.refuses(
        &tina().because("so"),
        &reject(),
        Code::RoleNotAllowed,
        "report_owner",
    );
}

#[test]
fn a_revised_report_is_signed_from_the_start() {
    let desk = Desk::pending(PHASE, &["a"]).given(&olga(), sign(&["a"], Meaning::Approve));
    let desk = desk.given(&ed().because("unclear"), reject());
    let policy = CarryForward::All;
    let desk = desk.given(
        &tom(),
        C::Revise {
            policy,
            add: vec![],
        },
    );
    assert!(desk.item("a").signatures.is_empty());
    desk.refuses(&tom(), &SUBMIT, Code::Incomplete, "open");
}

#[test]
fn the_next_to_sign_is_who_is_waited_for() {
    let waits = |desk: &Desk| {
        let all = desk.dossier.awaiting(&desk.basis, &desk.plan);
        let all = all.into_iter().map(|it| (it.role, it.action, it.count));
        all.collect::<Vec<_>>()
    };
    let desk = Desk::draft(PHASE, &["a", "b"]);
    assert_eq!(waits(&desk), [(Role::Tester, Action::Sign, 2)]);
    let desk = desk.tester_decides();
    assert_eq!(waits(&desk), [(Role::Tester, Action::Submit, 1)]);
    let desk = desk
        .given(&tom(), SUBMIT)
        .given(&olga(), sign(&["a"], Meaning::Approve));
    let both = [
        (Role::ReportOwner, Action::Sign, 1),
        (Role::ReportExecutive, Action::Sign, 1),
    ];
    assert_eq!(waits(&desk), both);
}

#[test]
fn who_signed_off_does_not_sign_as_author_after_a_withdrawal() {
    let desk = Desk::pending(PHASE, &["a", "b"]).given(&olga(), sign(&["a"], Meaning::Approve));
    let desk = desk.given(&tom().because("wait"), WITHDRAW);
    let change = C::ChangeItem {
        item: id("b"),
        content: section("b", "better"),
    };
    let desk = desk.given(&tom().because("better"), change);
    let author = olga().acting_as(Role::Tester);
    let sections = vec![SectionSignature {
        section: id("b"),
        content_hash: content_hash(&section("b", "better")),
        meaning: Meaning::Author,
    }];
    desk.refuses(
        &author,
        &C::Sign { sections },
        Code::FourEyes,
        "as its author",
    );
}
