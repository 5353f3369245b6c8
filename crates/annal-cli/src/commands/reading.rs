//! Commands that read. The answers come from the projections, `show` and `diff` from the log itself.

use annal_audit::{At, Audit, AuditError, DecisionFilter, DutyRow, TimelineFilter};
use annal_core::case::Waiting;
use annal_core::version::VersionRef;
use annal_core::{PersonId, Phase, Position, VersionNo};
use serde::Serialize;

use crate::args::{
    DecisionsArgs, DiffArgs, InboxArgs, OfRun, PhaseArg, ShowArgs, SiteArgs, TimelineArgs,
    VersionsArgs,
};
use crate::error::CliError;
use crate::output::{Output, listing};
use crate::site::Site;

pub(crate) async fn versions(
    site: &SiteArgs,
    args: &VersionsArgs,
    output: Output,
) -> Result<(), CliError> {
    let site = Site::to_read(site, output).await?;
    let run = site.run(&args.run).await?;
    let versions = Audit::new(&site.log).versions(run, args.phase).await?;
    let fields = [
        "phase",
        "number",
        "status",
        "parent",
        "items",
        "carried_forward",
        "created_by",
        "submitted_by",
        "decided_by",
        "workflow_activity_name",
    ];
    output.answer(&versions, |it| listing(it, &fields));
    site.close().await
}

pub(crate) async fn steps(site: &SiteArgs, args: &OfRun, output: Output) -> Result<(), CliError> {
    let site = Site::to_read(site, output).await?;
    let run = site.run(&args.run).await?;
    let steps = Audit::new(&site.log).steps(run).await?;
    let fields = [
        "step_id",
        "kind",
        "role",
        "status",
        "outcome",
        "started_at",
        "completed_at",
    ];
    output.answer(&steps, |it| listing(it, &fields));
    site.close().await
}

pub(crate) async fn transitions(
    site: &SiteArgs,
    args: &OfRun,
    output: Output,
) -> Result<(), CliError> {
    let site = Site::to_read(site, output).await?;
    let run = site.run(&args.run).await?;
    let transitions = Audit::new(&site.log).transitions(run).await?;
    let fields = ["from_phases", "to_phase", "kind", "condition", "result"];
    output.answer(&transitions, |it| listing(it, &fields));
    site.close().await
}

pub(crate) async fn timeline(
    site: &SiteArgs,
    args: &TimelineArgs,
    output: Output,
) -> Result<(), CliError> {
    let site = Site::to_read(site, output).await?;
    let filter = TimelineFilter {
        seen_by: None,
        run: match &args.run {
            Some(run) => Some(site.run(run).await?),
            None => None,
        },
        phase: args.phase,
        item: args.item.clone(),
        person: args.person.clone(),
        since: args.since,
        until: args.until,
        effective_since: args.effective_since,
        effective_until: args.effective_until,
        after: args.after,
        limit: args.limit,
    };
    let page = Audit::new(&site.log).timeline(&filter).await?;
    let fields = ["position", "recorded_at", "step_id", "actor_id", "sentence"];
    output.answer(&page, |it| {
        let more = it
            .next
            .map_or_else(String::new, |next| format!("\nmore: --after {next}"));
        format!("{}{more}", listing(it, &fields))
    });
    site.close().await
}

pub(crate) async fn decisions(
    site: &SiteArgs,
    args: &DecisionsArgs,
    output: Output,
) -> Result<(), CliError> {
    let site = Site::to_read(site, output).await?;
    let filter = DecisionFilter {
        run: Some(site.run(&args.run).await?),
        phase: args.phase,
        item: args.item.clone(),
        person: args.person.clone(),
        ..DecisionFilter::default()
    };
    let audit = Audit::new(&site.log);
    if args.refused {
        let refusals = audit.refusals(&filter).await?;
        let fields = [
            "position",
            "recorded_at",
            "phase",
            "actor_id",
            "command",
            "code",
            "message",
        ];
        output.answer(&refusals, |it| listing(it, &fields));
    } else {
        let decisions = audit.decisions(&filter).await?;
        let fields = [
            "position", "phase", "version", "item", "level", "verdict", "actor_id", "reason",
        ];
        output.answer(&decisions, |it| listing(it, &fields));
    }
    site.close().await
}

pub(crate) async fn show(site: &SiteArgs, args: &ShowArgs, output: Output) -> Result<(), CliError> {
    let site = Site::to_read(site, output).await?;
    let version = version(&site, &args.version).await?;
    let at = match (args.at, args.effective_at, args.position, args.before) {
        (Some(time), ..) => At::Time(time),
        (_, Some(time), known_at, _) => At::Effective { time, known_at },
        (_, _, Some(position), _) => At::Position(position),
        (_, _, _, Some(event)) => At::BeforeEvent(event),
        _ => At::Latest,
    };
    let audit = match args.without_snapshots {
        true => Audit::new(&site.log).from_events_alone(),
        false => Audit::new(&site.log),
    };
    let shown = audit.show(version, at).await?;
    output.answer(&shown, annal_audit::ShownVersion::told);
    site.close().await
}

pub(crate) async fn diff(site: &SiteArgs, args: &DiffArgs, output: Output) -> Result<(), CliError> {
    let site = Site::to_read(site, output).await?;
    let a = version(&site, &args.a).await?;
    let b = match &args.b {
        Some(b) => version(&site, b).await?,
        None => a,
    };
    let at = |position: Option<Position>| position.map_or(At::Latest, At::Position);
    let (a, b) = ((a, at(args.from)), (b, at(args.to)));
    let diff = Audit::new(&site.log).diff_at(a, b).await?;
    output.answer(&diff, annal_audit::Diff::told);
    site.close().await
}

/// The version meant; the newest of its phase if no number is given.
async fn version(site: &Site, arg: &PhaseArg) -> Result<VersionRef, CliError> {
    let run = site.run(&arg.run).await?;
    let phase = arg.phase;
    if let Some(number) = arg.version {
        return Ok(VersionRef { run, phase, number });
    }
    let case = site.case(run).await?;
    let number = case.dossier(phase).versions.last().map(|it| it.number);
    let number: VersionNo = number
        .ok_or_else(|| CliError::NotFound(format!("{phase} of run {run} has no version yet")))?;
    Ok(VersionRef { run, phase, number })
}

/// Something in a person's inbox, and how to do it.
#[derive(Serialize)]
struct InboxRow {
    run_id: annal_core::RunId,
    report: String,
    phase: Phase,
    #[serde(flatten)]
    awaited: annal_core::dossier::Awaited,
    due_at: Option<chrono::DateTime<chrono::Utc>>,
}

pub(crate) async fn inbox(
    site: &SiteArgs,
    args: &InboxArgs,
    output: Output,
) -> Result<(), CliError> {
    let site = Site::to_read(site, output).await?;
    let runs = duties(&Audit::new(&site.log), &args.person).await?;
    let mut rows = Vec::new();
    for run in &runs {
        let case = site.case(run.run_id).await?;
        let Some(person) = case.run.person(&args.person) else {
            continue;
        };
        let mine = |it: &Waiting| match &it.awaited.person {
            Some(only) => *only == person.id,
            None => person.roles.contains(&it.awaited.role),
        };
        let waiting = case.summary().awaiting.into_iter().filter(mine);
        rows.extend(waiting.map(|it| InboxRow {
            run_id: run.run_id,
            report: run.report.clone(),
            phase: it.phase,
            awaited: it.awaited,
            due_at: it.due_at,
        }));
    }
    output.answer(&rows, |rows| match rows.is_empty() {
        true => format!("nothing waits for {}", args.person),
        false => listing(
            &serde_json::json!({ "rows": rows }),
            &["run_id", "phase", "action", "subject", "count", "due_at"],
        ),
    });
    site.close().await
}

/// All open runs on whose register a person stands, the one with the earliest deadline first.
async fn duties(audit: &Audit, person: &PersonId) -> Result<Vec<DutyRow>, AuditError> {
    const PAGE: u32 = 500;
    let (mut runs, mut skip) = (Vec::new(), 0);
    loop {
        let page = audit.duties(person, skip, PAGE).await?;
        let full = page.len() == PAGE as usize;
        runs.extend(page);
        if !full {
            return Ok(runs);
        }
        skip += PAGE;
    }
}

/// A line about something that waits.
pub(super) fn waiting_line(it: &Waiting) -> String {
    let awaited = &it.awaited;
    let who = match &awaited.person {
        Some(person) => person.to_string(),
        None => awaited.role.to_string(),
    };
    let what = crate::words::action(awaited.action);
    format!(
        "waits for {who}: {what} – {} {} ({})\n",
        it.phase, awaited.subject, awaited.count
    )
}
