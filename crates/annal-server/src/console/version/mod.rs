//! A version as it is, as it was at any moment, and beside another.

mod diff;
mod moments;

use annal_audit::{At, AuditError, ShownVersion, VersionRow};
use annal_core::version::{Origin, VersionRef};
use annal_core::{PersonId, Position, VersionNo};
use axum::extract::{Path, Query};
use maud::{Markup, html};
use serde::Deserialize;

use super::desk::Desk;
use super::items::{Line, columns};
use super::layout::{Area, Here, layout};
use super::parts::{Badge, Table, badge, human, time, version_link};
use super::path;
use super::phase::OfPhase;
use crate::listed::Listed;
use crate::problem::Problem;
use crate::seen::SeenRun;

/// The routes of these pages.
pub(crate) fn routes() -> Listed {
    Listed::new()
        .get("/{ledger}/runs/{run}/{phase}/diff", diff::page)
        .get("/{ledger}/runs/{run}/{phase}/{n}", page)
}

/// Items on one page.
const SIZE: usize = 250;

#[derive(Debug, Deserialize)]
struct Number {
    n: String,
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    /// As it was when the log stood here.
    position: Option<Position>,
    /// Where the items go on.
    #[serde(default)]
    from: usize,
}

async fn page(
    run: SeenRun,
    Path(of): Path<OfPhase>,
    Path(Number { n }): Path<Number>,
    Query(asked): Query<Asked>,
) -> Result<Markup, Problem> {
    let phase = of.of(&run)?;
    let number: VersionNo = n
        .parse()
        .map_err(|_| Problem::not_found(format_args!("version '{n}' of {phase}")))?;
    let version = VersionRef {
        run: run.run,
        phase,
        number,
    };
    let audit = &run.seen.ledger.audit;
    let at = asked.position.map_or(At::Latest, At::Position);
    let shown = audit.show(version, at).await?;
    let moments = audit.moments(version).await?;
    let rows = audit.versions(run.run, Some(phase)).await?.rows;
    let desk = Desk::of(&run, Some(phase), None);
    let made = rows.iter().find(|it| it.number == number);
    let content = html! {
        div data-live-run=(run.run) {
            h1 { (human(phase.name())) " version " (number) }
            (moments::slider(&desk, version, &moments, asked.position))
            (as_of(&desk, &shown, asked.position))
            (items(&desk, &shown, &asked)?)
            (provenance(&desk, version, made, &rows))
        }
    };
    let above = [
        ("Runs".to_owned(), path::runs(desk.ledger())),
        (desk.title(), path::run(desk.ledger(), run.run)),
        (
            human(phase.name()),
            path::phase(desk.ledger(), run.run, phase),
        ),
    ];
    let title = format!("{} version {number}", human(phase.name()));
    let here = Here::at(desk.ledger(), Area::Runs).below(&above);
    Ok(layout(&title, Some(&run.seen.viewer), &here, &content))
}

/// Where the version stood, and who brought it there.
fn as_of(desk: &Desk<'_>, shown: &ShownVersion, asked: Option<Position>) -> Markup {
    let act = |act: &annal_audit::Act| {
        html! {
            (desk.person(&act.by)) " " a href=(path::event(desk.ledger(), act.position)) { (time(act.at)) }
            @if let Some(reason) = &act.reason { div.reason { (reason) } }
        }
    };
    html! {
        section #as-of data-moment aria-live="polite" {
            p.lead {
                (badge(shown.status.name()))
                @if asked.is_some() { " as of position " (shown.position) " · " a href=(path::version(desk.ledger(), shown.version)) { "as it is now" } }
            }
            dl.facts {
                div { dt { "Made" } dd { (act(&shown.created)) } }
                div { dt { "Origin" } dd { (origin(desk, shown)) } }
                @if let Some(submitted) = &shown.submitted { div { dt { "Submitted" } dd { (act(submitted)) } } }
                @if let Some(decided) = &shown.decided { div { dt { "Decided" } dd { (act(decided)) } } }
                @if !shown.requested_changes.is_empty() {
                    div { dt { "Asked for" } dd { @for change in &shown.requested_changes { div { (change) } } } }
                }
                @if let Some(next) = shown.superseded_by {
                    div { dt { "Superseded by" } dd { (version_link(desk.ledger(), VersionRef { number: next, ..shown.version })) } }
                }
                @if !shown.inputs.is_empty() {
                    div { dt { "Built from" } dd { @for input in &shown.inputs { div { (version_link(desk.ledger(), *input)) } } } }
                }
            }
        }
    }
}

fn origin(desk: &Desk<'_>, shown: &ShownVersion) -> Markup {
    let link = |number| {
        version_link(
            desk.ledger(),
            VersionRef {
                number,
                ..shown.version
            },
        )
    };
    html! {
        @match shown.origin {
            Origin::Initial => "initial",
            Origin::Revision { parent, policy } => { "revises " (link(parent)) ", taking along " (human(policy.name())) }
            Origin::Revert { to } => { "has the contents of " (link(to)) }
        }
    }
}

fn items(desk: &Desk<'_>, shown: &ShownVersion, asked: &Asked) -> Result<Markup, AuditError> {
    let people = |id: &PersonId| desk.person(id);
    let row = |it| Ok(Line::try_from(it)?.row(desk.ledger(), &people));
    let carried = shown.items.iter().filter(|it| it.carried.is_some()).count();
    let page = shown.items.iter().skip(asked.from).take(SIZE);
    let table = Table {
        id: "items",
        caption: "Items and decisions",
        columns: &columns(shown.version.phase),
        rows: page.map(row).collect::<Result<_, AuditError>>()?,
        empty: "It had no items at that moment.",
        filter: true,
    };
    Ok(html! {
        section #items-then data-moment {
            h2 { (shown.items.len()) " items" @if carried > 0 { ", " (carried) " carried forward" } }
            (table.markup())
            (super::phase::pages_at(asked.from, SIZE, shown.items.len(), asked.position))
            @if !shown.removed.is_empty() {
                h3 { "Taken out again" }
                ul {
                    @for (item, act) in &shown.removed {
                        li { (item) " by " (desk.person(&act.by)) " " (time(act.at)) @if let Some(reason) = &act.reason { " " span.reason { (reason) } } }
                    }
                }
            }
        }
    })
}

/// What made it, and what came of it.
fn provenance(
    desk: &Desk<'_>,
    version: VersionRef,
    made: Option<&VersionRow>,
    rows: &[VersionRow],
) -> Markup {
    let children: Vec<_> = rows
        .iter()
        .filter(|it| it.parent == Some(version.number))
        .collect();
    let others: Vec<_> = rows
        .iter()
        .filter(|it| it.number != version.number)
        .collect();
    let place = path::phase(desk.ledger(), desk.id(), version.phase);
    html! {
        h2 { "Provenance" }
        dl.facts {
            @if let Some(made) = made {
                @for (term, value) in [
                    ("Workflow", &made.workflow_id),
                    ("Execution", &made.workflow_run_id),
                    ("Step", &made.workflow_step_id),
                    ("Activity", &made.workflow_activity_name),
                ] {
                    @if let Some(value) = value { div { dt { (term) } dd { code { (value) } } } }
                }
                div { dt { "Made by event" } dd { a href=(path::event(desk.ledger(), made.created_position)) { (made.created_position) } } }
            }
            div {
                dt { "Children" }
                dd {
                    @if children.is_empty() { span.soft { "none" } }
                    @for child in &children { div { (version_link(desk.ledger(), VersionRef { number: child.number, ..version })) " " (Badge::of(&child.status).saying(&human(&child.status))) } }
                }
            }
        }
        @if !others.is_empty() {
            h2 { "Compare" }
            ul.acts {
                @for other in others {
                    li { a.button href=(format!("{place}/diff?a={}&b={}", other.number.min(version.number), other.number.max(version.number))) { "with version " (other.number) } }
                }
            }
        }
    }
}
