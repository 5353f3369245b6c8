//! data_owner_id: owners are assigned, reassigned, agree, or are escalated.

use annal_core::Phase;
use annal_core::dossier::command::OwnerAssignment;
use annal_core::dossier::{Action, DossierCommand as C, DossierEvent as E, Stage};
use annal_core::rejection::RejectionCode as Code;

use crate::support::*;

const PHASE: Phase = Phase::DataOwnerId;

fn assign(places: &[(&str, &str, &str)]) -> C {
    let one = |(attribute, line, owner): &(&str, &str, &str)| OwnerAssignment {
        attribute: id(attribute),
        line_of_business: (*line).to_owned(),
        owner: person(owner),
    };
    C::AssignOwners {
        assignments: places.iter().map(one).collect(),
    }
}

/// Dora owns everything in retail, Dan in cards; nobody agreed yet.
pub(crate) fn assigned() -> Desk {
    let all = assign(&[
        ("a", "retail", "dora"),
        ("b", "retail", "dora"),
        ("a", "cards", "dan"),
        ("b", "cards", "dan"),
    ]);
    Desk::begun(PHASE).given(&tom(), all)
}

pub(crate) fn acknowledge(names: &[&str]) -> C {
    C::AcknowledgeOwnership {
        attributes: ids(names),
    }
}

fn acknowledged() -> Desk {
    let desk = assigned().given(&dora(), acknowledge(&[]));
    desk.given(&dan(), acknowledge(&[]))
}

#[test]
fn an_owner_is_assigned_to_an_attribute_in_a_line_of_business() {
    let desk = Desk::begun(PHASE);
    let events = desk.then(&tom(), &assign(&[("a", "retail", "dora")]));
    let assigned = E::OwnerAssigned {
        attribute: id("a"),
        line_of_business: "retail".to_owned(),
        owner: person("dora"),
        by: person("tom"),
    };
    assert_eq!(events, [assigned]);
}

#[test]
fn only_attributes_that_are_tested_and_the_reports_lines_get_owners() {
    let desk = Desk::begun(PHASE);
    let out = assign(&[("x", "retail", "dora")]);
    desk.refuses(&tom(), &out, Code::UnknownItem, "not an attribute in scope");
    let line = assign(&[("a", "loans", "dora")]);
    desk.refuses(&tom(), &line, Code::InvalidContent, "retail, cards");
    desk.refuses(
        &tom(),
        &assign(&[]),
        Code::InvalidContent,
        "nothing was named",
    );
}

#[test]
fn assignments_are_taken_all_or_none() {
    let desk = Desk::begun(PHASE);
    let places = [
        ("a", "retail", "dora"),
        ("x", "retail", "dora"),
        ("a", "retail", "dan"),
    ];
    let bad = desk.bad_items(&tom(), &assign(&places));
    assert_eq!(bad, ["x in retail", "a in retail"]);
}

#[test]
fn a_reassignment_names_the_previous_owner_and_needs_a_reason() {
    let desk = acknowledged();
    let change = assign(&[("a", "retail", "dan")]);
    desk.refuses(&tom(), &change, Code::ReasonRequired, "belongs to dora");
    let events = desk.then(&tom().because("dora left"), &change);
    let reassigned = E::OwnerReassigned {
        attribute: id("a"),
        line_of_business: "retail".to_owned(),
        owner: person("dan"),
        previous: person("dora"),
        by: person("tom"),
        reason: "dora left".to_owned(),
    };
    assert_eq!(events, [reassigned]);
    let desk = desk.given(&tom().because("dora left"), change);
    assert!(!desk.dossier.assignments[&id("a")]["retail"].acknowledged);
}

#[test]
fn the_same_owner_is_not_assigned_twice() {
    let again = assign(&[("a", "retail", "dora")]);
    assigned().refuses(
        &tom().because("so"),
        &again,
        Code::DuplicateItem,
        "belongs to dora",
    );
}

#[test]
fn an_owner_agrees_to_their_own_assignments_only() {
    let desk = assigned();
    let events = desk.then(&dora(), &acknowledge(&[]));
    assert_eq!(events.len(), 2);
    assert!(events.iter().all(|event| matches!(
        event,
        E::OwnerAcknowledged { owner, line_of_business, .. }
            if *owner == person("dora") && line_of_business == "retail"
    )));
    let stranger = Who::named("dirk", annal_core::Role::DataOwner);
    desk.refuses(
        &stranger,
        &acknowledge(&[]),
        Code::OutOfOrder,
        "nothing waits for dirk",
    );
    desk.refuses(
        &stranger,
        &acknowledge(&["a"]),
        Code::UnknownItem,
        "does not wait for dirk",
    );
}

#[test]
fn an_owner_agrees_to_what_they_name() {
    let desk = assigned().given(&dora(), acknowledge(&["a"]));
    let lines = &desk.dossier.assignments;
    assert!(lines[&id("a")]["retail"].acknowledged);
    assert!(!lines[&id("b")]["retail"].acknowledged);
    let again = acknowledge(&["a", "b"]);
    assert_eq!(desk.bad_items(&dora(), &again), ["a"]);
}

#[test]
fn an_open_assignment_is_escalated_with_a_reason() {
    let desk = assigned().given(&dora(), acknowledge(&["a"]));
    let escalate = |names: &[&str]| C::EscalateOwnership {
        attributes: ids(names),
        to: person("carl"),
    };
    desk.refuses(&tom(), &escalate(&["b"]), Code::ReasonRequired, "escalate");
    let who = tom().because("no answer for a week");
    desk.refuses(
        &who,
        &escalate(&[]),
        Code::InvalidContent,
        "nothing was named",
    );
    desk.refuses(
        &who,
        &escalate(&["x"]),
        Code::UnknownItem,
        "no assignment that waits",
    );
    // Of `a` only Dan's assignment in cards is open.
    let events = desk.then(&who, &escalate(&["a"]));
    assert!(matches!(
        &events[..],
        [E::AssignmentEscalated { line_of_business, .. }] if line_of_business == "cards"
    ));
    let desk = desk.given(&who, escalate(&["b"]));
    let escalated = &desk.dossier.assignments[&id("b")]["retail"].escalated_to;
    assert_eq!(escalated, &[person("carl")]);
}

#[test]
fn the_phase_is_done_when_each_attribute_has_an_owner_who_agreed_in_each_line() {
    let desk = assigned().given(&dora(), acknowledge(&[]));
    desk.refuses(&engine(), &C::Complete {}, Code::Incomplete, "not done");
    let waits = desk.dossier.awaiting(&desk.basis, &desk.plan);
    assert_eq!(waits.len(), 1);
    assert_eq!(waits[0].person, Some(person("dan")));
    assert_eq!((waits[0].action, waits[0].count), (Action::Acknowledge, 2));
    acknowledged().completed();
}

#[test]
fn attributes_without_an_owner_wait_for_a_tester() {
    let desk = Desk::begun(PHASE).given(&tom(), assign(&[("a", "retail", "dora")]));
    let waits = desk.dossier.awaiting(&desk.basis, &desk.plan);
    assert_eq!((waits[0].action, waits[0].count), (Action::AssignOwners, 3));
}

#[test]
fn a_reopened_phase_is_done_again_when_an_owner_says_so_again() {
    let desk = acknowledged().completed().reopened();
    assert_eq!(desk.dossier.stage(&desk.basis, &desk.plan), Stage::Work);
    assert!(!desk.dossier.awaiting(&desk.basis, &desk.plan).is_empty());
    desk.refuses(&engine(), &C::Complete {}, Code::Incomplete, "not done");
    desk.given(&dora(), acknowledge(&[])).completed();
}
