//! How people decide: when, how fast, and how often it takes another try. Of one run, or of all.

use annal_audit::{Beat, BoardFilter, BoardRow, PhaseMetrics, PhasePace};
use annal_core::{LedgerId, RunId};
use axum::extract::Query;
use chrono::{DateTime, TimeDelta, Utc};
use maud::{Markup, html};
use serde::Deserialize;

use super::chart::{Bar, Bars, Columns, Fill, Series, Slot};
use super::layout::{Area, Here, layout};
use super::parts::{Column, Row, Table, choice, human, span};
use super::path;
use crate::listed::Listed;
use crate::problem::{Problem, kinds};
use crate::seen::Seen;

/// The route of the metrics.
pub(super) fn routes() -> Listed {
    Listed::new().get("/{ledger}/metrics", page)
}

#[derive(Debug, Deserialize)]
struct Asked {
    #[serde(default)]
    run: String,
}

/// Columns of the chart over time.
const SLOTS: u32 = 24;
/// Runs that the form offers; any other can be named in the address.
const OFFERED: u32 = 50;

/// `GET /{ledger}/metrics`
async fn page(seen: Seen, Query(asked): Query<Asked>) -> Result<Markup, Problem> {
    let (ledger, audit) = (&seen.ledger.id, &seen.ledger.audit);
    let run = chosen(&seen, &asked.run).await?;
    let offered = BoardFilter {
        limit: OFFERED,
        ..BoardFilter::default()
    };
    let runs = match seen.sees_all() {
        true => audit.board(&offered).await?.rows,
        false => Vec::new(),
    };
    let pulse = audit.pulse(run, SLOTS).await?;
    let paces = audit.paces(run).await?;
    let numbers = match run {
        Some(run) => Some(audit.metrics(run).await?.rows),
        None => None,
    };
    let content = html! {
        h1 { "Metrics" }
        p.lead { "When decisions were taken, how fast, and how often it took another try." }
        @if seen.sees_all() { (which(ledger, run, &runs)) }
        p.soft { "True for the log up to position " a href=(path::event(ledger, pulse.head_position)) { (pulse.head_position) } "." }
        (over_time(&pulse.rows))
        div.sides {
            (time_to_approve(&paces.rows))
            (revisions(&paces.rows))
        }
        @if let Some(numbers) = numbers { (table(numbers)) }
    };
    let above = [("Runs".to_owned(), path::runs(ledger))];
    let here = Here::at(ledger, Area::Elsewhere).below(&above);
    Ok(layout("Metrics", Some(&seen.viewer), &here, &content))
}

/// Who sees only some runs has to name one of them.
async fn chosen(seen: &Seen, run: &str) -> Result<Option<RunId>, Problem> {
    if run.is_empty() {
        seen.whole()?;
        return Ok(None);
    }
    let id: RunId = run.parse().map_err(|_| {
        Problem::new(
            &kinds::INVALID_QUERY,
            format!("run: '{run}' is no run's id"),
        )
    })?;
    seen.run(id).await?;
    Ok(Some(id))
}

fn which(ledger: &LedgerId, run: Option<RunId>, runs: &[BoardRow]) -> Markup {
    let all = (String::new(), "all of them".to_owned());
    let named = runs.iter().map(|BoardRow { run: it, .. }| {
        let opened = it.opened_at.format("%Y-%m-%d");
        (
            it.run_id.to_string(),
            format!("{} {}, opened {opened}", it.report, it.cycle),
        )
    });
    let among: Vec<_> = [all].into_iter().chain(named).collect();
    let chosen = run.map(|it| it.to_string()).unwrap_or_default();
    html! {
        form.asking action=(path::page(ledger, "metrics")) method="get" {
            div.fields { (choice("run", "run", "Run", &among, &chosen)) }
            p.acts { button type="submit" { "Show" } }
        }
    }
}

const SERIES: [Series; 3] = [
    Series {
        name: "first level",
        fill: Fill::Dotted,
    },
    Series {
        name: "let pass",
        fill: Fill::Solid,
    },
    Series {
        name: "rejected",
        fill: Fill::Striped,
    },
];

fn over_time(beats: &[Beat]) -> Markup {
    let (first, last) = (
        beats.first().map(|it| it.from),
        beats.last().map(|it| it.until),
    );
    let slot = |it: &Beat| Slot {
        label: label(it.from, first, last),
        values: [it.first_level, it.passed, it.rejected]
            .map(f64::from)
            .to_vec(),
    };
    let sum = |of: fn(&Beat) -> u32| beats.iter().map(of).map(u64::from).sum::<u64>();
    let told = match first.zip(last) {
        None => "Nothing was decided yet.".to_owned(),
        Some((first, last)) => format!(
            "From {} to {}: {} decisions of the first level; of the second, {} let pass and {} rejected.",
            first.format("%Y-%m-%d %H:%M"),
            last.format("%Y-%m-%d %H:%M UTC"),
            sum(|it| it.first_level),
            sum(|it| it.passed),
            sum(|it| it.rejected),
        ),
    };
    Columns {
        id: "decisions",
        title: "Decisions over time",
        told: &told,
        along: "From (UTC)",
        series: &SERIES,
        slots: beats.iter().map(slot).collect(),
    }
    .drawn()
}

/// As short as tells one column from the next.
fn label(at: DateTime<Utc>, first: Option<DateTime<Utc>>, last: Option<DateTime<Utc>>) -> String {
    let long = first
        .zip(last)
        .map_or(TimeDelta::zero(), |(first, last)| last - first);
    let format = match long.num_hours() {
        72.. => "%b %d",
        2.. => "%d %H:%M",
        _ => "%H:%M:%S",
    };
    at.format(format).to_string()
}

fn time_to_approve(paces: &[PhasePace]) -> Markup {
    let bar = |it: &PhasePace| Bar {
        label: human(it.phase.name()),
        value: it.median_seconds_to_approve,
    };
    Bars {
        id: "time-to-approve",
        title: "Time to approve, by phase",
        told: "From handing in to approval; half of the versions took no longer.",
        along: "Phase",
        measured: "Median time to approve",
        say: duration,
        bars: paces.iter().map(bar).collect(),
    }
    .drawn()
}

fn revisions(paces: &[PhasePace]) -> Markup {
    let bar = |it: &PhasePace| Bar {
        label: human(it.phase.name()),
        value: it.revision_rate(),
    };
    Bars {
        id: "revision-rate",
        title: "Revision rate, by phase",
        told: "Of the versions of a phase, the share that revises another one.",
        along: "Phase",
        measured: "Versions that revise another",
        say: percent,
        bars: paces.iter().map(bar).collect(),
    }
    .drawn()
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

fn duration(seconds: f64) -> String {
    match seconds {
        it if it < 10.0 => format!("{it:.1} s"),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "seconds of waiting stay far below 2^63"
        )]
        it => span(TimeDelta::seconds(it as i64)),
    }
}

fn table(numbers: Vec<PhaseMetrics>) -> Markup {
    let share = |it: Option<f64>| html! { (it.map_or_else(|| "–".to_owned(), percent)) };
    let row = |it: PhaseMetrics| {
        let counts = [
            it.versions,
            it.submissions,
            it.approvals,
            it.rejections,
            it.withdrawals,
            it.refusals,
            it.retries,
            it.waiting,
            it.past_deadline,
        ];
        let row = Row::default().cell(html! { (human(it.phase.name())) });
        let row = counts
            .into_iter()
            .fold(row, |row, count| row.cell(html! { (count) }));
        row.cell(share(it.carried_forward_share))
            .cell(share(it.rejection_rate))
    };
    Table {
        id: "numbers",
        caption: "The phases in numbers",
        columns: &[
            Column::text("Phase"),
            Column::number("Versions"),
            Column::number("Handed in"),
            Column::number("Approvals"),
            Column::number("Rejections"),
            Column::number("Taken back"),
            Column::number("Refusals"),
            Column::number("Retries"),
            Column::number("Waiting"),
            Column::number("Late"),
            Column::number("Carried forward"),
            Column::number("Rejected"),
        ],
        rows: numbers.into_iter().map(row).collect(),
        empty: "No phase was reached yet.",
        filter: false,
    }
    .markup()
}
