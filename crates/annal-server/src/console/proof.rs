//! Proof: that the log is what it was, for somebody who trusts neither this server nor its database.

use annal_core::{LedgerId, Position};
use annal_log::Since;
use annal_verify::Checkpoint;
use axum::body::Body;
use axum::extract::{Form, Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use futures::{StreamExt as _, TryStreamExt as _};
use maud::{Markup, html};
use serde::Deserialize;

use super::layout::{Area, Here, layout};
use super::parts::{Badge, Column, Row, Table, choice, csrf, text, time};
use super::path;
use crate::app::App;
use crate::checkpoints::{CheckpointError, since};
use crate::jobs::{Check, CheckState};
use crate::listed::Listed;
use crate::problem::{Problem, kinds};
use crate::seen::Seen;

/// The routes of the proof.
pub(super) fn routes() -> Listed {
    Listed::new()
        .get("/{ledger}/proof", page)
        .post("/{ledger}/proof/verify", verify)
        .post("/{ledger}/proof/checkpoints", make)
        .get("/{ledger}/proof/checkpoints/{size}", checkpoint)
        .get("/{ledger}/proof/consistency.json", consistency)
        .get("/{ledger}/proof/log.jsonl", export)
}

/// `GET /{ledger}/proof`
async fn page(seen: Seen, State(app): State<App>) -> Result<Markup, Problem> {
    let ledger = &seen.ledger.id;
    let head = seen.ledger.audit.log_head().await?;
    let known = app.checkpoints().of(ledger).await?;
    let check = app.jobs().checks.of(ledger);
    let runs = check.as_ref().is_some_and(Check::runs);
    let content = html! {
        h1 { "Proof" }
        p.lead { "Each event's hash covers the event and the hash before it. A signed checkpoint stands for all of them." }
        dl.facts {
            div { dt { "The log stands at" } dd { a href=(path::event(ledger, head.position)) { (head.position) } } }
            div { dt { "Hash of its last event" } dd.hash { (head.hash) } }
            @if let Some(at) = head.recorded_at { div { dt { "Recorded" } dd { (time(at)) } } }
        }
        (checkpoints(&app, &seen, &known))
        section aria-labelledby="verify" {
            h2 #verify { "Verify" }
            p { "Reads the log from the database, computes every hash again, and compares." }
            div #progress data-refresh=[runs.then_some("500")] { (checked(ledger, check.as_ref())) }
            @if seen.whole().is_ok() { (verify_form(&seen, &known)) }
        }
        (taken_away(&seen, &known))
        (offline())
    };
    Ok(layout(
        "Proof",
        Some(&seen.viewer),
        &Here::at(ledger, Area::Proof),
        &content,
    ))
}

fn checkpoints(app: &App, seen: &Seen, known: &[Checkpoint]) -> Markup {
    let ledger = &seen.ledger.id;
    let ours = app.checkpoints().public_key();
    let signed = |it: &Checkpoint| match &ours {
        None => Badge::Blank.saying("key not known here"),
        Some(key) if it.verify(key).is_ok() => Badge::Good.saying("signature holds"),
        Some(_) => Badge::Bad.saying("not signed by this server's key"),
    };
    let row = |it: &Checkpoint| {
        let file = path::page(ledger, &format!("proof/checkpoints/{}", it.size));
        Row::of([html! { a href=(path::event(ledger, Position(it.size))) { (it.size) } }, time(it.at), signed(it)])
            .cell(html! { span.hash { (hex::encode(it.root)) } })
            .cell(html! { span.hash { (hex::encode(it.key)) } })
            .cell(html! { a href=(file) download { "Download" span.unseen { " the checkpoint of " (it.size) } } })
    };
    let table = Table {
        id: "checkpoints",
        caption: "Checkpoints, the newest first",
        columns: &[
            Column::number("Events"),
            Column::number("Signed"),
            Column::text("Signature"),
            Column::text("Root of the tree"),
            Column::text("Public key"),
            Column::plain("File"),
        ],
        rows: known.iter().take(SHOWN).map(row).collect(),
        empty: "There is no checkpoint yet.",
        filter: false,
    };
    html! {
        section aria-labelledby="checkpoint" {
            h2 #checkpoint { "Checkpoints" }
            p {
                "A checkpoint is worth what its keeping is worth: download it, and keep it where nobody who can write to the database can. "
                "Its key is not in the database either."
            }
            (table.markup())
            @if app.checkpoints().can_sign() && seen.whole().is_ok() {
                form.acts action=(path::page(ledger, "proof/checkpoints")) method="post" {
                    (csrf(seen.viewer.csrf()))
                    button.first type="submit" { "Verify what is new, and sign it" }
                }
            } @else if !app.checkpoints().can_sign() {
                p.soft { "This server has no key. Where it is: " code { "annal log checkpoint --key FILE" } }
            }
        }
    }
}

/// Older ones can be downloaded by their address, and stay in the folder.
const SHOWN: usize = 20;

fn checked(ledger: &LedgerId, check: Option<&Check>) -> Markup {
    let Some(check) = check else {
        return html! { p.empty { "Not verified since this server started." } };
    };
    let from = |after: Position| html! { @if after.0 > 0 { " after position " (after) } };
    html! {
        @match &check.state {
            CheckState::Running { checked, of } => {
                p role="status" {
                    label { "Verifying " progress max=((*of).max(1)) value=(checked) { (checked) " of " (of) } }
                    " " (checked) " of " (of) " events. "
                    a href=(path::page(ledger, "proof")) { "Look again" }
                }
            },
            CheckState::Intact { checked, head, took } => {
                p.notice role="status" {
                    (Badge::Good.saying("intact")) " " (checked) " events" (from(check.after)) " up to " (head)
                    ": every hash is right. It took " (format!("{:.1}", took.as_secs_f64())) " s. " (time(check.began))
                }
            },
            CheckState::Broken { fault } => {
                section.problem role="alert" {
                    h3 { "The log is not intact" }
                    p { (fault) }
                    p { (time(check.began)) " Keep the newest checkpoint that still agrees, and an export: they show what was changed." }
                }
            },
            CheckState::Failed { why } => p.notice.warns role="alert" { "It could not be told: " (why) },
        }
    }
}

fn verify_form(seen: &Seen, known: &[Checkpoint]) -> Markup {
    let whole = (String::new(), "from the first event".to_owned());
    let after = known.iter().take(SHOWN).map(|it| {
        (
            it.size.to_string(),
            format!("after the checkpoint of {} events", it.size),
        )
    });
    let among: Vec<_> = [whole].into_iter().chain(after).collect();
    html! {
        form action=(path::page(&seen.ledger.id, "proof/verify")) method="post" {
            (csrf(seen.viewer.csrf()))
            div.fields {
                (choice("checkpoint-of", "checkpoint", "Begin", &among, ""))
                (text("after", "after", "Or after position, whose hash is taken on trust", "", false))
            }
            p.acts { button.first type="submit" { "Verify now" } }
        }
    }
}

fn taken_away(seen: &Seen, known: &[Checkpoint]) -> Markup {
    let ledger = &seen.ledger.id;
    let sizes: Vec<_> = known
        .iter()
        .map(|it| (it.size.to_string(), format!("{} events", it.size)))
        .collect();
    let of = |nth: Option<&Checkpoint>| nth.map(|it| it.size.to_string()).unwrap_or_default();
    html! {
        section aria-labelledby="grew" {
            h2 #grew { "That the log only grew" }
            @if known.len() < 2 {
                p.empty { "With two checkpoints it can be proved that the newer one holds all that the older one held." }
            } @else {
                form action=(path::page(ledger, "proof/consistency.json")) method="get" {
                    div.fields {
                        (choice("older", "older", "Older", &sizes, &of(known.get(1))))
                        (choice("newer", "newer", "Newer", &sizes, &of(known.first())))
                    }
                    p.acts { button type="submit" { "Download the proof" } }
                }
            }
        }
        @if seen.whole().is_ok() {
            section aria-labelledby="export" {
                h2 #export { "The log as a file" }
                form action=(path::page(ledger, "proof/log.jsonl")) method="get" {
                    div.fields {
                        (text("export-after", "after", "After position", "", false))
                        (text("export-until", "until", "Until position", "", false))
                    }
                    p.acts { button type="submit" { "Download the events" } }
                }
            }
        }
    }
}

fn offline() -> Markup {
    html! {
        section aria-labelledby="offline" {
            h2 #offline { "Check it without us" }
            p { "The program " code { "annal-verify" } " needs neither this server nor its database, only the files and the public key:" }
            pre tabindex="0" role="region" aria-label="Commands" { (COMMANDS) }
            p { "What is hashed and signed is specified byte by byte, so that you can write your own." }
        }
    }
}

const COMMANDS: &str = "\
annal-verify export log.jsonl --checkpoint checkpoint.json --key public.pem
annal-verify inclusion proof.json --key public.pem
annal-verify consistency proof.json --key public.pem";

#[derive(Debug, Deserialize)]
struct Begin {
    #[serde(default)]
    checkpoint: String,
    #[serde(default)]
    after: String,
}

/// `POST /{ledger}/proof/verify`
async fn verify(
    seen: Seen,
    State(app): State<App>,
    Form(sent): Form<Begin>,
) -> Result<Redirect, Problem> {
    seen.whole()?;
    let ledger = &seen.ledger.id;
    let begin = match (sent.after.trim(), sent.checkpoint.trim()) {
        ("", "") => Since::Beginning,
        ("", size) => since(&sized(&app, ledger, number("checkpoint", size)?).await?),
        (after, _) => Since::Position(Position(number("after", after)?)),
    };
    app.jobs().checks.begin(&seen.ledger.log, begin);
    Ok(Redirect::to(&path::page(ledger, "proof#verify")))
}

/// `POST /{ledger}/proof/checkpoints`
async fn make(seen: Seen, State(app): State<App>) -> Result<Redirect, Problem> {
    seen.whole()?;
    let made = app.checkpoints().make(&seen.ledger.log).await?;
    tracing::info!(ledger = %seen.ledger.id, size = made.size, by = %seen.viewer.person, "a checkpoint was signed");
    Ok(Redirect::to(&path::page(
        &seen.ledger.id,
        "proof#checkpoint",
    )))
}

/// `GET /{ledger}/proof/checkpoints/{size}`
async fn checkpoint(
    seen: Seen,
    State(app): State<App>,
    Path((_, size)): Path<(String, u64)>,
) -> Result<Response, Problem> {
    let found = sized(&app, &seen.ledger.id, size).await?;
    Ok(file(&format!("checkpoint-{size}.json"), found.to_json()))
}

#[derive(Debug, Deserialize)]
struct Two {
    older: u64,
    newer: u64,
}

/// `GET /{ledger}/proof/consistency.json`
async fn consistency(
    seen: Seen,
    State(app): State<App>,
    Query(two): Query<Two>,
) -> Result<Response, Problem> {
    let ledger = &seen.ledger.id;
    let (older, newer) = (
        sized(&app, ledger, two.older).await?,
        sized(&app, ledger, two.newer).await?,
    );
    let proof = seen.ledger.log.prove_consistency(&older, &newer).await?;
    Ok(file(
        &format!("from-{}-to-{}-proof.json", two.older, two.newer),
        proof.to_json(),
    ))
}

#[derive(Debug, Deserialize)]
struct Stretch {
    #[serde(default)]
    after: String,
    #[serde(default)]
    until: String,
}

/// `GET /{ledger}/proof/log.jsonl`
async fn export(seen: Seen, Query(stretch): Query<Stretch>) -> Result<Response, Problem> {
    seen.whole()?;
    let position = |name, text: &str| match text.trim() {
        "" => Ok(None),
        text => number(name, text).map(|it| Some(Position(it))),
    };
    let (after, until) = (
        position("after", &stretch.after)?,
        position("until", &stretch.until)?,
    );
    let mut lines = seen
        .ledger
        .log
        .export(after.unwrap_or(Position(0)), until)
        .boxed();
    // The header is read before anything is answered, so that a wrong stretch is told as such.
    let header = lines.try_next().await?.unwrap_or_default();
    let rest = lines
        .map_ok(|line| line + "\n")
        .map_err(std::io::Error::other);
    let whole = futures::stream::iter([Ok(header + "\n")]).chain(rest);
    let headers = [
        (header::CONTENT_TYPE, "application/jsonl".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"log.jsonl\"".to_owned(),
        ),
    ];
    Ok((headers, Body::from_stream(whole)).into_response())
}

async fn sized(app: &App, ledger: &LedgerId, size: u64) -> Result<Checkpoint, Problem> {
    let found = app.checkpoints().sized(ledger, size).await?;
    found.ok_or_else(|| Problem::not_found(format_args!("checkpoint of {size} events")))
}

fn number(name: &str, text: &str) -> Result<u64, Problem> {
    let no = |_| {
        Problem::new(
            &kinds::INVALID_QUERY,
            format!("{name}: '{text}' is no position; write a number such as 1200"),
        )
    };
    text.parse().map_err(no)
}

fn file(name: &str, json: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
    ];
    (headers, json).into_response()
}

impl From<CheckpointError> for Problem {
    fn from(no: CheckpointError) -> Self {
        match no {
            CheckpointError::Log(no) => no.into(),
            CheckpointError::NotSetUp(_) => Self::new(&kinds::NO_SIGNING_KEY, no.to_string()),
            CheckpointError::NotIntact(_) => Self::new(&kinds::LOG_NOT_INTACT, no.to_string()),
            CheckpointError::Key(_) | CheckpointError::Folder { .. } => Self::internal(&no),
        }
    }
}
