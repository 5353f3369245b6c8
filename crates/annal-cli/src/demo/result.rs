//! What the demo ends with.

use std::time::Duration;

use annal_audit::{Audit, RunSummary};
use annal_core::RunId;
use serde::Serialize;

use crate::error::CliError;
use crate::output::{or_dash, table};
use crate::site::Site;

/// The last thing that the demo prints.
#[derive(Debug, Serialize)]
pub(super) struct DemoResult {
    #[serde(flatten)]
    summary: RunSummary,
    elapsed_ms: u128,
}

pub(super) async fn of(site: &Site, run: RunId, elapsed: Duration) -> Result<DemoResult, CliError> {
    Ok(DemoResult {
        summary: Audit::new(&site.log).summary(run).await?,
        elapsed_ms: elapsed.as_millis(),
    })
}

pub(super) fn told(result: &DemoResult) -> String {
    let summary = &result.summary;
    let versions = summary.versions.iter().map(|it| {
        [
            it.phase.to_string(),
            it.number.to_string(),
            it.status.clone(),
            or_dash(it.parent.as_ref()),
            it.items.to_string(),
            it.carried_forward.to_string(),
        ]
    });
    let header = ["phase", "version", "status", "parent", "items", "carried"];
    let done = summary.phases.iter().filter(|it| it.completed_at.is_some());
    format!(
        "\nrun {} is {}: {} of {} phases in {:.1} s, {} events (the log stands at {})\n\n{}\n\nlook around:\n  annal timeline latest\n  annal show latest/sample_selection@2\n  annal transitions latest",
        summary.run_id,
        summary.status,
        done.count(),
        summary.phases.len(),
        result.elapsed_ms as f64 / 1000.0,
        summary.events,
        summary.head_position,
        table(header, versions),
    )
}
