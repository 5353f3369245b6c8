//! What is told of one run beside its versions.

use annal_audit::{Answer, Lineage, PhaseMetrics, StepRow, TransitionRow};
use axum::Json as Answered;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::Query;
use super::paths::OnRun;
use crate::app::App;
use crate::problem::Problem;
use crate::seen::SeenRun;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(steps))
        .routes(routes!(transitions))
        .routes(routes!(metrics))
        .routes(routes!(lineage))
        .routes(routes!(export))
}

/// List the steps of a run, in the order in which they were scheduled.
#[utoipa::path(
    get, path = "/ledgers/{ledger}/runs/{run}/steps", tag = "runs", operation_id = "list_steps", params(OnRun),
    responses((status = 200, description = "The steps.", body = Answer<StepRow>))
)]
async fn steps(run: SeenRun) -> Result<Answered<Answer<StepRow>>, Problem> {
    Ok(Answered(run.seen.ledger.audit.steps(run.run).await?))
}

/// List the transitions that a run took between its phases, in order.
#[utoipa::path(
    get, path = "/ledgers/{ledger}/runs/{run}/transitions", tag = "runs", operation_id = "list_transitions",
    params(OnRun),
    responses((status = 200, description = "The transitions.", body = Answer<TransitionRow>))
)]
async fn transitions(run: SeenRun) -> Result<Answered<Answer<TransitionRow>>, Problem> {
    Ok(Answered(run.seen.ledger.audit.transitions(run.run).await?))
}

/// Numbers of every phase that a run has reached: revisions, rejections, time to approve, what waits.
#[utoipa::path(
    get, path = "/ledgers/{ledger}/runs/{run}/metrics", tag = "runs", operation_id = "run_metrics", params(OnRun),
    responses((status = 200, description = "The numbers.", body = Answer<PhaseMetrics>))
)]
async fn metrics(run: SeenRun) -> Result<Answered<Answer<PhaseMetrics>>, Problem> {
    Ok(Answered(run.seen.ledger.audit.metrics(run.run).await?))
}

/// What the lineage is asked of.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Of {
    /// An item, section, test case, document or request of the run.
    #[param(example = "attribute:income")]
    of: String,
}

/// What stands behind something in a run, and what was built on it.
#[utoipa::path(
    get, path = "/ledgers/{ledger}/runs/{run}/lineage", tag = "runs", operation_id = "lineage", params(OnRun, Of),
    responses((status = 200, description = "The lineage.", body = Lineage))
)]
async fn lineage(run: SeenRun, Query(of): Query<Of>) -> Result<Answered<Lineage>, Problem> {
    let audit = &run.seen.ledger.audit;
    Ok(Answered(audit.lineage(run.run, &of.of).await?))
}

/// Export a run for an examiner: events with their hashes, versions, timeline, decisions, and a page to read.
#[utoipa::path(
    get, path = "/ledgers/{ledger}/runs/{run}/export", tag = "runs", operation_id = "export_run", params(OnRun),
    responses((status = 200, description = "A ZIP archive; `manifest.json` holds the sums.",
        body = Vec<u8>, content_type = "application/zip"))
)]
async fn export(run: SeenRun) -> Result<Response, Problem> {
    let exported = run.seen.ledger.audit.export(run.run).await?;
    let zipped = tokio::task::spawn_blocking(move || zipped(&exported.files)).await;
    let zipped = zipped.map_err(|broken| Problem::internal(&broken))?;
    let zipped = zipped.map_err(|broken| Problem::internal(&broken))?;
    let name = format!("attachment; filename=\"run-{}.zip\"", run.run);
    let name = HeaderValue::try_from(name).map_err(|no| Problem::internal(&no))?;
    let zip = HeaderValue::from_static("application/zip");
    let headers = [
        (header::CONTENT_TYPE, zip),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((headers, zipped).into_response())
}

fn zipped(files: &[(String, Vec<u8>)]) -> zip::result::ZipResult<Vec<u8>> {
    use std::io::Write;
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    // No time of its own in it: the same run gives the same bytes.
    let options =
        zip::write::SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
    for (name, bytes) in files {
        archive.start_file(name.as_str(), options)?;
        archive.write_all(bytes)?;
    }
    Ok(archive.finish()?.into_inner())
}
