//! Runs: listed, opened, shown.

use annal_audit::{BoardFilter, BoardRow, Page, RunDetail};
use annal_core::dossier::event::FileRef;
use annal_core::people::Person;
use annal_core::{Phase, Position, RunId, Summary};
use axum::Json as Answered;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::acts::{Done, How};
use super::answers::{Made, Paged};
use super::extract::{Json, Key, Limit, Query};
use super::paths::{InLedger, OnRun};
use crate::acting::{NewRun, start_run};
use crate::app::App;
use crate::problem::Problem;
use crate::seen::{Seen, SeenRun, WorkedIn};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, open))
        .routes(routes!(show))
        .routes(routes!(phases))
}

/// Which runs are listed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[derive(Default)]
struct Runs {
    /// Only with this status: `open`, `completed` or `cancelled`.
    status: Option<String>,
    /// Only where the report's or the cycle's name holds this.
    text: Option<String>,
    /// Opened before this position: the `next` of the page before.
    #[param(value_type = Option<u64>)]
    before: Option<Position>,
    /// Rows of a page.
    limit: Limit,
}

/// List the runs that you see, the newest first.
#[utoipa::path(
    get, path = "/ledgers/{ledger}/runs", tag = "runs", operation_id = "list_runs", params(InLedger, Runs),
    responses((status = 200, description = "A page of runs, with a link to the next.", body = Page<BoardRow>))
)]
async fn list(seen: Seen, Query(ask): Query<Runs>) -> Result<Paged<BoardRow>, Problem> {
    let filter = BoardFilter {
        person: seen.only(),
        status: ask.status,
        text: ask.text,
        before: ask.before,
        limit: ask.limit.0,
    };
    Ok(Paged::before(seen.ledger.audit.board(&filter).await?))
}

/// A run to open. Upload its data and its dictionary first.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Opening {
    /// The report.
    #[schema(example = "HMDA LAR Boston")]
    report: String,
    /// The test cycle.
    #[schema(example = "1990")]
    cycle: String,
    /// The data under test, as the upload answered it.
    data: UploadedFile,
    /// Its dictionary, as the upload answered it.
    dictionary: UploadedFile,
    /// The schedule that is meant, where the dictionary has several.
    schedule: Option<String>,
    /// Everybody on the run, with their roles. You have to be among them.
    people: Vec<Person>,
    /// The definition that the run is pinned to; the newest if left out.
    #[schema(value_type = Option<String>, example = "2.0.0")]
    definition: Option<semver::Version>,
    /// Phases to pass over, where the definition allows it.
    #[serde(default)]
    skip: Vec<Phase>,
    /// Seed of all draws; the same seed gives the same samples.
    #[serde(default)]
    seed: u64,
    /// How many samples are drawn first.
    #[serde(default = "hundred")]
    #[schema(default = 100)]
    sample_size: u32,
    /// Why.
    reason: Option<String>,
    /// In which role; left out, one that you hold and that may open a run.
    role: Option<annal_core::Role>,
}

/// A file of the ledger.
#[derive(Debug, Deserialize, ToSchema)]
struct UploadedFile {
    /// SHA-256 of its bytes, in hex.
    sha256: String,
    /// Its name.
    name: String,
}

const fn hundred() -> u32 {
    100
}

/// A run that was opened.
#[derive(Debug, Serialize, ToSchema)]
struct Opened {
    /// Its id.
    run_id: RunId,
    /// How that was recorded.
    #[serde(flatten)]
    done: Done,
}

/// Open a run. For members of the ledger.
///
/// Data and dictionary are read before anything is written, and a fault is named with its line. The run's id follows from
/// the `Idempotency-Key`: the same request with the same key opens no second run.
#[utoipa::path(
    post, path = "/ledgers/{ledger}/runs", tag = "runs", operation_id = "open_run",
    params(InLedger, ("Idempotency-Key" = Option<uuid::Uuid>, Header, description = "Chosen by you, one for each run.")),
    request_body = Opening,
    responses(
        (status = 201, description = "It is open.", body = Opened, headers(("Location" = String, description = "The run."))),
        (status = 200, description = "It had been opened before under this key.", body = Opened),
    )
)]
async fn open(
    WorkedIn(seen): WorkedIn,
    Key(id): Key,
    axum::extract::OriginalUri(uri): axum::extract::OriginalUri,
    Json(asked): Json<Opening>,
) -> Result<Made<Opened>, Problem> {
    let how = How::of(asked.reason, asked.role).asked(id);
    let dictionary = match asked.schedule {
        Some(schedule) => format!("{}#{schedule}", asked.dictionary.name),
        None => asked.dictionary.name,
    };
    let new = NewRun {
        report: asked.report,
        cycle: asked.cycle,
        definition: asked.definition,
        people: asked.people,
        data: (asked.data.sha256, asked.data.name),
        dictionary: (asked.dictionary.sha256, dictionary),
        skip: asked.skip,
        seed: asked.seed,
        sample_size: asked.sample_size,
    };
    let (run_id, done) = start_run(&seen, new, how).await?;
    Ok(Made {
        place: format!("{}/{run_id}", uri.path()),
        key: Some(id),
        repeated: done.repeated,
        body: Opened {
            run_id,
            done: Done::new(id, done),
        },
    })
}

/// A run with all that belongs to it.
#[derive(Debug, Serialize, ToSchema)]
struct WholeRun {
    /// As the read models have it.
    #[serde(flatten)]
    detail: RunDetail,
    /// Where it stands, and what waits for whom.
    standing: Summary,
    /// Everybody on it.
    people: Vec<Person>,
    /// The data under test.
    data: Option<FileRef>,
    /// Its dictionary.
    dictionary: Option<FileRef>,
}

/// Show a run: its phases, versions, open steps, people, and what waits for whom.
#[utoipa::path(
    get, path = "/ledgers/{ledger}/runs/{run}", tag = "runs", operation_id = "show_run", params(OnRun),
    responses((status = 200, description = "The run.", body = WholeRun))
)]
async fn show(run: SeenRun) -> Result<Answered<WholeRun>, Problem> {
    let detail = run.seen.ledger.audit.run(run.run).await?;
    let case = &run.standing.case;
    let opening = case.run.opening();
    Ok(Answered(WholeRun {
        detail,
        standing: case.summary(),
        people: case.run.people().cloned().collect(),
        data: opening.map(|it| it.data.clone()),
        dictionary: opening.map(|it| it.dictionary.clone()),
    }))
}

/// Where the phases of a run stand, in the order of its definition, and what waits for whom.
#[utoipa::path(
    get, path = "/ledgers/{ledger}/runs/{run}/phases", tag = "runs", operation_id = "list_phases", params(OnRun),
    responses((status = 200, description = "The phases.", body = Summary))
)]
async fn phases(run: SeenRun) -> Answered<Summary> {
    Answered(run.standing.case.summary())
}
