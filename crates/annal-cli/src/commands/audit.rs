//! Audit questions, lineage, numbers of the phases, and the export of a run.

use annal_audit::{Audit, DecisionFilter, Pace, Page, rows_as_csv};
use serde::Serialize;

use crate::args::{AuditCommand, ExportArgs, LineageArgs, Narrow, OfRun, SiteArgs};
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
        if filter.as_of.is_some()
            || filter.effective_since.is_some()
            || filter.effective_until.is_some()
        {
            let no = "what is late is told for the head and by the deadline: leave out --as-of and --effective-…";
            return Err(CliError::Usage(no.to_owned()));
        }
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
            let page = audit
                .approvals(&filter(&site, &ask.narrow).await?, pace)
                .await?;
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
                code: ask.code.clone(),
                ..filter(&site, &ask.narrow).await?
            };
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
            let page = audit
                .four_eyes(&filter(&site, &ask.narrow).await?, ask.broken)
                .await?;
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
        C::Overrides(_) | C::Late(_) => {}
    }
    site.close().await
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

pub(crate) async fn metrics(site: &SiteArgs, args: &OfRun, output: Output) -> Result<(), CliError> {
    let site = Site::to_read(site, output).await?;
    let run = site.run(&args.run).await?;
    let metrics = Audit::new(&site.log).metrics(run).await?;
    let fields = [
        "phase",
        "versions",
        "revision_rate",
        "rejection_rate",
        "carried_forward_share",
        "seconds_to_approve",
        "refusals",
        "retries",
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
