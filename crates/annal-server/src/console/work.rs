//! What waits for the viewer, in all their runs, the oldest deadline first.

use annal_core::case::Waiting;
use annal_core::run::RunStatus;
use annal_core::{LedgerId, RunId};
use axum::extract::Query;
use chrono::{DateTime, Utc};
use maud::{Markup, html};
use serde::Deserialize;

use super::desk::mine;
use super::layout::{Area, Here, layout};
use super::parts::{Badge, Column, Row, Table, due, human, words};
use super::path;
use crate::listed::Listed;
use crate::problem::Problem;
use crate::seen::Seen;

/// Runs looked through for one page.
const RUNS: u32 = 25;

/// The route of this page.
pub(crate) fn routes() -> Listed {
    Listed::new().get("/{ledger}/work", page)
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    /// Runs that earlier pages looked through.
    #[serde(default)]
    after: u32,
}

/// Something that waits for the viewer, with its run.
struct Duty {
    run: RunId,
    report: String,
    waiting: Waiting,
}

async fn page(seen: Seen, Query(asked): Query<Asked>) -> Result<Markup, Problem> {
    let audit = &seen.ledger.audit;
    let person = &seen.viewer.person;
    let runs = audit.duties(person, asked.after, RUNS + 1).await?;
    let more = runs.len() > RUNS as usize;
    let mut duties = Vec::new();
    for row in runs.into_iter().take(RUNS as usize) {
        let Some(standing) = seen.ledger.cases.standing(row.run_id).await? else {
            continue;
        };
        let case = &standing.case;
        if case.run.status() != RunStatus::Open {
            continue;
        }
        let report = format!("{} · {}", row.report, row.cycle);
        let waits = case.summary().awaiting.into_iter();
        duties.extend(
            waits
                .filter(|it| mine(case, person, it))
                .map(|waiting| Duty {
                    run: row.run_id,
                    report: report.clone(),
                    waiting,
                }),
        );
    }
    duties.sort_by_key(|it| it.waiting.due_at.unwrap_or(DateTime::<Utc>::MAX_UTC));
    let ledger = &seen.ledger.id;
    let content = html! {
        div data-live-run="" {
            h1 { "My work" }
            p.lead { "What waits for you, " (seen.viewer.name) ". " (said(&duties)) }
            (table(ledger, &duties))
            @if more || asked.after > 0 {
                nav.pages aria-label="Parts of the list" {
                    @if asked.after > 0 { a rel="prev" href={ "?after=" (asked.after.saturating_sub(RUNS)) } { "Earlier deadlines" } }
                    @if more { a rel="next" href={ "?after=" (asked.after + RUNS) } { "Later deadlines" } }
                }
            }
        }
    };
    let here = Here::at(ledger, Area::Work);
    Ok(layout("My work", Some(&seen.viewer), &here, &content))
}

fn said(duties: &[Duty]) -> Markup {
    let now = Utc::now();
    let late = duties
        .iter()
        .filter(|it| it.waiting.due_at.is_some_and(|at| at < now));
    html! { @match late.count() { 0 => {}, late => (Badge::Warns.saying(&format!("{late} past their deadline"))) } }
}

fn table(ledger: &LedgerId, duties: &[Duty]) -> Markup {
    let now = Utc::now();
    let row = |it: &Duty| {
        let place = path::phase(ledger, it.run, it.waiting.phase);
        Row::of([
            html! { a href=(place) { (words::action(it.waiting.awaited.action)) } },
            words::subject(&it.waiting),
            html! { (human(it.waiting.phase.name())) },
            html! { a href=(path::run(ledger, it.run)) { (it.report) } },
            html! { (words::role(it.waiting.awaited.role)) },
        ])
        .sorted(
            it.waiting.due_at.map_or(i64::MAX, |it| it.timestamp()),
            html! { @if let Some(at) = it.waiting.due_at { (due(at, now)) } @else { span.soft { "no deadline" } } },
        )
    };
    Table {
        id: "work",
        caption: "What waits for you",
        columns: &[
            Column::text("To do"),
            Column::text("On what"),
            Column::text("Phase"),
            Column::text("Run"),
            Column::text("As"),
            Column::text("Due"),
        ],
        rows: duties.iter().map(row).collect(),
        empty: "Nothing waits for you.",
        filter: true,
    }
    .markup()
}
