//! Primary keys are always in scope and give context; they are not tested.

use annal_core::Phase;
use annal_core::dossier::DossierCommand as C;
use annal_core::item::{Content, Verdict};
use annal_core::rejection::RejectionCode as Code;

use crate::support::*;

#[test]
fn a_primary_key_is_not_excluded_from_the_plan() {
    let desk = Desk::draft(Phase::Planning, &["key"]);
    let who = tom().because("so");
    let exclude = first(&["key"], Verdict::Exclude);
    desk.refuses(
        &who,
        &exclude,
        Code::VerdictNotAllowed,
        "always part of the plan",
    );
}

#[test]
fn a_primary_key_is_not_put_out_of_scope() {
    let desk = Desk::draft(Phase::Scoping, &["key"]);
    let who = tom().because("so");
    for verdict in [Verdict::Decline, Verdict::OverrideOut] {
        let command = first(&["key"], verdict);
        desk.refuses(&who, &command, Code::VerdictNotAllowed, "always in scope");
    }
    assert!(desk.item("key").in_scope(), "also before anybody decides");
}

#[test]
fn a_primary_key_is_not_taken_out_of_a_draft() {
    for phase in [Phase::Planning, Phase::Scoping] {
        let desk = Desk::draft(phase, &["key", "a"]);
        let items = ids(&["a", "key"]);
        let remove = C::RemoveItems { items };
        let who = tom().because("so");
        desk.refuses(
            &who,
            &remove,
            Code::VerdictNotAllowed,
            "is a primary key and stays",
        );
        assert_eq!(desk.bad_items(&who, &remove), ["key"]);
    }
}

#[test]
fn planning_says_what_is_a_key_and_scoping_cannot_change_it() {
    let who = tom().because("so");
    let no_key = |phase| {
        let mut content = content(phase, "key");
        match &mut content {
            Content::Attribute { primary_key, .. }
            | Content::ScopeAttribute { primary_key, .. } => {
                *primary_key = false;
            }
            _ => unreachable!(),
        }
        let item = id("key");
        C::ChangeItem { item, content }
    };
    let plan = Desk::draft(Phase::Planning, &["key"]);
    assert!(plan.when(&who, &no_key(Phase::Planning)).is_ok());
    let scope = Desk::draft(Phase::Scoping, &["key", "a"]);
    let change = no_key(Phase::Scoping);
    scope.refuses(&who, &change, Code::InvalidContent, "than planning does");
    let other = C::ChangeItem {
        item: id("a"),
        content: content(Phase::Scoping, "b"),
    };
    scope.refuses(&who, &other, Code::InvalidContent, "another attribute");
}

#[test]
fn a_primary_key_in_scope_is_no_attribute_that_is_tested() {
    let desk = Desk::decided(Phase::Scoping, &["key", "a"]);
    assert_eq!(desk.newest().facts()["in_scope"], 1);
}
