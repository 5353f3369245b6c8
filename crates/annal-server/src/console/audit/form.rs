//! The form of the question: what is asked most stands open, the rest unfolds.

use annal_core::{LedgerId, Phase, Role};
use maud::{Markup, html};

use super::ask::{Fields, Kind};
use crate::console::parts::{choice, human};
use crate::console::path;

/// Kinds of decisions, as the filter knows them.
const WHAT: [&str; 11] = [
    "decision",
    "submission",
    "withdrawal",
    "approval",
    "rejection",
    "signature",
    "document_review",
    "test_review",
    "acknowledgement",
    "reopening",
    "confirmation",
];

pub(super) fn form(ledger: &LedgerId, fields: &Fields) -> Markup {
    html! {
        form.asking action=(path::page(ledger, "audit")) method="get" role="search" {
            div.fields {
                (choice("ask", "ask", "Question", &kinds(), &fields.ask))
                (line("words", "Words, for a search", &fields.words))
                (line("person", "Person", &fields.person))
                (choice("phase", "phase", "Phase", &any(Phase::ALL.map(Phase::name)), &fields.phase))
                (day("since", "From (UTC)", &fields.since))
                (day("until", "Until, not included (UTC)", &fields.until))
            }
            details open[more(fields)] {
                summary { "More filters" }
                div.fields {
                    (line("run", "Run", &fields.run))
                    (line("report", "Report", &fields.report))
                    (choice("role", "role", "Role", &any(Role::ALL.map(Role::name)), &fields.role))
                    (line("item", "Item", &fields.item))
                    (choice("what", "what", "Kind of decision", &any(WHAT), &fields.what))
                    (line("verdict", "Verdict", &fields.verdict))
                    (line("code", "Code of the refusal", &fields.code))
                    (choice("clock", "clock", "The period is when it was", &clocks(), &fields.clock))
                    (line("within", "Approved within seconds", &fields.within))
                    (line("slower_than", "Approved after seconds", &fields.slower_than))
                    (line("as_of", "As of position", &fields.as_of))
                }
                p.choices {
                    (check("current", "Only what stands", &fields.current))
                    (check("broken", "Only where four eyes were not kept", &fields.broken))
                }
            }
            p.acts {
                button.first type="submit" { "Ask" }
                a href=(path::page(ledger, "audit")) { "Clear" }
            }
        }
    }
}

/// Whether a field that is folded away narrows the question.
fn more(fields: &Fields) -> bool {
    let folded = [
        &fields.run,
        &fields.report,
        &fields.role,
        &fields.item,
        &fields.what,
        &fields.verdict,
        &fields.code,
        &fields.clock,
        &fields.within,
        &fields.slower_than,
        &fields.current,
        &fields.broken,
    ];
    folded.iter().any(|it| !it.is_empty() && *it != "recorded")
}

fn kinds() -> Vec<(String, String)> {
    Kind::ALL
        .map(|it| (it.name().to_owned(), it.title().to_owned()))
        .to_vec()
}

fn clocks() -> Vec<(String, String)> {
    let clock = |value: &str, shown: &str| (value.to_owned(), shown.to_owned());
    vec![
        clock("recorded", "recorded, by the log's clock"),
        clock("effective", "done, as the person says"),
    ]
}

fn any<const N: usize>(names: [&str; N]) -> Vec<(String, String)> {
    let named = names.into_iter().map(|it| (it.to_owned(), human(it)));
    [(String::new(), "any".to_owned())]
        .into_iter()
        .chain(named)
        .collect()
}

/// A line of text; every field of a question may be left empty.
fn line(name: &str, label: &str, value: &str) -> Markup {
    html! {
        p.field {
            label for=(name) { (label) }
            input type="text" id=(name) name=(name) value=(value) maxlength="2000" autocomplete="off" spellcheck="false";
        }
    }
}

/// A day of the calendar; a time of day can be given in the address.
fn day(name: &str, label: &str, value: &str) -> Markup {
    let day = value.split('T').next().unwrap_or_default();
    html! {
        p.field {
            label for=(name) { (label) }
            input type="date" id=(name) name=(name) value=(day);
        }
    }
}

fn check(name: &str, label: &str, value: &str) -> Markup {
    html! {
        label { input type="checkbox" name=(name) value="yes" checked[!value.is_empty()]; (label) }
    }
}
