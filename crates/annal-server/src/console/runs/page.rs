//! Where a run stands: its phases as a graph, what waits for whom, its steps and transitions, its people.

use annal_audit::{RunDetail, StepRow, TransitionRow};
use annal_core::definition::Definition;
use annal_core::dossier::event::FileRef;
use annal_core::run::RunStatus;
use annal_core::{Role, Summary};
use axum::extract::{Path, Query};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::graph::graph;
use crate::console::desk::{Desk, Form, Refused};
use crate::console::layout::{Area, Here, layout};
use crate::console::parts::{
    Badge, Column, Row, Table, badge, choice, due, human, text, time, words,
};
use crate::console::path;
use crate::console::phase::done;
use crate::problem::Problem;
use crate::seen::SeenRun;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    done: Option<String>,
}

pub(super) async fn page(run: SeenRun, Query(asked): Query<Asked>) -> Result<Markup, Problem> {
    whole(&run, asked.done.as_deref(), None).await
}

/// The page of a run, with what was refused there.
pub(crate) async fn shown(run: &SeenRun, refused: Option<&Refused>) -> Result<Markup, Problem> {
    whole(run, None, refused).await
}

async fn whole(
    run: &SeenRun,
    was_done: Option<&str>,
    refused: Option<&Refused>,
) -> Result<Markup, Problem> {
    let desk = Desk::of(run, None, refused);
    let audit = &run.seen.ledger.audit;
    let detail = audit.run(run.run).await?;
    let steps = audit.steps(run.run).await?.rows;
    let transitions = audit.transitions(run.run).await?.rows;
    let summary = desk.case().summary();
    let ledger = desk.ledger();
    let content = html! {
        div data-live-run=(run.run) {
            h1 { (desk.title()) }
            p.lead { (badge(&detail.run.status)) " · definition " (detail.run.definition) }
            (done(&desk, was_done))
            (graph(desk.case(), &summary.phases, |phase| path::phase(ledger, run.run, phase)))
            (waiting(&desk, &summary))
            (facts(&desk, &detail))
            (people(&desk))
            (transitions_taken(&desk, &transitions))
            (all_steps(&desk, &steps))
            (acts(&desk))
        }
    };
    let above = [("Runs".to_owned(), path::runs(ledger))];
    let here = Here::at(ledger, Area::Runs).below(&above);
    Ok(layout(
        &desk.title(),
        Some(&run.seen.viewer),
        &here,
        &content,
    ))
}

fn waiting(desk: &Desk<'_>, summary: &Summary) -> Markup {
    let row = |it: &annal_core::case::Waiting| {
        let whom = match &it.awaited.person {
            Some(person) => desk.person(person),
            None => html! { "anyone who is " (words::role(it.awaited.role)) },
        };
        Row::of([
            html! { a href=(path::phase(desk.ledger(), desk.id(), it.phase)) { (words::action(it.awaited.action)) } },
            html! { (human(it.phase.name())) },
            words::subject(it),
            html! { (whom) @if desk.is_mine(it) { " " (Badge::Waits.saying("you")) } },
        ])
        .sorted(
            it.due_at.map_or(i64::MAX, |it| it.timestamp()),
            html! { @if let Some(at) = it.due_at { (due(at, desk.now)) } },
        )
    };
    Table {
        id: "waiting",
        caption: "What waits for whom",
        columns: &[
            Column::text("To do"),
            Column::text("Phase"),
            Column::text("On what"),
            Column::text("For whom"),
            Column::text("Due"),
        ],
        rows: summary.awaiting.iter().map(row).collect(),
        empty: "Nothing waits for anybody.",
        filter: false,
    }
    .markup()
}

fn facts(desk: &Desk<'_>, detail: &RunDetail) -> Markup {
    let run = &detail.run;
    let opening = desk.case().run.opening();
    html! {
        h2 { "About the run" }
        dl.facts {
            div { dt { "Run" } dd { code { (run.run_id) } } }
            div { dt { "Opened" } dd { (time(run.opened_at)) " by " (desk.person(&run.opened_by)) } }
            @if let Some(at) = run.completed_at { div { dt { "Ended" } dd { (time(at)) } } }
            @if let Some(reason) = &run.reason { div { dt { "Why" } dd.reason { (reason) } } }
            div { dt { "Definition" } dd { (run.definition) " " code.hash title=(run.definition_sha256) { (run.definition_sha256.get(..12).unwrap_or_default()) } } }
            div { dt { "Events" } dd { a href=(path::page(desk.ledger(), &format!("audit?run={}", run.run_id))) { (run.events) } } }
            @if let Some(opening) = opening {
                div { dt { "Data" } dd { (opening.data.name) } }
                div { dt { "Dictionary" } dd { (opening.dictionary.name) } }
                div { dt { "Lines of business" } dd { (opening.lines_of_business.iter().map(|it| human(it)).collect::<Vec<_>>().join(", ")) } }
                div { dt { "Samples, seed" } dd { (opening.sample_size) ", " (opening.seed) } }
            }
            @if let Some(workflow) = &run.workflow_id {
                div {
                    dt { "Workflow" }
                    dd { code { (workflow) }}
                }
            }
        }
    }
}

fn people(desk: &Desk<'_>) -> Markup {
    let rows = desk.case().run.people().map(|it| {
        let roles: Vec<_> = it.roles.iter().map(|role| words::role(*role)).collect();
        Row::of([desk.person(&it.id), html! { (roles.join(", ")) }])
    });
    let table = Table {
        id: "people",
        caption: "People",
        columns: &[Column::text("Person"), Column::text("Roles")],
        rows: rows.collect(),
        empty: "Nobody is on the register.",
        filter: false,
    };
    html! { section.stack aria-label="People" { (table.markup()) } }
}

fn transitions_taken(desk: &Desk<'_>, rows: &[TransitionRow]) -> Markup {
    let row = |it: &TransitionRow| {
        let from: Vec<_> = it.from_phases.iter().map(|it| human(it.name())).collect();
        Row::of([
            html! { (human(it.to_phase.name())) },
            html! { @if from.is_empty() { "the opening" } @else { (from.join(" and ")) } },
            html! { (human(&it.kind)) },
            html! { @if let Some(condition) = &it.condition { code { (condition) } } },
            html! { @match it.result { Some(true) => (Badge::Good.saying("holds")), Some(false) => (Badge::Past.saying("does not hold")), None => "" } },
        ])
        .sorted(it.position, html! { a href=(path::event(desk.ledger(), it.position)) { (time(it.at)) } })
    };
    let table = Table {
        id: "transitions",
        caption: "Transitions that were taken",
        columns: &[
            Column::text("To"),
            Column::text("From"),
            Column::text("Kind"),
            Column::text("Condition"),
            Column::text("Result"),
            Column::text("When"),
        ],
        rows: rows.iter().map(row).collect(),
        empty: "None was taken yet.",
        filter: false,
    };
    html! { section.stack aria-label="Transitions" { (table.markup()) } }
}

fn all_steps(desk: &Desk<'_>, steps: &[StepRow]) -> Markup {
    let row = |it: &StepRow| {
        let late = it.timed_out_at.is_some();
        Row::of([
            html! { code { (it.step_id) } },
            html! { (it.role.map_or_else(|| it.kind.clone(), words::role)) },
            html! { (badge(&it.status)) @if late { " " (Badge::Warns.saying("late")) } },
            html! { @if let Some(outcome) = &it.outcome { (human(outcome)) } @if let Some(error) = &it.error { div.soft { (error) } } @if let Some(why) = &it.why { div.soft { (why) } } },
        ])
        .sorted(it.attempts, html! { (it.attempts) })
        .sorted(it.scheduled_at.timestamp_micros(), time(it.scheduled_at))
        .sorted(it.due_at.map_or(0, |it| it.timestamp()), html! { @if let Some(at) = it.due_at { (time(at)) } })
        .sorted(it.completed_at.map_or(0, |it| it.timestamp_micros()), html! {
            @if let Some(at) = it.completed_at { (time(at)) }
            @if let Some(by) = &it.completed_by { div { (desk.person(by)) } }
        })
    };
    let table = Table {
        id: "steps",
        caption: "Steps",
        columns: &[
            Column::text("Step"),
            Column::text("Done by"),
            Column::text("Status"),
            Column::text("Outcome"),
            Column::number("Tries"),
            Column::text("Scheduled"),
            Column::text("Due"),
            Column::text("Ended"),
        ],
        rows: steps.iter().map(row).collect(),
        empty: "There is no step yet.",
        filter: true,
    };
    html! {
        h2 { "Steps" }
        details { summary { (steps.len()) " steps" } (table.markup()) }
    }
}

/// What is done to the run as a whole.
fn acts(desk: &Desk<'_>) -> Markup {
    const EXECUTIVE: &[Role] = &[Role::TestExecutive];
    const REGISTER: &[Role] = &[Role::Admin, Role::TestExecutive];
    let newer = newer(desk);
    html! {
        @if desk.case().run.status() == RunStatus::Open && desk.holds(REGISTER) {
            h2 { "The run as a whole" }
            (desk.form(&Form::new("register", "Register a person", REGISTER), "acting", &html! {
                (text("register-person", "person", "Id", desk.typed("register", "person"), true))
                (text("register-name", "name", "Name, as it is printed", desk.typed("register", "name"), true))
                fieldset {
                    legend { "All roles that they hold from now on" }
                    div.choices {
                        @for role in Role::ALL.into_iter().filter(|it| *it != Role::Engine) {
                            label { input type="checkbox" name="roles" value=(role.name()) checked[desk.was_picked("register", "roles", role.name())]; (words::role(role)) }
                        }
                    }
                }
                (desk.reason("register", false))
                div.acts { button { "Register" } }
            }))
            @if !newer.is_empty() {
                (desk.form(&Form::new("move", "Move it to a newer definition", REGISTER), "acting", &html! {
                    (choice("move-to", "to", "Definition", &newer, desk.typed("move", "to")))
                    (desk.reason("move", true))
                    div.acts { button { "Move" } }
                }))
            }
            @if desk.holds(EXECUTIVE) {
                (desk.form(&Form::new("cancel", "Cancel the run", EXECUTIVE), "acting", &html! {
                    p { "Nothing more can be done in it then; nothing is deleted." }
                    (desk.reason("cancel", true))
                    div.acts { button.against { "Cancel the run" } }
                }))
            }
        }
    }
}

fn newer(desk: &Desk<'_>) -> Vec<(String, String)> {
    let now = &desk.case().definition.version;
    let newer = Definition::all().iter().map(|it| &it.version);
    let newer = newer.filter(|it| *it > now);
    newer.map(|it| (it.to_string(), it.to_string())).collect()
}

/// A file that the run speaks of: its data, its dictionary, a document. Only those, and only to who sees the run.
pub(super) async fn file(
    run: SeenRun,
    Path((_, _, sha256)): Path<(String, String, String)>,
) -> Result<Response, Problem> {
    let case = &run.standing.case;
    let is_it = |it: &FileRef| it.sha256 == sha256;
    let opening = case.run.opening();
    let of_opening = opening.is_some_and(|it| is_it(&it.data) || is_it(&it.dictionary));
    let dossier = case.dossier(annal_core::Phase::RequestInfo);
    if !of_opening && !dossier.documents.values().any(|it| is_it(&it.file)) {
        return Err(Problem::not_found(format_args!(
            "file '{sha256}' in this run"
        )));
    }
    let bytes = run.seen.ledger.log.file(&sha256).await?;
    // Whatever it holds, a browser keeps it and never shows it as a page of ours.
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CONTENT_DISPOSITION, "attachment"),
    ];
    Ok((headers, bytes).into_response())
}
