//! Audit questions, lineage, numbers of the phases, and the export of a run.

use annal_audit::{Audit, AuditError, DecisionFilter, Pace, Page, rows_as_csv};
use serde::Serialize;

use crate::args::{AuditCommand, ExportArgs, LineageArgs, MetricsArgs, Narrow, SiteArgs};
use crate::error::CliError;
use crate::output::{Output, listing};
use crate::site::Site;

pub(crate) async fn run(
    site: &SiteArgs,
    command: &AuditCommand,
    output: Output,
) -> Result<(), CliError> {
    use AuditCommand as C;
    let (C::Overrides(narrow) | C::Late(narrow)) = command else {
        return more(site, command, output).await;
    };
    let site = Site::to_read(site, output).await?;
    let audit = Audit::new(&site.log);
    let mut filter = filter(&site, narrow).await?;
    if matches!(command, C::Late(_)) {
        by_one_clock(&filter, "what is late is told by the deadline")?;
        about_no_item(&filter, "a step is about all items of its phase")?;
        let page = audit.late(&filter).await?;
        let fields = [
            "position",
            "run_id",
            "step_id",
            "role",
            "status",
            "due_at",
            "late_seconds",
            "completed_by",
            "escalations",
        ];
        print(output, narrow, &page, &fields);
    } else {
        filter.overrides = true;
        let page = audit.decisions(&filter).await?;
        print(output, narrow, &page, &DECISION);
    }
    site.close().await
}

const DECISION: [&str; 10] = [
    "position",
    "recorded_at",
    "effective_at",
    "run_id",
    "phase",
    "item",
    "verdict",
    "actor_id",
    "actor_role",
    "reason",
];

async fn more(site: &SiteArgs, command: &AuditCommand, output: Output) -> Result<(), CliError> {
    use AuditCommand as C;
    let site = Site::to_read(site, output).await?;
    let audit = Audit::new(&site.log);
    match command {
        C::Decisions(ask) => {
            let asked = DecisionFilter {
                what: ask.what.clone(),
                verdict: ask.verdict.clone(),
                current: ask.current,
                ..filter(&site, &ask.narrow).await?
            };
            print(
                output,
                &ask.narrow,
                &audit.decisions(&asked).await?,
                &DECISION,
            );
        }
        C::Approvals(ask) => {
            let pace = Pace {
                within_seconds: ask.within,
                after_seconds: ask.slower_than,
            };
            let asked = filter(&site, &ask.narrow).await?;
            let page = filled(asked, async |it| audit.approvals(it, pace).await).await?;
            let fields = [
                "position",
                "recorded_at",
                "effective_at",
                "run_id",
                "phase",
                "version",
                "verdict",
                "submitted_by",
                "actor_id",
                "waited_seconds",
                "earlier_by_same_person",
                "reason",
            ];
            print(output, &ask.narrow, &page, &fields);
        }
        C::Refusals(ask) => {
            let asked = DecisionFilter {
                code: ask.code.map(|it| it.as_str().to_owned()),
                ..filter(&site, &ask.narrow).await?
            };
            about_no_item(&asked, "a refused attempt names no item")?;
            let fields = [
                "position",
                "recorded_at",
                "effective_at",
                "run_id",
                "phase",
                "actor_id",
                "command",
                "code",
                "message",
            ];
            print(output, &ask.narrow, &audit.refusals(&asked).await?, &fields);
        }
        C::FourEyes(ask) => {
            let asked = filter(&site, &ask.narrow).await?;
            let page = filled(asked, async |it| audit.four_eyes(it, ask.broken).await).await?;
            let fields = [
                "position",
                "recorded_at",
                "effective_at",
                "run_id",
                "phase",
                "version",
                "item",
                "first_by",
                "second_by",
                "verdict",
                "kept",
            ];
            print(output, &ask.narrow, &page, &fields);
        }
        C::Search(ask) => {
            let asked = DecisionFilter {
                what: ask.what.clone(),
                ..filter(&site, &ask.narrow).await?
            };
            let page = audit.search(&ask.words, &asked).await?;
            let fields = [
                "position",
                "recorded_at",
                "effective_at",
                "run_id",
                "phase",
                "what",
                "item",
                "actor_id",
                "said",
            ];
            print(output, &ask.narrow, &page, &fields);
        }
        C::Waiting(ask) => {
            let asked = DecisionFilter {
                what: ask.what.clone(),
                ..filter(&site, &ask.narrow).await?
            };
            by_one_clock(&asked, "what waits is told by the log's clock")?;
            about_no_item(&asked, "what waits is named by --what and --phase")?;
            if asked.as_of.is_some() {
                let no = "what waits is told for now: leave out --as-of";
                return Err(CliError::Usage(no.to_owned()));
            }
            let fields = [
                "position",
                "waits_since",
                "run_id",
                "phase",
                "what",
                "subject",
                "role",
                "person",
                "given_by",
                "waited_seconds",
            ];
            print(output, &ask.narrow, &audit.waiting(&asked).await?, &fields);
        }
        C::Overrides(_) | C::Late(_) => {}
    }
    site.close().await
}

/// Some questions have no person's clock.
fn by_one_clock(filter: &DecisionFilter, because: &str) -> Result<(), CliError> {
    match filter.effective_since.or(filter.effective_until) {
        None => Ok(()),
        Some(_) => {
            let no = format!("{because}: leave out --effective-since and --effective-until");
            Err(CliError::Usage(no))
        }
    }
}

fn about_no_item(filter: &DecisionFilter, because: &str) -> Result<(), CliError> {
    match &filter.item {
        None => Ok(()),
        Some(_) => Err(CliError::Usage(format!("{because}: leave out --item"))),
    }
}

/// Asks page after page until there are as many rows as were wanted: a question that looks for the rare may answer
/// with few, and say where it goes on.
async fn filled<T>(
    mut filter: DecisionFilter,
    ask: impl AsyncFn(&DecisionFilter) -> Result<Page<T>, AuditError>,
) -> Result<Page<T>, CliError> {
    let mut page = ask(&filter).await?;
    // All of it is true for one position.
    filter.as_of = Some(page.head_position);
    while let Some(next) = page
        .next
        .filter(|_| page.rows.len() < filter.limit as usize)
    {
        filter.after = next;
        let wanted = filter.limit as usize - page.rows.len();
        let rest = DecisionFilter {
            limit: u32::try_from(wanted).unwrap_or(filter.limit),
            ..filter.clone()
        };
        let more = ask(&rest).await?;
        page.rows.extend(more.rows);
        page.next = more.next;
    }
    Ok(page)
}

async fn filter(site: &Site, narrow: &Narrow) -> Result<DecisionFilter, CliError> {
    let run = match &narrow.run {
        Some(run) => Some(site.run(run).await?),
        None => None,
    };
    Ok(DecisionFilter {
        run,
        report: narrow.report.clone(),
        phase: narrow.phase,
        item: narrow.item.clone(),
        person: narrow.person.clone(),
        role: narrow.role,
        since: narrow.since,
        until: narrow.until,
        effective_since: narrow.effective_since,
        effective_until: narrow.effective_until,
        as_of: narrow.as_of,
        after: narrow.after,
        limit: narrow.limit,
        ..DecisionFilter::default()
    })
}

/// As CSV the position and the cursor go to standard error, so that the rows stay rows.
fn print<T: Serialize>(output: Output, narrow: &Narrow, page: &Page<T>, fields: &[&str]) {
    let more = page
        .next
        .map_or_else(String::new, |it| format!("; more: --after {it}"));
    let head = format!(
        "true for {} up to position {}{more}",
        page.ledger, page.head_position
    );
    if narrow.csv {
        output.aside(&head);
    }
    output.answer(page, |it| match narrow.csv {
        true => rows_as_csv(&it.rows),
        false => format!("{}\n{head}", listing(it, fields)),
    });
}

pub(crate) async fn lineage(
    site: &SiteArgs,
    args: &LineageArgs,
    output: Output,
) -> Result<(), CliError> {
    let site = Site::to_read(site, output).await?;
    let run = site.run(&args.run).await?;
    let lineage = Audit::new(&site.log).lineage(run, &args.id).await?;
    output.answer(&lineage, annal_audit::Lineage::told);
    site.close().await
}

pub(crate) async fn metrics(
    site: &SiteArgs,
    args: &MetricsArgs,
    output: Output,
) -> Result<(), CliError> {
    let site = Site::to_read(site, output).await?;
    let audit = Audit::new(&site.log);
    let run = match &args.run {
        Some(run) => Some(site.run(run).await?),
        None => None,
    };
    let filter = DecisionFilter {
        run,
        report: args.report.clone(),
        phase: args.phase,
        ..DecisionFilter::default()
    };
    let metrics = match run.filter(|_| args.phase.is_none()) {
        Some(run) => audit.metrics(run).await?,
        None => audit.metrics_over(&filter).await?,
    };
    let fields = [
        "phase",
        "versions",
        "revision_rate",
        "rejection_rate",
        "carried_forward_share",
        "seconds_to_approve",
        "refusals",
        "retries",
        "timeouts",
        "waiting",
        "past_deadline",
    ];
    output.answer(&metrics, |it| listing(it, &fields));
    site.close().await
}

pub(crate) async fn export(
    site: &SiteArgs,
    args: &ExportArgs,
    output: Output,
) -> Result<(), CliError> {
    let unwritable = |path: &std::path::Path| {
        let path = path.display().to_string();
        move |source| CliError::File { path, source }
    };
    let site = Site::to_read(site, output).await?;
    let run = site.run(&args.run).await?;
    let export = Audit::new(&site.log).export(run).await?;
    std::fs::create_dir(&args.folder).map_err(unwritable(&args.folder))?;
    std::fs::create_dir(args.folder.join("versions")).map_err(unwritable(&args.folder))?;
    for (name, bytes) in &export.files {
        let path = args.folder.join(name);
        std::fs::write(&path, bytes).map_err(unwritable(&path))?;
    }
    let names: Vec<&str> = export.files.iter().map(|it| it.0.as_str()).collect();
    let answer = serde_json::json!({
        "run_id": run, "head_position": export.head_position, "events": export.events,
        "folder": args.folder, "files": names,
    });
    output.answer(&answer, |_| {
        format!(
            "{} events up to position {} in {}: open report.html; manifest.json holds the sums",
            export.events,
            export.head_position,
            args.folder.display()
        )
    });
    site.close().await
}
