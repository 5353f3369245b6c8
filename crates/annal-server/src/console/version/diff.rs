//! What is different between two versions of a phase, or between two moments of one.

use annal_audit::{At, ContentShown, DecisionChange, Diff, ItemShown, VersionRow};
use annal_core::item::DecisionLevel;
use annal_core::version::VersionRef;
use annal_core::{PersonId, Phase, Position, VersionNo};
use axum::extract::{Path, Query};
use maud::{Markup, html};
use serde::Deserialize;

use crate::console::desk::Desk;
use crate::console::items::{Said, verdict};
use crate::console::layout::{Area, Here, layout};
use crate::console::parts::{Column, Row, Table, badge, human, time, version_link};
use crate::console::phase::OfPhase;
use crate::console::{items, path};
use crate::problem::{Problem, kinds};
use crate::seen::SeenRun;

#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    /// A version's number, `@` and a position where it is meant as it was then.
    a: String,
    b: String,
}

pub(super) async fn page(
    run: SeenRun,
    Path(of): Path<OfPhase>,
    Query(asked): Query<Asked>,
) -> Result<Markup, Problem> {
    let phase = of.of(&run)?;
    let audit = &run.seen.ledger.audit;
    let (a, b) = (side(&run, phase, &asked.a)?, side(&run, phase, &asked.b)?);
    let diff = audit.diff_at(a, b).await?;
    let rows = audit.versions(run.run, Some(phase)).await?.rows;
    let desk = Desk::of(&run, Some(phase), None);
    let content = html! {
        h1 { "Differences in " (human(phase.name())) }
        (chooser(&desk, &rows, &asked))
        (sides(&desk, &diff))
        (added(&desk, &diff))
        (gone(&desk, &diff))
        (contents(&desk, &diff))
        (decisions(&desk, &diff))
    };
    let above = [
        ("Runs".to_owned(), path::runs(desk.ledger())),
        (desk.title(), path::run(desk.ledger(), run.run)),
        (
            human(phase.name()),
            path::phase(desk.ledger(), run.run, phase),
        ),
    ];
    let here = Here::at(desk.ledger(), Area::Runs).below(&above);
    Ok(layout(
        "Differences",
        Some(&run.seen.viewer),
        &here,
        &content,
    ))
}

fn side(run: &SeenRun, phase: Phase, text: &str) -> Result<(VersionRef, At), Problem> {
    let bad = || {
        let detail = format!(
            "'{text}' names no version; write its number, or NUMBER@POSITION for how it was then"
        );
        Problem::new(&kinds::INVALID_QUERY, detail)
    };
    let (number, at) = match text.split_once('@') {
        Some((number, at)) => (
            number,
            At::Position(at.parse::<Position>().map_err(|_| bad())?),
        ),
        None => (text, At::Latest),
    };
    let number: VersionNo = number.parse().map_err(|_| bad())?;
    let version = VersionRef {
        run: run.run,
        phase,
        number,
    };
    Ok((version, at))
}

/// Two fields that take a number, or a number and a position.
fn chooser(desk: &Desk<'_>, rows: &[VersionRow], asked: &Asked) -> Markup {
    let known: Vec<_> = rows.iter().map(|it| it.number.to_string()).collect();
    let hint = format!(
        "Versions {}. NUMBER@POSITION is a version as it was when the log stood there.",
        known.join(", ")
    );
    let action = desk
        .phase
        .map(|phase| format!("{}/diff", path::phase(desk.ledger(), desk.id(), phase)));
    html! {
        form.search method="get" action=[action] {
            label for="diff-a" { "From" }
            input #diff-a type="text" name="a" value=(asked.a) aria-describedby="diff-hint" required;
            label for="diff-b" { "To" }
            input #diff-b type="text" name="b" value=(asked.b) aria-describedby="diff-hint" required;
            button { "Compare" }
            p #diff-hint .soft { (hint) }
        }
    }
}

fn sides(desk: &Desk<'_>, diff: &Diff) -> Markup {
    html! {
        p.lead {
            (version_link(desk.ledger(), diff.a.0)) " at " (diff.a.1) " → " (version_link(desk.ledger(), diff.b.0)) " at " (diff.b.1)
        }
        p {
            (diff.added.len()) " added, " (diff.removed.len()) " gone, " (diff.content.len()) " changed in content, "
            (diff.decisions.len()) " decisions differ, " (diff.unchanged) " the same; " (diff.carried.len()) " came along from an earlier version."
        }
    }
}

fn added(desk: &Desk<'_>, diff: &Diff) -> Markup {
    let row = |it: &ItemShown| {
        Row::of([
            html! { ins { (it.item) } },
            values(&it.content, None),
            html! { (desk.person(&it.added.by)) },
            time(it.added.at),
        ])
    };
    table(
        "added",
        "Added",
        &["Item", "Says", "By", "When"],
        diff.added.iter().map(row).collect(),
    )
}

fn gone(desk: &Desk<'_>, diff: &Diff) -> Markup {
    let rows = diff.removed.iter().map(|it| {
        let how = match &it.removed {
            Some(act) => html! { "taken out by " (desk.person(&act.by)) " " (time(act.at)) @if let Some(reason) = &act.reason { div.reason { (reason) } } },
            None => html! { "left behind" },
        };
        Row::of([html! { del { (it.item.item) } }, values(&it.item.content, None), decided(desk, &it.item), how])
    });
    table(
        "gone",
        "Gone",
        &["Item", "Said", "Decisions", "How"],
        rows.collect(),
    )
}

fn decided(desk: &Desk<'_>, item: &ItemShown) -> Markup {
    let people = |id: &PersonId| desk.person(id);
    html! {
        @for it in [&item.tester, &item.report_owner].into_iter().flatten() {
            div { (verdict(Some(Said::from(it)), desk.ledger(), &people)) }
        }
    }
}

fn contents(desk: &Desk<'_>, diff: &Diff) -> Markup {
    let rows = diff.content.iter().map(|it| {
        Row::of([
            html! { (it.item) },
            values(&it.before, Some((&it.after, false))),
            values(&it.after, Some((&it.before, true))),
            html! {
                (desk.person(&it.changed.by)) " " (time(it.changed.at))
                @if let Some(reason) = &it.changed.reason { div.reason { (reason) } }
            },
        ])
    });
    table(
        "contents",
        "Says something else",
        &["Item", "Before", "After", "By"],
        rows.collect(),
    )
}

fn decisions(desk: &Desk<'_>, diff: &Diff) -> Markup {
    let people = |id: &PersonId| desk.person(id);
    let said = |it: &Option<annal_audit::DecisionShown>| {
        verdict(it.as_ref().map(Said::from), desk.ledger(), &people)
    };
    let row = |it: &DecisionChange| {
        let level = match it.level {
            DecisionLevel::Tester => "tester",
            DecisionLevel::ReportOwner => "report_owner",
        };
        Row::of([
            html! { (it.item) },
            badge(level),
            said(&it.before),
            said(&it.after),
        ])
    };
    table(
        "decisions",
        "Decided otherwise",
        &["Item", "Level", "Before", "After"],
        diff.decisions.iter().map(row).collect(),
    )
}

fn table(
    id: &'static str,
    caption: &'static str,
    columns: &[&'static str],
    rows: Vec<Row>,
) -> Markup {
    if rows.is_empty() {
        return html! {};
    }
    let columns: Vec<_> = columns.iter().map(|it| Column::text(it)).collect();
    let table = Table {
        id,
        caption,
        columns: &columns,
        rows,
        empty: "",
        filter: true,
    };
    html! { h2 { (caption) } (table.markup()) }
}

/// What an item says, field by field; beside another content only what differs, marked.
fn values(content: &ContentShown, other: Option<(&ContentShown, bool)>) -> Markup {
    let fields = |content: &ContentShown| {
        serde_json::to_value(content)
            .unwrap_or_else(|error| serde_json::json!({ "unreadable": error.to_string() }))
    };
    let (own, other) = (
        fields(content),
        other.map(|(it, newer)| (fields(it), newer)),
    );
    let own = own.as_object().cloned().unwrap_or_default();
    let differs = |name: &str, value: &serde_json::Value| {
        other
            .as_ref()
            .is_none_or(|(it, _)| it.get(name) != Some(value))
    };
    let shown = own
        .iter()
        .filter(|(name, value)| *name != "kind" && !value.is_null() && differs(name, value));
    html! {
        dl.values {
            @for (name, value) in shown {
                dt { (human(name)) }
                dd {
                    @match &other {
                        Some((_, true)) => ins { (items::word(value)) },
                        Some((_, false)) => del { (items::word(value)) },
                        None => (items::word(value)),
                    }
                }
            }
        }
    }
}
