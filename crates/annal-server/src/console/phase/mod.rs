//! One phase of a run: where it stands, what waits there for whom, and everything that can be done in it.

mod draft;
mod evidence;
mod owners;
mod report;
mod tests;
mod versioned;

use annal_core::Role;
use annal_core::case::PhaseSummary;
use annal_core::definition::PhaseDef;
use annal_core::dossier::Stage;
use annal_core::run::PhaseStatus;
use annal_core::{Phase, Position};
use axum::extract::{Path, Query, State};
use maud::{Markup, html};
use serde::Deserialize;

use super::desk::{Desk, Form, Refused};
use super::layout::{Area, Here, layout};
use super::parts::{Column, Row, Table, due, human, words};
use super::path;
use super::runs::state;
use crate::app::App;
use crate::console::parts::Badge;
use crate::listed::Listed;
use crate::problem::Problem;
use crate::seen::SeenRun;

/// The routes of this page.
pub(crate) fn routes() -> Listed {
    Listed::new().get("/{ledger}/runs/{run}/{phase}", page)
}

/// What the path of a phase's page names.
#[derive(Debug, Deserialize)]
pub(crate) struct OfPhase {
    phase: String,
}

impl OfPhase {
    /// The phase; not found where no such phase is in the run's definition.
    pub(crate) fn of(&self, run: &SeenRun) -> Result<Phase, Problem> {
        let unknown = || Problem::not_found(format_args!("phase '{}' in this run", self.phase));
        let phase: Phase = self.phase.parse().map_err(|_| unknown())?;
        let plan = run.standing.case.definition.phase(phase);
        plan.map(|it| it.phase).ok_or_else(unknown)
    }
}

/// What a phase's page is asked for with.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    /// What was just done here: its first and last event.
    #[serde(default)]
    pub(crate) done: Option<String>,
    /// Where a long table goes on.
    #[serde(default)]
    pub(crate) from: usize,
}

async fn page(
    State(app): State<App>,
    run: SeenRun,
    Path(of): Path<OfPhase>,
    Query(asked): Query<Asked>,
) -> Result<Markup, Problem> {
    let phase = of.of(&run)?;
    shown(&app, &run, phase, &asked, None).await
}

/// The page of a phase, with what was refused there.
pub(crate) async fn shown(
    app: &App,
    run: &SeenRun,
    phase: Phase,
    asked: &Asked,
    refused: Option<&Refused>,
) -> Result<Markup, Problem> {
    let desk = Desk::of(run, Some(phase), refused);
    let summary = desk.case().summary();
    let missing = || Problem::not_found(format_args!("phase '{phase}' in this run"));
    let here = summary.phase(phase).ok_or_else(missing)?;
    let plan = desk.case().definition.phase(phase).ok_or_else(missing)?;
    let rest = match phase {
        Phase::DataOwnerId => owners::trail(&desk, here, asked),
        Phase::RequestInfo => evidence::trail(&desk, here),
        Phase::TestExecution => tests::trail(&desk, here, asked),
        Phase::TestReport => {
            let signing = report::signing(app, &desk).await?;
            versioned::versions(&desk, here, plan, asked, Some(&signing)).await?
        }
        _ => versioned::versions(&desk, here, plan, asked, None).await?,
    };
    let content = html! {
        div data-live-run=(desk.id()) {
            h1 { (human(phase.name())) }
            (head(&desk, here, plan))
            (done(&desk, asked.done.as_deref()))
            (waiting(&desk, &summary, phase))
            (rest)
            (executive(&desk, here))
        }
    };
    let above = [
        ("Runs".to_owned(), path::runs(desk.ledger())),
        (desk.title(), path::run(desk.ledger(), desk.id())),
    ];
    let title = format!("{} · {}", human(phase.name()), desk.title());
    let place = Here::at(desk.ledger(), Area::Runs).below(&above);
    Ok(layout(&title, Some(&run.seen.viewer), &place, &content))
}

fn head(desk: &Desk<'_>, here: &PhaseSummary, plan: &PhaseDef) -> Markup {
    let (badge, state) = state(here);
    let roles = |roles: &[Role]| {
        let names: Vec<_> = roles.iter().map(|it| words::role(*it)).collect();
        names.join(", then ")
    };
    html! {
        p.lead { (badge.saying(state)) @if let Some(due_at) = here.due_at { " · due " (due(due_at, desk.now)) } }
        dl.facts {
            div { dt { "Worked on by" } dd { (roles(&[plan.work])) } }
            div {
                dt { "Approved by" }
                dd { (roles(&plan.approve)) @if let Some(only_if) = &plan.approve_only_if { " only if " code { (only_if) } } }
            }
            div { dt { "Time limit" } dd { (plan.time_limit_hours) " h" } }
            @if let Some(start_if) = &plan.start_if { div { dt { "Starts only if" } dd { code { (start_if) } } } }
            div {
                dt { "Comes after" }
                dd {
                    @if plan.after.is_empty() { "the opening" }
                    @for (index, before) in plan.after.iter().enumerate() {
                        @if index > 0 { " and " }
                        a href=(path::phase(desk.ledger(), desk.id(), *before)) { (human(before.name())) }
                    }
                }
            }
        }
    }
}

/// What was just done, by its first and last event.
pub(crate) fn done(desk: &Desk<'_>, events: Option<&str>) -> Markup {
    let events = events.and_then(|it| it.split_once('-'));
    let events = events.and_then(|(first, last)| Some((first.parse().ok()?, last.parse().ok()?)));
    html! {
        @if let Some((first, last)) = events {
            p.notice role="status" {
                "Done. It is recorded as "
                a href=(path::event(desk.ledger(), first)) { "event " (first) }
                @if last != first { " to " a href=(path::event(desk.ledger(), last)) { (last) } }
                "."
            }
        }
    }
}

/// What waits here, and for whom.
fn waiting(desk: &Desk<'_>, summary: &annal_core::Summary, phase: Phase) -> Markup {
    let rows = summary.awaiting.iter().filter(|it| it.phase == phase);
    let rows = rows.map(|it| {
        let whom = match &it.awaited.person {
            Some(person) => desk.person(person),
            None => html! { "anyone who is " (words::role(it.awaited.role)) },
        };
        Row::of([
            html! { (words::action(it.awaited.action)) },
            words::subject(it),
            html! { (whom) @if desk.is_mine(it) { " " (Badge::Waits.saying("you")) } },
        ])
    });
    let table = Table {
        id: "waiting",
        caption: "What waits here",
        columns: &[
            Column::text("To do"),
            Column::text("On what"),
            Column::text("For whom"),
        ],
        rows: rows.collect(),
        empty: "Nothing waits here for anybody.",
        filter: false,
    };
    html! { section.stack aria-label="What waits here" { (table.markup()) } }
}

/// What only a test executive does.
fn executive(desk: &Desk<'_>, here: &PhaseSummary) -> Markup {
    const EXECUTIVE: &[Role] = &[Role::TestExecutive];
    let reopens = here.status == PhaseStatus::Completed && here.stage == Stage::Closed;
    let confirms = reopens && here.stale;
    html! {
        @if desk.may(EXECUTIVE) && (reopens || confirms) {
            h2 { "As test executive" }
            @if confirms {
                (desk.form(&Form::new("confirm", "Confirm that it stands as it is", EXECUTIVE), "acting", &html! {
                    (desk.reason("confirm", true))
                    div.acts { button.first { "Confirm" } }
                }))
            }
            (desk.form(&Form::new("reopen", "Reopen the phase", EXECUTIVE), "acting", &html! {
                p { "What depends on it is marked stale; nothing is deleted." }
                (desk.reason("reopen", true))
                div.acts { button.against { "Reopen" } }
            }))
        }
    }
}

/// Links to the parts of a long table.
pub(crate) fn pages(from: usize, size: usize, all: usize) -> Markup {
    pages_at(from, size, all, None)
}

/// As [`pages`], of a table as it was at a position.
pub(crate) fn pages_at(from: usize, size: usize, all: usize, position: Option<Position>) -> Markup {
    let part = |from: usize| {
        let position = position.map_or_else(String::new, |it| format!("&position={it}"));
        format!("?from={from}{position}")
    };
    html! {
        @if all > size {
            nav.pages aria-label="Parts of the table" {
                @if from > 0 { a href=(part(from.saturating_sub(size))) rel="prev" { "Before" } }
                span { (from + 1) " to " (all.min(from + size)) " of " (all) }
                @if from + size < all { a href=(part(from + size)) rel="next" { "Next" } }
            }
        }
    }
}
