//! How the rows of each kind of answer are shown.

use annal_audit::{ApprovalRow, DecisionRow, FoundRow, FourEyesRow, LateRow, RefusalRow};
use annal_core::{LedgerId, PersonId, Phase, Position, RunId};
use chrono::{DateTime, TimeDelta, Utc};
use maud::{Markup, html};

use crate::console::parts::{Badge, Column, Row, badge, human, person, span, time};
use crate::console::path;

/// A row of an answer.
pub(super) trait Told {
    /// Its cells' headings.
    const COLUMNS: &'static [Column];

    /// It as cells.
    fn told(&self, ledger: &LedgerId) -> Row;
}

impl Told for DecisionRow {
    const COLUMNS: &'static [Column] = &[
        Column::number("Event"),
        Column::number("Recorded"),
        Column::text("Where"),
        Column::text("What"),
        Column::text("About"),
        Column::text("Verdict"),
        Column::text("Who"),
        Column::text("Why"),
    ];

    fn told(&self, ledger: &LedgerId) -> Row {
        begun(ledger, self.position, self.recorded_at)
            .cell(place(
                ledger,
                self.run_id,
                Some(self.phase),
                self.version.map(|it| it.0),
            ))
            .cell(html! { (human(&self.what)) })
            .cell(about(self.item.as_deref()))
            .cell(html! {
                (badge(&self.verdict))
                @if let Some(before) = &self.previous { " " span.soft { "was " (human(before)) } }
                @if !self.current { " " span.soft { "taken back" } }
            })
            .cell(who(
                &self.actor_id,
                Some(&self.actor_name.to_string()),
                &self.actor_role,
                self.on_behalf_of.as_ref(),
            ))
            .cell(why(self.reason.as_deref()))
    }
}

impl Told for ApprovalRow {
    const COLUMNS: &'static [Column] = &[
        Column::number("Event"),
        Column::number("Recorded"),
        Column::text("Version"),
        Column::text("Verdict"),
        Column::text("Handed in by"),
        Column::text("Decided by"),
        Column::number("After"),
        Column::number("Earlier ones"),
        Column::text("Why"),
    ];

    fn told(&self, ledger: &LedgerId) -> Row {
        let waited = self.waited_seconds.map(TimeDelta::seconds);
        begun(ledger, self.position, self.recorded_at)
            .cell(place(
                ledger,
                self.run_id,
                Some(self.phase),
                Some(self.version.0),
            ))
            .cell(badge(&self.verdict))
            .cell(somebody(self.submitted_by.as_ref()))
            .cell(who(
                &self.actor_id,
                None,
                &self.actor_role,
                self.on_behalf_of.as_ref(),
            ))
            .sorted(
                self.waited_seconds.unwrap_or(-1),
                html! { (waited.map_or_else(|| "–".to_owned(), span)) },
            )
            .cell(html! { (self.earlier_by_same_person) })
            .cell(why(self.reason.as_deref()))
    }
}

impl Told for RefusalRow {
    const COLUMNS: &'static [Column] = &[
        Column::number("Event"),
        Column::number("Recorded"),
        Column::text("Where"),
        Column::text("Who"),
        Column::text("Tried"),
        Column::text("Refused because"),
    ];

    fn told(&self, ledger: &LedgerId) -> Row {
        begun(ledger, self.position, self.recorded_at)
            .cell(place(ledger, self.run_id, self.phase, None))
            .cell(who(
                &self.actor_id,
                self.actor_name.as_ref().map(ToString::to_string).as_deref(),
                &self.actor_role,
                None,
            ))
            .cell(html! { (human(&self.command)) })
            .cell(html! { (self.message) " " code { (self.code) } })
    }
}

impl Told for FourEyesRow {
    const COLUMNS: &'static [Column] = &[
        Column::number("Event"),
        Column::number("Recorded"),
        Column::text("Where"),
        Column::text("About"),
        Column::text("First"),
        Column::text("Second"),
        Column::text("Verdict"),
        Column::text("Four eyes"),
    ];

    fn told(&self, ledger: &LedgerId) -> Row {
        begun(ledger, self.position, self.recorded_at)
            .cell(place(ledger, self.run_id, Some(self.phase), self.version.map(|it| it.0)))
            .cell(about(self.item.as_deref()))
            .cell(html! {
                (somebody(self.first_by.as_ref()))
                @if let Some(it) = self.first_position { " " a href=(path::event(ledger, it)) { "at " (it) } }
            })
            .cell(somebody(Some(&self.second_by)))
            .cell(badge(&self.verdict))
            .cell(match self.kept {
                true => Badge::Good.saying("kept"),
                false => Badge::Bad.saying("broken"),
            })
    }
}

impl Told for LateRow {
    const COLUMNS: &'static [Column] = &[
        Column::number("Scheduled"),
        Column::number("Due"),
        Column::text("Where"),
        Column::text("Step"),
        Column::text("Whose turn"),
        Column::text("Stands"),
        Column::number("Late by"),
        Column::number("Reminders"),
    ];

    fn told(&self, ledger: &LedgerId) -> Row {
        begun(ledger, self.position, self.due_at)
            .cell(place(ledger, self.run_id, Some(self.phase), None))
            .cell(html! { code { (self.step_id) } })
            .cell(html! { (self.role.as_deref().map_or_else(|| "the engine".to_owned(), human)) })
            .cell(html! {
                (badge(&self.status))
                @if let Some(by) = &self.completed_by { " by " (by) }
            })
            .sorted(
                self.late_seconds,
                html! { (span(TimeDelta::seconds(self.late_seconds))) },
            )
            .cell(html! {
                (self.reminders)
                @if self.escalations > 0 { ", went up " (self.escalations) " times" }
            })
    }
}

impl Told for FoundRow {
    const COLUMNS: &'static [Column] = &[
        Column::number("Event"),
        Column::number("Recorded"),
        Column::text("Where"),
        Column::text("What"),
        Column::text("About"),
        Column::text("Said"),
        Column::text("Who"),
    ];

    fn told(&self, ledger: &LedgerId) -> Row {
        begun(ledger, self.position, self.recorded_at)
            .cell(place(ledger, self.run_id, self.phase, None))
            .cell(html! { (human(&self.what)) })
            .cell(about(self.item.as_deref()))
            .cell(why(Some(&self.said)))
            .cell(who(&self.actor_id, None, &self.actor_role, None))
    }
}

fn begun(ledger: &LedgerId, position: Position, at: DateTime<Utc>) -> Row {
    let event = html! { a href=(path::event(ledger, position)) { (position) } };
    Row::default()
        .sorted(position, event)
        .sorted(at.timestamp_micros(), time(at))
}

/// A run's id begins with its time; its end tells one run from another.
fn place(ledger: &LedgerId, run: RunId, phase: Option<Phase>, version: Option<u32>) -> Markup {
    let id = run.to_string();
    let end = &id[id.len().saturating_sub(6)..];
    html! {
        @match phase {
            Some(phase) => a href=(path::phase(ledger, run, phase)) { (human(phase.name())) },
            None => "run",
        }
        @if let Some(version) = version { " version " (version) }
        " " a.id href=(path::run(ledger, run)) title=(id) { "run …" (end) }
    }
}

fn about(item: Option<&str>) -> Markup {
    html! { @match item { Some(item) => code { (item) }, None => span.soft { "the whole" } } }
}

fn who(id: &PersonId, name: Option<&str>, role: &str, instead_of: Option<&PersonId>) -> Markup {
    html! {
        (person(id, name)) " " span.soft { (human(role)) }
        @if let Some(other) = instead_of { " " span.soft { "in place of " (other) } }
    }
}

fn somebody(id: Option<&PersonId>) -> Markup {
    html! { @match id { Some(id) => (person(id, None)), None => "–" } }
}

fn why(reason: Option<&str>) -> Markup {
    html! { @if let Some(reason) = reason { span.reason { (reason) } } }
}
