//! request_info: a request for each owner; documents in versions, reviewed on two levels.

use annal_core::dossier::state::Review;
use annal_core::dossier::{Action, DossierCommand as C, DossierEvent as E};
use annal_core::item::DecisionLevel as L;
use annal_core::rejection::RejectionCode as Code;
use annal_core::{Phase, Role, VersionNo};

use crate::support::*;

const PHASE: Phase = Phase::RequestInfo;

fn request(name: &str, owner: &str, attributes: &[&str]) -> C {
    C::RequestInformation {
        request: name.parse().unwrap(),
        owner: person(owner),
        attributes: ids(attributes),
        text: "the source values".to_owned(),
    }
}

fn submit(document: &str, request: &str) -> C {
    C::SubmitDocument {
        document: document.parse().unwrap(),
        request: request.parse().unwrap(),
        file: file("a.csv", '1'),
    }
}

fn revise(digit: char) -> C {
    C::ReviseDocument {
        document: "extract".parse().unwrap(),
        file: file("b.csv", digit),
    }
}

fn review(level: L, accept: bool) -> C {
    C::ReviewDocument {
        document: "extract".parse().unwrap(),
        level,
        accept,
    }
}

fn requested() -> Desk {
    Desk::begun(PHASE).given(&tom(), request("r1", "dora", &["a"]))
}

/// Dora handed in `extract`.
pub(crate) fn submitted() -> Desk {
    requested().given(&dora(), submit("extract", "r1"))
}

fn accepted() -> Desk {
    let desk = submitted().given(&tom(), review(L::Tester, true));
    desk.given(&olga(), review(L::ReportOwner, true))
}

fn review_of(desk: &Desk) -> &Review {
    &desk.dossier.documents[&"extract".parse::<annal_core::DocumentId>().unwrap()].review
}

#[test]
fn an_owner_is_asked_for_what_they_own() {
    let desk = Desk::begun(PHASE);
    let foreign = request("r1", "dora", &["a", "b"]);
    desk.refuses(&tom(), &foreign, Code::UnknownItem, "not owned by dora");
    assert_eq!(desk.bad_items(&tom(), &foreign), ["b"]);
    let nothing = request("r1", "dora", &[]);
    desk.refuses(&tom(), &nothing, Code::InvalidContent, "nothing was named");
    let twice = request("r1", "dora", &["a", "a"]);
    desk.refuses(&tom(), &twice, Code::DuplicateItem, "named twice");
}

#[test]
fn a_request_says_what_is_asked_and_has_an_id_of_its_own() {
    let mut blank = request("r1", "dora", &["a"]);
    let C::RequestInformation { text, .. } = &mut blank else {
        unreachable!()
    };
    *text = "  ".to_owned();
    Desk::begun(PHASE).refuses(&tom(), &blank, Code::InvalidContent, "asks nothing");
    let again = request("r1", "dora", &["a"]);
    requested().refuses(&tom(), &again, Code::DuplicateItem, "exists already");
}

#[test]
fn only_the_owner_who_was_asked_answers() {
    let desk = requested();
    desk.refuses(
        &dan(),
        &submit("extract", "r1"),
        Code::RoleNotAllowed,
        "addressed to dora",
    );
    desk.refuses(
        &dora(),
        &submit("extract", "r9"),
        Code::UnknownItem,
        "no request r9",
    );
    desk.refuses(
        &tom(),
        &submit("extract", "r1"),
        Code::RoleNotAllowed,
        "data_owner",
    );
    let events = desk.then(&dora(), &submit("extract", "r1"));
    assert!(matches!(&events[..], [E::DocumentSubmitted { by, .. }] if *by == person("dora")));
}

#[test]
fn a_document_is_a_file_with_a_name_contents_and_a_hash() {
    let good = file("a.csv", '1');
    let mut nameless = good.clone();
    nameless.name = " ".to_owned();
    let mut empty = good.clone();
    empty.bytes = 0;
    let mut short = good.clone();
    short.sha256.pop();
    let mut unhexed = good;
    unhexed.sha256.replace_range(0..1, "g");
    for file in [nameless, empty, short, unhexed] {
        let command = C::SubmitDocument {
            document: "extract".parse().unwrap(),
            request: "r1".parse().unwrap(),
            file,
        };
        requested().refuses(&dora(), &command, Code::InvalidContent, "SHA-256");
    }
}

#[test]
fn a_document_is_submitted_once_and_then_revised() {
    let again = submit("extract", "r1");
    submitted().refuses(&dora(), &again, Code::DuplicateItem, "revise it");
}

#[test]
fn a_revision_is_the_next_version_says_what_it_replaces_and_needs_a_reason() {
    let desk = submitted();
    desk.refuses(
        &dora(),
        &revise('2'),
        Code::ReasonRequired,
        "revise a document",
    );
    let who = dora().because("rows were missing");
    desk.refuses(
        &who,
        &revise('1'),
        Code::InvalidContent,
        "the file is the same",
    );
    let other = dan().because("so");
    desk.refuses(
        &other,
        &revise('2'),
        Code::RoleNotAllowed,
        "addressed to dora",
    );
    let events = desk.then(&who, &revise('2'));
    assert!(matches!(
        &events[..],
        [E::DocumentRevised { version: VersionNo(2), replaces: VersionNo(1), file, .. }]
            if file.sha256 == "2".repeat(64)
    ));
}

#[test]
fn an_unknown_document_is_neither_revised_nor_reviewed() {
    let desk = requested();
    desk.refuses(
        &dora().because("so"),
        &revise('2'),
        Code::UnknownItem,
        "no document",
    );
    desk.refuses(
        &tom(),
        &review(L::Tester, true),
        Code::UnknownItem,
        "no document",
    );
}

#[test]
fn a_document_is_accepted_by_a_tester_and_then_by_the_report_owner() {
    let desk = submitted();
    let early = review(L::ReportOwner, true);
    desk.refuses(
        &olga(),
        &early,
        Code::OutOfOrder,
        "waits for a tester first",
    );
    let desk = desk.given(&tom(), review(L::Tester, true));
    assert_eq!(
        review_of(&desk),
        &Review::TesterAccepted { by: person("tom") }
    );
    let again = review(L::Tester, true);
    desk.refuses(
        &tina(),
        &again,
        Code::OutOfOrder,
        "waits for the report owner",
    );
    let desk = desk.given(&olga(), early.clone());
    assert_eq!(review_of(&desk), &Review::Accepted);
    desk.refuses(&olga(), &early, Code::OutOfOrder, "accepted on both levels");
}

#[test]
fn each_level_of_a_review_is_for_its_role() {
    let desk = submitted();
    for role in Role::ALL.into_iter().filter(|it| *it != Role::Tester) {
        let who = tom().acting_as(role);
        desk.refuses(&who, &review(L::Tester, true), Code::RoleNotAllowed, "");
    }
    let desk = desk.given(&tom(), review(L::Tester, true));
    for role in Role::ALL.into_iter().filter(|it| *it != Role::ReportOwner) {
        let who = olga().acting_as(role);
        desk.refuses(
            &who,
            &review(L::ReportOwner, true),
            Code::RoleNotAllowed,
            "",
        );
    }
}

#[test]
fn a_document_is_sent_back_with_a_reason_on_both_levels() {
    let first = submitted();
    let second = submitted().given(&tom(), review(L::Tester, true));
    for (desk, who, level) in [(first, tom(), L::Tester), (second, olga(), L::ReportOwner)] {
        let back = review(level, false);
        desk.refuses(&who, &back, Code::ReasonRequired, "send a document back");
        let desk = desk.given(&who.clone().because("rows missing"), back.clone());
        assert_eq!(review_of(&desk), &Review::SentBack);
        let again = who.because("rows missing");
        desk.refuses(&again, &back, Code::OutOfOrder, "waits for a new version");
        let desk = desk.given(&dora().because("complete"), revise('2'));
        assert_eq!(
            review_of(&desk),
            &Review::Submitted,
            "its review starts over"
        );
    }
}

#[test]
fn what_is_accepted_on_both_levels_stands_until_the_phase_is_reopened() {
    let mut desk = accepted();
    let who = dora().because("a better one");
    desk.refuses(&who, &revise('2'), Code::VersionClosed, "stands");
    desk.basis.owners.remove(&id("b"));
    let desk = desk.completed().reopened();
    assert!(desk.when(&who, &revise('2')).is_ok());
}

#[test]
fn the_phase_is_done_when_every_owner_was_asked_and_all_evidence_is_accepted() {
    let desk = accepted();
    desk.refuses(&engine(), &C::Complete {}, Code::Incomplete, "not done");
    let waits = |desk: &Desk| {
        let all = desk.dossier.awaiting(&desk.basis, &desk.plan);
        all.into_iter()
            .map(|it| (it.role, it.action))
            .collect::<Vec<_>>()
    };
    assert_eq!(waits(&desk), [(Role::Tester, Action::RequestInformation)]);
    let desk = desk.given(&tom(), request("r2", "dan", &["b"]));
    assert_eq!(waits(&desk), [(Role::DataOwner, Action::SubmitDocument)]);
    let desk = desk.given(&dan(), submit("list", "r2"));
    assert_eq!(waits(&desk), [(Role::Tester, Action::ReviewDocument)]);
    let list = |level| C::ReviewDocument {
        document: "list".parse().unwrap(),
        level,
        accept: true,
    };
    let desk = desk.given(&tom(), list(L::Tester));
    assert_eq!(waits(&desk), [(Role::ReportOwner, Action::ReviewDocument)]);
    desk.given(&olga(), list(L::ReportOwner)).completed();
}
