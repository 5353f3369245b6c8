//! The projections: how far they are, how fast, and building them anew.

use annal_core::Position;
use annal_projector::{ProjectionState, ProjectionStatus, RebuildStatus};
use axum::extract::{Form, Path, State};
use axum::response::Redirect;
use maud::{Markup, html};
use serde::Deserialize;

use super::chart::{Line, Point};
use super::layout::{Area, Here, layout};
use super::parts::{Badge, Column, Row, Table, badge, csrf, hidden, human, text, time};
use super::path;
use crate::app::App;
use crate::jobs::{Job, JobKind, JobState, Sample, rate};
use crate::listed::Listed;
use crate::problem::Problem;
use crate::seen::Seen;

/// The routes of the projections.
pub(super) fn routes() -> Listed {
    Listed::new()
        .get("/{ledger}/projections", page)
        .post("/{ledger}/projections/{name}", act)
}

/// `GET /{ledger}/projections`
async fn page(seen: Seen, State(app): State<App>) -> Result<Markup, Problem> {
    let ledger = &seen.ledger;
    let status = ledger.projector.status().await?;
    let rebuilds = ledger.projector.rebuilds().await?;
    let samples = app.jobs().lag(&ledger.id);
    let admin = seen.admin().is_ok();
    let runs = status
        .iter()
        .any(|it| app.jobs().rebuilds.of(&it.name).is_some_and(|it| it.runs()));
    let content = html! {
        h1 { "Projections" }
        p.lead { "Every table that anyone reads is folded from the log, and can be built anew from it." }
        // Followed by the script; without it the link does the same.
        div #progress data-refresh=[runs.then_some("1000")] {
            @if runs { p role="status" { "Something is being built. " a href=(path::page(&ledger.id, "projections")) { "Look again" } } }
            (table(&app, &seen, &status, &rebuilds, &samples))
        }
        @for it in &status { @if let ProjectionState::Failed { error_position, error, .. } = &it.state {
            (stopped(&seen, it, *error_position, error, admin))
        } }
        (lag(&samples))
        @if !admin { p.soft { "The ledger's admins rebuild, compare and mend them." } }
        p { a href=(path::page(&ledger.id, "metrics")) { "How people decide: metrics" } }
    };
    Ok(layout(
        "Projections",
        Some(&seen.viewer),
        &Here::at(&ledger.id, Area::Projections),
        &content,
    ))
}

const COLUMNS: &[Column] = &[
    Column::text("Projection"),
    Column::text("Stands"),
    Column::number("Position"),
    Column::number("Behind"),
    Column::number("Events a second"),
    Column::number("Table made"),
    Column::text("Under way"),
    Column::plain("Do"),
];

fn table(
    app: &App,
    seen: &Seen,
    status: &[ProjectionStatus],
    rebuilds: &[RebuildStatus],
    samples: &[Sample],
) -> Markup {
    let admin = seen.admin().is_ok();
    let columns = if admin {
        COLUMNS
    } else {
        &COLUMNS[..COLUMNS.len() - 1]
    };
    let row = |it: &ProjectionStatus| {
        let rate = rate(samples, &it.name);
        let begun = rebuilds.iter().find(|rebuild| rebuild.name == it.name);
        let job = app.jobs().rebuilds.of(&it.name);
        let row = Row::of([html! { code { (it.name) } }, state(it)])
            .sorted(it.position, html! { (it.position) })
            .sorted(it.lag, html! { (it.lag) })
            .sorted(
                rate.unwrap_or(-1.0),
                html! { (rate.map_or_else(|| "–".to_owned(), |it| format!("{it:.0}"))) },
            )
            .sorted(it.made_at.timestamp(), time(it.made_at))
            .cell(under_way(job.as_ref(), begun));
        match admin {
            true => row
                .anchor(&it.name)
                .cell(acts(seen, &it.name, job.as_ref(), begun.is_some())),
            false => row.anchor(&it.name),
        }
    };
    Table {
        id: "projections",
        caption: "Projections of this ledger",
        columns,
        rows: status.iter().map(row).collect(),
        empty: "The projections are not prepared in this database.",
        filter: false,
    }
    .markup()
}

fn state(it: &ProjectionStatus) -> Markup {
    html! {
        @match &it.state {
            ProjectionState::Following if it.lag == 0 => (Badge::Good.saying("up to date")),
            ProjectionState::Following => (Badge::Going.saying("following")),
            ProjectionState::Failed { error_position, .. } => (Badge::Bad.saying(&format!("stopped before {error_position}"))),
        }
        @if it.rebuild_due { " " (Badge::Warns.saying("rebuild due")) }
        @if it.skipped > 0 { " " span.soft { "does without " (it.skipped) } }
    }
}

fn under_way(job: Option<&Job>, begun: Option<&RebuildStatus>) -> Markup {
    let what = |job: &Job| match job.kind {
        JobKind::Compare => "comparison",
        JobKind::Rebuild | JobKind::RebuildAllowingDifferences => "rebuild",
    };
    html! {
        @match (job, begun) {
            (Some(job), _) if job.runs() => {
                @let (folded, of) = job.progress();
                label { (human(what(job))) " " progress max=(of.max(1)) value=(folded) { (folded) " of " (of) } }
                " " span.soft { (folded) " of " (of) }
            },
            (_, Some(rebuild)) => {
                @if rebuild.running { (Badge::Going.saying("rebuild, by another program")) } @else { (Badge::Waits.saying("rebuild broken off")) }
                " " span.soft { (rebuild.events) " events" }
            },
            (Some(job), None) => (ended(job, what(job))),
            (None, None) => span.soft { "nothing" },
        }
    }
}

fn ended(job: &Job, what: &str) -> Markup {
    html! {
        @match &job.state {
            JobState::Done(done) if !done.compared => { (badge("done")) " " (what) ", not compared" },
            JobState::Done(done) if done.differences.is_empty() => { (Badge::Good.saying("no difference")) " " (what) " of " (done.events) " events in " (done.elapsed_ms) " ms" },
            JobState::Done(done) => {
                (Badge::Warns.saying("differs")) " " (done.differences.only_live) " rows only live, " (done.differences.only_rebuilt) " only rebuilt"
            },
            JobState::Failed { code, why } => { (badge("failed")) " " (why) " " code { (code) } },
            JobState::Cancelled => { (badge("cancelled")) " " (what) },
            JobState::Running { .. } => {},
        }
        " " (time(job.began))
    }
}

fn acts(seen: &Seen, name: &str, job: Option<&Job>, begun: bool) -> Markup {
    let runs = job.is_some_and(Job::runs);
    let differed = matches!(
        job.map(|it| &it.state),
        Some(JobState::Failed {
            code: "rebuild_differs",
            ..
        })
    );
    let button = |act: &str, label: &str, class: &str| {
        html! { button type="submit" name="act" value=(act) class=(class) { (label) " " span.unseen { (name) } } }
    };
    html! {
        form.acts action=(path::page(&seen.ledger.id, &format!("projections/{}", path::escaped(name)))) method="post" {
            (csrf(seen.viewer.csrf()))
            @if !runs { (button("rebuild", if begun { "Go on" } else { "Rebuild" }, "")) (button("compare", "Compare", "")) }
            @if differed { (button("allow", "Rebuild though it differs", "")) }
            @if runs || begun { (button("cancel", "Cancel", "against")) }
        }
    }
}

/// An event that a projection cannot fold, and what can be done about it.
fn stopped(
    seen: &Seen,
    it: &ProjectionStatus,
    position: Position,
    error: &str,
    admin: bool,
) -> Markup {
    let ledger = &seen.ledger.id;
    html! {
        section.problem aria-label={ "Stopped: " (it.name) } {
            h2 { code { (it.name) } " stands still" }
            p { "It cannot fold " a href=(path::event(ledger, position)) { "event " (position) } ": " (error) }
            p { "What it shows is true up to " (it.position) "; the log is untouched. Mend the fold and try again, or let it do without the event." }
            @if admin {
                form action=(path::page(ledger, &format!("projections/{}", path::escaped(&it.name)))) method="post" {
                    (csrf(seen.viewer.csrf()))
                    (hidden("position", position))
                    (text(&format!("reason-{}", it.name), "reason", "Why it may do without it", "", false))
                    p.acts {
                        button.first type="submit" name="act" value="retry" { "Try again" }
                        button.against type="submit" name="act" value="skip" { "Skip the event" }
                    }
                }
            }
        }
    }
}

/// Points of the chart; an hour of samples is thinned to them.
const POINTS: usize = 90;

fn lag(samples: &[Sample]) -> Markup {
    let every = samples.len().div_ceil(POINTS).max(1);
    // The highest of each stretch, or a short lag would be thinned away.
    let highest = |stretch: &[Sample]| {
        let it = stretch.iter().max_by_key(|it| it.lag())?;
        #[expect(clippy::cast_precision_loss, reason = "a chart shows no more digits")]
        let value = it.lag() as f64;
        Some(Point {
            label: it.at.format("%H:%M:%S UTC").to_string(),
            value,
        })
    };
    let points: Vec<Point> = samples.chunks(every).filter_map(highest).collect();
    let most = samples.iter().map(Sample::lag).max().unwrap_or(0);
    Line {
        id: "lag",
        title: "Events that the projection furthest behind had still to fold",
        told: &format!(
            "Looked at {} times within the last hour: at most {most} events behind.",
            samples.len()
        ),
        measured: "Events behind",
        points,
    }
    .drawn()
}

/// What a button of the page sends.
#[derive(Debug, Deserialize)]
struct Sent {
    act: Act,
    position: Option<Position>,
    #[serde(default)]
    reason: String,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Act {
    Rebuild,
    Allow,
    Compare,
    Cancel,
    Retry,
    Skip,
}

/// `POST /{ledger}/projections/{name}`
async fn act(
    seen: Seen,
    State(app): State<App>,
    Path((_, name)): Path<(String, String)>,
    Form(sent): Form<Sent>,
) -> Result<Redirect, Problem> {
    seen.admin()?;
    let (ledger, projector) = (&seen.ledger.id, &seen.ledger.projector);
    let rebuilds = &app.jobs().rebuilds;
    let known = projector
        .status()
        .await?
        .into_iter()
        .any(|it| it.name == name);
    if !known {
        return Err(Problem::not_found(format_args!("projection '{name}'")));
    }
    match sent.act {
        Act::Rebuild => rebuilds.begin(projector, &name, JobKind::Rebuild),
        Act::Allow => rebuilds.begin(projector, &name, JobKind::RebuildAllowingDifferences),
        Act::Compare => rebuilds.begin(projector, &name, JobKind::Compare),
        Act::Cancel => rebuilds.cancel(projector, &name).await?,
        Act::Retry => projector.retry(&name).await?,
        Act::Skip => {
            let position = sent.position.unwrap_or(Position(0));
            projector
                .skip(&name, position, seen.viewer.person.as_str(), &sent.reason)
                .await?;
        }
    }
    tracing::info!(%ledger, projection = name, act = ?sent.act, by = %seen.viewer.person, "a projection was worked on");
    Ok(Redirect::to(&format!(
        "{}#{}",
        path::page(ledger, "projections"),
        path::escaped(&name)
    )))
}
