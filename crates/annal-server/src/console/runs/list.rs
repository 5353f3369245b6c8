//! All runs that somebody sees, with how far each one is.

use annal_audit::{BoardFilter, BoardRow, StepRow};
use annal_core::definition::Definition;
use annal_core::{LedgerId, Phase, Position};
use axum::extract::Query;
use chrono::{DateTime, Utc};
use maud::{Markup, html};
use serde::Deserialize;

use crate::console::layout::{Area, Here, layout};
use crate::console::parts::{Badge, Column, Row, Table, badge, due, human, time};
use crate::console::path;
use crate::problem::Problem;
use crate::seen::Seen;
use crate::viewer::Access;

/// What the list is asked for with.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    status: String,
    #[serde(default)]
    text: String,
    before: Option<Position>,
}

pub(super) async fn page(seen: Seen, Query(asked): Query<Asked>) -> Result<Markup, Problem> {
    let said = |text: &str| Some(text.trim().to_owned()).filter(|it| !it.is_empty());
    let filter = BoardFilter {
        person: seen.only(),
        status: said(&asked.status),
        text: said(&asked.text),
        before: asked.before,
        ..BoardFilter::default()
    };
    let page = seen.ledger.audit.board(&filter).await?;
    let ledger = &seen.ledger.id;
    let now = Utc::now();
    let opens = seen.viewer.holds(ledger, Access::Member);
    let content = html! {
        div data-live-run="" {
            h1 { "Runs" }
            p.lead { "One report in one test cycle, led through its phases." }
            div.acts {
                @if opens { a.button.first href=(path::page(ledger, "runs/new")) { "Open a run" } }
                a.button href=(path::page(ledger, "metrics")) { "Figures" }
            }
            (search(ledger, &asked))
            (table(ledger, &page.rows, now))
            @if let Some(next) = page.next {
                nav.pages aria-label="Parts of the list" { a rel="next" href=(further(&asked, next)) { "Older runs" } }
            }
        }
    };
    let here = Here::at(ledger, Area::Runs);
    Ok(layout("Runs", Some(&seen.viewer), &here, &content))
}

fn further(asked: &Asked, next: Position) -> String {
    let (status, text) = (path::escaped(&asked.status), path::escaped(&asked.text));
    format!("?status={status}&text={text}&before={next}")
}

fn search(ledger: &LedgerId, asked: &Asked) -> Markup {
    html! {
        form.search role="search" method="get" action=(path::runs(ledger)) {
            label for="text" { "Report or cycle" }
            input #text type="search" name="text" value=(asked.text);
            label for="status" { "Status" }
            select #status name="status" {
                @for (value, shown) in [("", "all"), ("open", "open"), ("completed", "completed"), ("cancelled", "cancelled")] {
                    option value=(value) selected[value == asked.status] { (shown) }
                }
            }
            button { "Search" }
        }
    }
}

fn table(ledger: &LedgerId, rows: &[BoardRow], now: DateTime<Utc>) -> Markup {
    let row = |it: &BoardRow| {
        let first = it.waiting.first();
        let due_at = first.and_then(|it| it.due_at);
        Row::default()
            .sorted(
                format!("{} {}", it.run.report, it.run.cycle),
                html! {
                    a href=(path::run(ledger, it.run.run_id)) { (it.run.report) " · " (it.run.cycle) }
                    div.soft { "definition " (it.run.definition) }
                },
            )
            .cell(badge(&it.run.status))
            .cell(phase_bar(it))
            .cell(html! { @for step in &it.waiting { (waits(step)) } @if it.waiting.is_empty() { span.soft { "nobody" } } })
            .sorted(
                due_at.map_or(i64::MAX, |it| it.timestamp()),
                html! { @if let Some(at) = due_at { (due(at, now)) } @else { span.soft { "–" } } },
            )
            .sorted(it.run.last_event_at.timestamp(), time(it.run.last_event_at))
    };
    Table {
        id: "runs",
        caption: "Runs, the newest first",
        columns: &[
            Column::text("Report and cycle"),
            Column::text("Status"),
            Column::plain("Phases"),
            Column::text("Waits for"),
            Column::text("Next deadline"),
            Column::text("Last event"),
        ],
        rows: rows.iter().map(row).collect(),
        empty: "There is no run here that you see.",
        filter: false,
    }
    .markup()
}

fn waits(step: &StepRow) -> Markup {
    let role = step
        .role
        .map_or_else(|| "somebody".to_owned(), |it| human(it.name()));
    html! { div { (role) " " span.soft { (human(step.phase.name())) } } }
}

/// The phases of the run's definition in a row, each with a symbol and, for who does not see it, its words.
fn phase_bar(row: &BoardRow) -> Markup {
    let definition = row.run.definition.parse().ok();
    let definition = definition.and_then(|it| Definition::builtin(&it).ok());
    let phases: Vec<Phase> = match &definition {
        Some(definition) => definition.phases.iter().map(|it| it.phase).collect(),
        None => row.phases.iter().map(|it| it.phase).collect(),
    };
    html! {
        ol.bar9 {
            @for phase in phases {
                @let here = row.phase(phase);
                @let status = here.map_or("waiting", |it| it.status.as_str());
                @let stale = here.is_some_and(|it| it.stale);
                @let (meaning, word) = if stale { (Badge::Warns, "stale") } else { (Badge::of(status), status) };
                li class=(meaning.class()) title=(format!("{}: {word}", human(phase.name()))) {
                    span aria-hidden="true" { (meaning.symbol()) }
                    span.unseen { (human(phase.name())) ": " (word) }
                }
            }
        }
    }
}
