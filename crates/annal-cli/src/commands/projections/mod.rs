//! The projections: how far they are, and building them anew, here or by jobs.

mod bars;
mod jobs;
mod rows;

use std::num::NonZeroUsize;

use annal_flow::{LedgerReached, RebuildJob};
use annal_projector::{Progress, Projection, Projector, RebuildOptions};

use crate::args::{JobArgs, ProjectionsCommand, RebuildArgs, SiteArgs};
use crate::error::CliError;
use crate::output::{Output, listing};
use crate::site::Site;
use bars::Bars;
use jobs::How;
use rows::Row;

pub(crate) async fn run(
    site: &SiteArgs,
    command: &ProjectionsCommand,
    output: Output,
) -> Result<(), CliError> {
    use ProjectionsCommand as C;
    match command {
        C::List => {
            let site = Site::to_look(site, output).await?;
            list(&site.projector().await?, output).await?;
            site.close().await
        }
        C::Status => {
            let site = Site::to_look_at_jobs(site, output).await?;
            status(&site, output).await?;
            site.close().await
        }
        C::Rebuild(args) => rebuild(site, args, output).await,
        C::Resume { names, job } => resume(site, names, *job, output).await,
        C::Compare { names, job } => {
            let how = How {
                compare_only: true,
                ..How::default()
            };
            build(site, &chosen(names)?, &how, *job, output).await
        }
        C::Cancel { name } => cancel(site, name, output).await,
        C::Retry { .. } | C::Skip { .. } => mend(site, command, output).await,
    }
}

impl Default for How {
    fn default() -> Self {
        let options = RebuildOptions::default();
        Self {
            chunk: options.chunk,
            workers: options.workers,
            allow_differences: false,
            compare_only: false,
        }
    }
}

/// Those of these names, all if there is none, before anything is asked of a server.
fn chosen(names: &[String]) -> Result<Vec<String>, CliError> {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let chosen = Projection::choose(&names)?;
    Ok(chosen.into_iter().map(|it| it.name).collect())
}

async fn list(projector: &Projector, output: Output) -> Result<(), CliError> {
    let rows = serde_json::json!({ "rows": projector.status().await? });
    output.answer(&rows, |it| listing(it, &["name", "state", "rebuild_due"]));
    Ok(())
}

async fn status(site: &Site, output: Output) -> Result<(), CliError> {
    let projector = site.projector().await?;
    let rebuilds = serde_json::json!({ "rows": projector.rebuilds().await? });
    // Where the projections stand is told also while Temporal is away.
    let jobs = jobs::running(site).await.unwrap_or_else(|no| {
        output.aside(&format!("jobs are not shown: {no}"));
        Vec::new()
    });
    let answer = serde_json::json!({
        "rows": projector.status().await?, "rebuilds": rebuilds["rows"], "jobs": jobs,
    });
    let jobs = serde_json::json!({ "rows": jobs.iter().map(line).collect::<Vec<_>>() });
    let fields = [
        "name",
        "position",
        "head",
        "lag",
        "state",
        "error_position",
        "error",
        "skipped",
        "rebuild_due",
    ];
    let under_way = ["name", "started_at", "events", "target", "running"];
    let led = [
        "projection",
        "started_at",
        "attempt",
        "position",
        "target",
        "last_failure",
    ];
    output.answer(&answer, |it| {
        let mut text = listing(it, &fields);
        for (title, rows, fields) in [
            ("rebuilds", &rebuilds, under_way.as_slice()),
            ("jobs", &jobs, led.as_slice()),
        ] {
            if rows["rows"].as_array().is_some_and(|it| !it.is_empty()) {
                text += &format!("\n\n{title}:\n{}", listing(rows, fields));
            }
        }
        text
    });
    Ok(())
}

/// A job, with how far it is over all ledgers.
fn line(job: &RebuildJob) -> serde_json::Value {
    let sum = |of: fn(&LedgerReached) -> u64| job.reached.iter().map(of).sum::<u64>();
    serde_json::json!({
        "projection": job.projection, "started_at": job.started_at, "attempt": job.attempt,
        "position": sum(|it| it.position.0), "target": sum(|it| it.target.0),
        "last_failure": job.last_failure,
    })
}

async fn rebuild(site: &SiteArgs, args: &RebuildArgs, output: Output) -> Result<(), CliError> {
    if args.names.is_empty() && !args.all {
        let no =
            "name the projections to rebuild, or say --all; `annal projections list` shows them";
        return Err(CliError::Usage(no.to_owned()));
    }
    let default = How::default();
    let how = How {
        chunk: args.chunk,
        workers: args.workers.map_or(default.workers, NonZeroUsize::get),
        allow_differences: args.allow_differences,
        compare_only: false,
    };
    build(site, &chosen(&args.names)?, &how, args.job, output).await
}

/// Here, or by jobs.
async fn build(
    args: &SiteArgs,
    names: &[String],
    how: &How,
    job: JobArgs,
    output: Output,
) -> Result<(), CliError> {
    if job.job {
        return jobs::start(args, names, how, job, output).await;
    }
    let site = Site::to_look(args, output).await?;
    let built = here(&site, names, how).await;
    site.close().await?;
    let rows = built.map_err(|no| rows::explain(no, output))?;
    rows::print(&rows, output);
    match how.compare_only {
        true => rows::expect_equal(&rows),
        false => Ok(()),
    }
}

async fn here(site: &Site, names: &[String], how: &How) -> Result<Vec<Row>, CliError> {
    // No name would mean all of them.
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let options = RebuildOptions {
        chunk: how.chunk,
        workers: how.workers,
        allow_differences: how.allow_differences,
        compare_only: how.compare_only,
    };
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut bars = Bars::default();
    let tell = |it: Progress| bars.tell((&it.projection, &it.ledger), it.position, it.target);
    let rebuilt = site
        .projector()
        .await?
        .rebuild(&names, &options, tell)
        .await;
    bars.finish();
    Ok(rebuilt?.into_iter().map(Row::from).collect())
}

/// What a job leads goes on by itself; the rest is taken up.
async fn resume(
    args: &SiteArgs,
    names: &[String],
    job: JobArgs,
    output: Output,
) -> Result<(), CliError> {
    let wanted = chosen(names)?;
    let site = Site::to_look_at_jobs(args, output).await?;
    let led = jobs::running(&site).await?;
    let begun = site.projector().await?.rebuilds().await?;
    site.close().await?;
    let mut broken_off = Vec::new();
    for it in begun.into_iter().filter(|it| wanted.contains(&it.name)) {
        if led.iter().any(|job| job.projection == it.name) {
            output.aside(&format!(
                "{} is led by a job, which goes on by itself",
                it.name
            ));
        } else if it.running {
            output.aside(&format!("{} is being rebuilt already", it.name));
        } else {
            broken_off.push(it.name);
        }
    }
    build(args, &broken_off, &How::default(), job, output).await
}

async fn cancel(args: &SiteArgs, name: &str, output: Output) -> Result<(), CliError> {
    chosen(&[name.to_owned()])?;
    let site = Site::to_look_at_jobs(args, output).await?;
    if !jobs::cancel(&site, name).await? {
        site.projector().await?.cancel_rebuild(name).await?;
    }
    site.close().await?;
    let answer = serde_json::json!({ "name": name });
    output.answer(&answer, |_| {
        format!("{name} has no rebuild under way any more")
    });
    Ok(())
}

/// Whoever mends them wants them as they are: nothing is brought up to date first.
async fn mend(
    args: &SiteArgs,
    command: &ProjectionsCommand,
    output: Output,
) -> Result<(), CliError> {
    let site = Site::to_look(args, output).await?;
    let projector = site.projector().await?;
    match command {
        ProjectionsCommand::Retry { name } => projector.retry(name).await?,
        ProjectionsCommand::Skip {
            name,
            position,
            reason,
            person,
        } => {
            projector
                .skip(name, *position, person.as_str(), reason)
                .await?;
        }
        _ => {}
    }
    site.catch_up().await?;
    status(&site, output).await?;
    site.close().await
}
