//! Rebuilds as jobs: started, watched, listed and given up through Temporal.

use std::sync::Mutex;

use annal_flow::{JobError, RebuildJob, RebuildJobs, RebuildOrder};
use annal_projector::Projection;
use futures::future::join_all;

use super::bars::Bars;
use super::rows::{self, Row};
use crate::args::{JobArgs, SiteArgs};
use crate::error::CliError;
use crate::output::Output;
use crate::site::Site;

/// What holds for all tables of a command.
pub(super) struct How {
    pub(super) chunk: u32,
    /// Of those that are built here.
    pub(super) workers: usize,
    pub(super) allow_differences: bool,
    pub(super) compare_only: bool,
}

/// Starts a job for each projection and waits for them, unless that is not wanted.
pub(super) async fn start(
    args: &SiteArgs,
    names: &[String],
    how: &How,
    job: JobArgs,
    output: Output,
) -> Result<(), CliError> {
    let site = Site::to_act(args, output).await?;
    let jobs = connected(&site).await?;
    let worker = match job.detach {
        true => None,
        false => site.rebuild_worker_if_needed().await?,
    };
    let ended = start_and_watch(&jobs, names, how, job, output).await;
    if let Some(worker) = worker {
        worker.stop().await?;
    }
    site.close().await?;
    ended
}

async fn start_and_watch(
    jobs: &RebuildJobs,
    names: &[String],
    how: &How,
    job: JobArgs,
    output: Output,
) -> Result<(), CliError> {
    for name in names {
        let order = RebuildOrder {
            projection: name.clone(),
            chunk: how.chunk,
            allow_differences: how.allow_differences,
            compare_only: how.compare_only,
        };
        jobs.start(&order).await?;
    }
    if job.detach {
        let answer = serde_json::json!({ "started": names });
        output.answer(&answer, |_| {
            format!(
                "started: {}\nnext: annal projections status",
                names.join(", ")
            )
        });
        return Ok(());
    }
    watch(jobs, names, how, output).await
}

/// All are waited for, also when one of them fails.
async fn watch(
    jobs: &RebuildJobs,
    names: &[String],
    how: &How,
    output: Output,
) -> Result<(), CliError> {
    let bars = Mutex::new(Bars::default());
    let tell = |job: &RebuildJob| {
        if let Ok(mut bars) = bars.lock() {
            for it in &job.reached {
                bars.tell((&job.projection, &it.ledger), it.position, it.target);
            }
        }
    };
    let ended = join_all(names.iter().map(|name| jobs.watch(name, tell))).await;
    if let Ok(bars) = bars.lock() {
        bars.finish();
    }
    let (mut done, mut failed) = (Vec::new(), None);
    for (name, ended) in names.iter().zip(ended) {
        match ended {
            Ok(it) => done.push(Row::of_job(name, it)),
            Err(no) => {
                let no = rows::explain(no.into(), output);
                if let Some(before) = failed.replace(no) {
                    output.aside(&before.to_string());
                }
            }
        }
    }
    if !done.is_empty() {
        rows::print(&done, output);
    }
    match failed {
        Some(no) => Err(no),
        None if how.compare_only => rows::expect_equal(&done),
        None => Ok(()),
    }
}

/// The jobs that run; none where no Temporal is at hand.
pub(super) async fn running(site: &Site) -> Result<Vec<RebuildJob>, CliError> {
    let Some(jobs) = site.jobs().await? else {
        return Ok(Vec::new());
    };
    let names: Vec<String> = Projection::builtin()
        .into_iter()
        .map(|it| it.name)
        .collect();
    Ok(jobs.running(&names).await?)
}

/// Gives up the job of a projection. Says whether there was one.
pub(super) async fn cancel(site: &Site, name: &str) -> Result<bool, CliError> {
    let Some(jobs) = site.jobs().await? else {
        return Ok(false);
    };
    match jobs.cancel(name).await {
        Ok(()) => Ok(true),
        Err(JobError::Absent(_)) => Ok(false),
        Err(no) => Err(no.into()),
    }
}

async fn connected(site: &Site) -> Result<RebuildJobs, CliError> {
    let address = site.temporal();
    Ok(RebuildJobs::connect(&address.target, &address.namespace).await?)
}
