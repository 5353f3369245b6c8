//! data_owner_id: who owns the data of each attribute in each line of business.

use annal_core::case::PhaseSummary;
use annal_core::dossier::state::Assignment;
use annal_core::run::PhaseStatus;
use annal_core::{ItemId, Role};
use maud::{Markup, html};

use super::{Asked, pages};
use crate::console::desk::{Desk, Form};
use crate::console::parts::{Badge, Column, Row, Table, badge, choice, hidden, human};

const ASSIGN: &[Role] = &[Role::Tester, Role::DataExecutive];
const ESCALATE: &[Role] = &[Role::Tester, Role::TestExecutive];
const SIZE: usize = 200;

/// An attribute in a line of business, with its owner if it has one.
type Place<'a> = (&'a ItemId, &'a str, Option<&'a Assignment>);

pub(super) fn trail(desk: &Desk<'_>, here: &PhaseSummary, asked: &Asked) -> Markup {
    let dossier = desk.case().dossier(here.phase);
    let basis = desk.case().basis(here.phase);
    let mut places: Vec<Place<'_>> = Vec::new();
    for attribute in &basis.attributes {
        for line in &basis.lines_of_business {
            let owned = dossier.assignments.get(attribute);
            places.push((attribute, line, owned.and_then(|it| it.get(line))));
        }
    }
    let works = here.status == PhaseStatus::Started;
    let mine = places
        .iter()
        .filter(|(_, _, it)| it.is_some_and(|it| it.owner == *desk.me() && !it.acknowledged));
    let mine = mine.count();
    let open: Vec<_> = places
        .iter()
        .filter(|(_, _, it)| it.is_some_and(|it| !it.acknowledged))
        .collect();
    html! {
        @if works && mine > 0 && desk.may(&[Role::DataOwner]) { (acknowledge(desk, mine)) }
        @if works && desk.may(ASSIGN) { (assign(desk, &places, asked)) } @else { (table(desk, &places, asked, false)) }
        @if works && desk.may(ESCALATE) && !open.is_empty() { (escalate(desk, &open)) }
    }
}

fn table(desk: &Desk<'_>, places: &[Place<'_>], asked: &Asked, picks: bool) -> Markup {
    let row = |(attribute, line, owned): &Place<'_>| {
        let owner = owned.map_or("", |it| it.owner.as_str());
        let status = match owned {
            None => Badge::Blank.saying("no owner"),
            Some(it) if it.acknowledged => badge("acknowledged"),
            Some(_) => badge("assigned"),
        };
        let row = Row::of([html! { (attribute) }, html! { (human(line)) }])
            .sorted(
                owner,
                html! { @if let Some(it) = owned { (desk.person(&it.owner)) } },
            )
            .cell(status)
            .cell(html! {
                @if let Some(it) = owned {
                    @for person in &it.escalated_to { (desk.person(person)) " " }
                }
            });
        match picks {
            false => row,
            true => {
                let value = place_value(attribute, line);
                let was = desk.was_picked("assign", "place", &value);
                row.picked(
                    "place",
                    &value,
                    &format!("Pick {attribute} in {}", human(line)),
                    was,
                )
            }
        }
    };
    let shown = places.iter().skip(asked.from).take(SIZE);
    let table = Table {
        id: "owners",
        caption: "Owners by attribute and line of business",
        columns: &[
            Column::text("Attribute"),
            Column::text("Line of business"),
            Column::text("Owner"),
            Column::text("Status"),
            Column::text("Escalated to"),
        ],
        rows: shown.map(row).collect(),
        empty: "No attribute is in scope yet.",
        filter: true,
    };
    html! { (table.markup()) (pages(asked.from, SIZE, places.len())) }
}

/// An attribute and a line of business as one value of a form.
fn place_value(attribute: &ItemId, line: &str) -> String {
    serde_json::json!([attribute, line]).to_string()
}

fn assign(desk: &Desk<'_>, places: &[Place<'_>], asked: &Asked) -> Markup {
    let free = places.iter().filter(|(_, _, it)| it.is_none());
    let free: Vec<_> = free
        .map(|(attribute, line, _)| place_value(attribute, line))
        .collect();
    let owners = desk.case().run.holders(Role::DataOwner);
    let owners: Vec<_> = owners
        .iter()
        .map(|it| (it.id.to_string(), it.name.to_string()))
        .collect();
    desk.form(&Form::new("assign", "", ASSIGN), "deciding", &html! {
        @for place in &free { (hidden("open", place)) }
        (table(desk, places, asked, true))
        div.bar {
            (choice("assign-owner", "owner", "Owner", &owners, desk.typed("assign", "owner")))
            div.field {
                label for="assign-among" { "Of" }
                select #assign-among name="among" {
                    option value="picked" selected[desk.typed("assign", "among") != "rest"] { "what is picked" }
                    option value="rest" selected[desk.typed("assign", "among") == "rest"] { "all " (free.len()) " without an owner" }
                }
                span.soft data-count="owners" {}
            }
            (desk.reason("assign", false))
            div.acts { button.first data-key="a" data-means="assign the owner" aria-keyshortcuts="a" { "Assign " kbd { "a" } } }
        }
    })
}

fn acknowledge(desk: &Desk<'_>, mine: usize) -> Markup {
    desk.form(&Form::new("acknowledge", "Acknowledge that the data is yours", &[Role::DataOwner]), "acting", &html! {
        p { (mine) " assignments wait for you." }
        div.acts { button.first data-key="a" data-means="acknowledge all" aria-keyshortcuts="a" { "Acknowledge all of them " kbd { "a" } } }
    })
}

fn escalate(desk: &Desk<'_>, open: &[&Place<'_>]) -> Markup {
    let people = desk.case().run.people();
    let people: Vec<_> = people
        .map(|it| (it.id.to_string(), it.name.to_string()))
        .collect();
    let mut attributes: Vec<_> = open.iter().map(|(attribute, _, _)| *attribute).collect();
    attributes.dedup();
    let refused = desk.refused.is_some_and(|it| it.form == "escalate");
    html! {
        details open[refused] {
            summary { "Escalate what is not acknowledged" }
            (desk.form(&Form::new("escalate", "Escalate", ESCALATE), "acting", &html! {
                fieldset {
                    legend { "Attributes" }
                    div.choices {
                        @for attribute in attributes {
                            label { input type="checkbox" name="attribute" value=(attribute) checked[desk.was_picked("escalate", "attribute", attribute.as_str())]; (attribute) }
                        }
                    }
                }
                (choice("escalate-to", "to", "To", &people, desk.typed("escalate", "to")))
                (desk.reason("escalate", true))
                div.acts { button { "Escalate" } }
            }))
        }
    }
}
