//! What waits for the viewer, in all their runs, the oldest deadline first.

use annal_core::LedgerId;
use axum::extract::Query;
use chrono::Utc;
use maud::{Markup, html};
use serde::Deserialize;

use super::layout::{Area, Here, layout};
use super::parts::{Badge, Column, Row, Table, due, human, words};
use super::path;
use crate::duties::Duty;
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

async fn page(seen: Seen, Query(asked): Query<Asked>) -> Result<Markup, Problem> {
    let audit = &seen.ledger.audit;
    let person = &seen.viewer.person;
    let runs = audit.duties(person, asked.after, RUNS + 1).await?;
    let more = runs.len() > RUNS as usize;
    let runs = runs.into_iter().take(RUNS as usize).collect();
    let duties = seen.ledger.duties.of(&seen.ledger, person, runs).await?;
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
        let run = it.run.run_id;
        let place = path::phase(ledger, run, it.waiting.phase);
        Row::of([
            html! { a href=(place) { (words::action(it.waiting.awaited.action)) } },
            words::subject(&it.waiting),
            html! { (human(it.waiting.phase.name())) },
            html! { a href=(path::run(ledger, run)) { (it.run.report) " · " (it.run.cycle) } },
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
