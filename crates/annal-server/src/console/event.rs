//! One event: its whole envelope, what stands around it, where Temporal has it, and its proof.

use annal_audit::{EventInPlace, Neighbour, run_of};
use annal_core::envelope::{Provenance, Recorded};
use annal_core::{LedgerId, Position};
use annal_verify::Checkpoint;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde_json::Value;

use super::layout::{Area, Here, layout};
use super::parts::{human, person, time};
use super::path;
use crate::app::App;
use crate::listed::Listed;
use crate::problem::{Problem, kinds};
use crate::seen::Seen;

/// The routes of events.
pub(super) fn routes() -> Listed {
    Listed::new()
        .get("/{ledger}/events/{position}", page)
        .get("/{ledger}/events/{position}/proof.json", proof)
}

/// `GET /{ledger}/events/{position}`
async fn page(
    seen: Seen,
    State(app): State<App>,
    Path((_, position)): Path<(LedgerId, Position)>,
) -> Result<Markup, Problem> {
    let ledger = &seen.ledger.id;
    let found = permitted(&seen, position).await?;
    let checkpoints = app.checkpoints().of(ledger).await?;
    let covering = checkpoints.iter().find(|it| it.size >= position.0);
    let content = html! {
        h1 { "Event " (position) }
        p.lead { (found.sentence) }
        (neighbours(ledger, &found))
        (envelope(&app, ledger, &found))
        (payload(&found.event))
        (proved(ledger, position, covering))
    };
    let above = [("Audit".to_owned(), path::page(ledger, "audit"))];
    let here = Here::at(ledger, Area::Audit).below(&above);
    Ok(layout(
        &format!("Event {position}"),
        Some(&seen.viewer),
        &here,
        &content,
    ))
}

/// Who sees only some runs sees only their events.
async fn permitted(seen: &Seen, position: Position) -> Result<EventInPlace, Problem> {
    let unknown = || Problem::not_found(format_args!("event at position {position}"));
    let found = seen
        .ledger
        .audit
        .event(position)
        .await?
        .ok_or_else(unknown)?;
    if !seen.sees_all() {
        let run = run_of(&found.event).ok_or_else(unknown)?;
        seen.run(run).await.map_err(|_| unknown())?;
    }
    Ok(found)
}

fn neighbours(ledger: &LedgerId, found: &EventInPlace) -> Markup {
    let here = found.event.position;
    let before = (here.0 > 1).then(|| Position(here.0 - 1));
    let after = (here < found.head).then(|| here.next());
    html! {
        nav.pages aria-label="Neighbours in the log" {
            @if let Some(it) = before { a rel="prev" href=(path::event(ledger, it)) { "← " (it) } }
            @if let Some(it) = after { a rel="next" href=(path::event(ledger, it)) { (it) " →" } }
            span.soft { "of " (found.head) " in the log" }
        }
        div.sides {
            section aria-labelledby="in-stream" {
                h2 #in-stream { "In its stream" }
                p.soft { (human(&found.event.aggregate_type)) " " code { (found.event.aggregate_id) } ", event " (found.event.sequence) }
                (list(ledger, &found.in_stream, here))
            }
            section aria-labelledby="in-command" {
                h2 #in-command { "In its command" }
                p.soft { code { (found.event.metadata.command_id) } }
                (list(ledger, &found.in_command, here))
                @if let Some(last) = found.in_command.last().filter(|it| it.position < found.command_ends) {
                    p.soft { "and on from " (last.position) " to " a href=(path::event(ledger, found.command_ends)) { (found.command_ends) } }
                }
            }
        }
    }
}

fn list(ledger: &LedgerId, neighbours: &[Neighbour], here: Position) -> Markup {
    html! {
        @if neighbours.is_empty() { p.empty { "It stands alone." } }
        ul.plain {
            @for it in neighbours {
                li {
                    @if it.position == here {
                        strong aria-current="true" { (it.position) " " (human(&it.event_type)) }
                    } @else {
                        a href=(path::event(ledger, it.position)) { (it.position) " " (human(&it.event_type)) }
                        " " span.soft { (it.actor_name) }
                    }
                }
            }
        }
    }
}

fn envelope(app: &App, ledger: &LedgerId, found: &EventInPlace) -> Markup {
    let (event, meta) = (&found.event, &found.event.metadata);
    let fact = |name: &str, value: Markup| html! { div { dt { (name) } dd { (value) } } };
    let id = |value: &dyn std::fmt::Display| html! { code { (value) } };
    html! {
        section aria-labelledby="envelope" {
            h2 #envelope { "Envelope" }
            dl.facts {
                (fact("Type", html! { code { (event.event_type) } " version " (event.event_version) }))
                (fact("Who", html! { (person(&meta.actor.id, Some(&meta.actor.name.to_string()))) " as " (human(meta.actor.role.name())) }))
                @if let Some(other) = &meta.actor.on_behalf_of { (fact("In place of", html! { (other) })) }
                @if let Some(reason) = &meta.reason { (fact("Why", html! { span.reason { (reason) } })) }
                (fact("Recorded, by the log's clock", time(event.recorded_at)))
                (fact("Done, as the person says", time(meta.effective_at)))
                (fact("Event", id(&event.event_id)))
                (fact("Command", id(&meta.command_id)))
                (fact("Correlation", id(&meta.correlation_id)))
                @if let Some(it) = &meta.causation_id { (fact("Causation", id(it))) }
                (fact("Engine", html! { (meta.engine) }))
                (fact("Ledger", html! { (ledger) }))
            }
            (in_temporal(app, meta.provenance.as_ref()))
            h2 { "Hash" }
            dl.facts {
                (fact("Of this event", html! { span.hash { (hex::encode(event.hash)) } }))
                (fact("Of the event before it", html! { span.hash { (hex::encode(found.previous_hash)) } }))
            }
        }
    }
}

fn in_temporal(app: &App, made: Option<&Provenance>) -> Markup {
    html! {
        h2 { "In Temporal" }
        @match made {
            None => p.empty { "No workflow made this event." },
            Some(made) => {
                @let fact = |name: &str, value: &dyn std::fmt::Display| html! { div { dt { (name) } dd { code { (value) } } } };
                dl.facts {
                    (fact("Workflow", &made.workflow_id))
                    (fact("Execution", &made.run_id))
                    (fact("Step", &made.step_id))
                    (fact("Activity", &made.activity_name))
                    (fact("Attempt", &made.attempt))
                }
                @if let Some(address) = app.in_temporal_ui(&made.workflow_id, &made.run_id) {
                    p { a href=(address) rel="noreferrer" { "Its history in Temporal's own pages" } }
                }
            }
        }
    }
}

/// As it says, and as it was written: the bytes are what is hashed, with names sealed where they are.
fn payload(event: &Recorded) -> Markup {
    let value: Option<Value> = serde_json::from_str(&event.payload).ok();
    let written = event
        .stored
        .as_ref()
        .map_or(&event.payload, |it| &it.payload);
    html! {
        section aria-labelledby="payload" {
            h2 #payload { "Payload" }
            @if let Some(Value::Object(fields)) = &value {
                dl.values {
                    @for (name, value) in fields { dt { (human(name)) } dd { (told(value)) } }
                }
            }
            details {
                summary { "The bytes as they were written" }
                pre tabindex="0" role="region" aria-label="Payload as it was written" { (written) }
            }
        }
    }
}

/// JSON as people read it: names and values below each other.
fn told(value: &Value) -> Markup {
    html! {
        @match value {
            Value::Null => span.soft { "nothing" },
            Value::String(text) => (text),
            Value::Array(values) if values.is_empty() => span.soft { "none" },
            Value::Array(values) => ul.plain { @for it in values { li { (told(it)) } } },
            Value::Object(fields) => dl.values { @for (name, value) in fields { dt { (human(name)) } dd { (told(value)) } } },
            other => (other),
        }
    }
}

fn proved(ledger: &LedgerId, position: Position, covering: Option<&Checkpoint>) -> Markup {
    html! {
        section aria-labelledby="proof" {
            h2 #proof { "Proof" }
            @match covering {
                Some(checkpoint) => {
                    p {
                        "The newest checkpoint stands for the first " (checkpoint.size) " events, this one among them. The proof shows it to "
                        "somebody who has only the public key."
                    }
                    p.acts { a.button href=(path::page(ledger, &format!("events/{position}/proof.json"))) download { "Download the proof" } }
                    p.soft { "Check it with " code { "annal-verify inclusion --key PUBLIC_KEY proof.json" } "." }
                }
                None => p {
                    "No checkpoint stands for this event yet. "
                    a href=(path::page(ledger, "proof")) { "Checkpoints are made here." }
                },
            }
        }
    }
}

/// `GET /{ledger}/events/{position}/proof.json`
async fn proof(
    seen: Seen,
    State(app): State<App>,
    Path((_, position)): Path<(LedgerId, Position)>,
) -> Result<Response, Problem> {
    permitted(&seen, position).await?;
    let checkpoints = app.checkpoints().of(&seen.ledger.id).await?;
    let covering = checkpoints.iter().find(|it| it.size >= position.0);
    let missing = || {
        Problem::new(
            &kinds::NOT_FOUND,
            format!("no checkpoint stands for position {position} yet; make one, then ask again"),
        )
    };
    let proof = seen
        .ledger
        .log
        .prove_inclusion(position, covering.ok_or_else(missing)?)
        .await?;
    let name = format!("attachment; filename=\"event-{position}-proof.json\"");
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((headers, proof.to_json()).into_response())
}
