//! The read models: how far they are, and building them anew.

use annal_core::Position;
use annal_projector::{ProjectionStatus, RebuildStatus, Rebuilt};
use axum::Json as Answered;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Json, Path};
use super::paths::{InLedger, OfProjection};
use crate::app::App;
use crate::jobs::{Job, JobKind, JobState};
use crate::problem::{Problem, kinds};
use crate::seen::Seen;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(rebuild, watch, cancel))
        .routes(routes!(retry))
        .routes(routes!(skip))
}

/// The projections of a ledger.
#[derive(Debug, Serialize, ToSchema)]
struct Projections {
    /// By name: how far each is, and whether it goes on.
    rows: Vec<ProjectionStatus>,
    /// Rebuilds that were begun and not ended, by any process.
    rebuilds: Vec<RebuildStatus>,
}

/// List the projections: position, lag, whether each goes on, and rebuilds under way.
#[utoipa::path(
    get, path = "/ledgers/{ledger}/projections", tag = "projections", operation_id = "list_projections",
    params(InLedger),
    responses((status = 200, description = "The projections.", body = Projections))
)]
async fn list(seen: Seen) -> Result<Answered<Projections>, Problem> {
    let projector = &seen.ledger.projector;
    Ok(Answered(Projections {
        rows: projector.status().await?,
        rebuilds: projector.rebuilds().await?,
    }))
}

/// How a projection is built anew.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
struct How {
    /// Only compare: the live table stays, and the differences are told.
    compare_only: bool,
    /// Put the new table in place even if it differs from the live one.
    allow_differences: bool,
}

/// A rebuild that was asked for here.
#[derive(Debug, Serialize, ToSchema)]
struct Rebuild {
    /// The projection.
    name: String,
    /// `rebuild` or `compare`.
    kind: &'static str,
    /// When it was begun.
    began_at: DateTime<Utc>,
    /// `running`, `done`, `failed` or `cancelled`.
    state: &'static str,
    /// Events folded so far, over all ledgers.
    folded: Option<u64>,
    /// Events to fold.
    of: Option<u64>,
    /// What came of it.
    result: Option<Rebuilt>,
    /// Why it failed, as a stable code.
    code: Option<&'static str>,
    /// Why it failed.
    why: Option<String>,
}

impl Rebuild {
    fn of(name: &str, job: Job) -> Self {
        let mut told = Self {
            name: name.to_owned(),
            kind: match job.kind {
                JobKind::Compare => "compare",
                JobKind::Rebuild | JobKind::RebuildAllowingDifferences => "rebuild",
            },
            began_at: job.began,
            state: "cancelled",
            folded: None,
            of: None,
            result: None,
            code: None,
            why: None,
        };
        match job.state {
            JobState::Running { folded, of } => {
                told.state = "running";
                (told.folded, told.of) = (Some(folded), Some(of));
            }
            JobState::Done(rebuilt) => {
                told.state = "done";
                told.result = Some(rebuilt);
            }
            JobState::Failed { code, why } => {
                told.state = "failed";
                (told.code, told.why) = (Some(code), Some(why));
            }
            JobState::Cancelled => {}
        }
        told
    }
}

/// Build a projection anew beside the live one, compare the two, and put the new one in place.
///
/// By an admin. Readers never wait and never see half of it; read the same path to see how far it is.
#[utoipa::path(
    post, path = "/ledgers/{ledger}/projections/{name}/rebuild", tag = "projections", operation_id = "begin_rebuild",
    params(InLedger, OfProjection), request_body = How,
    responses((status = 202, description = "It runs.", body = Rebuild,
        headers(("Location" = String, description = "Where its progress is told."))))
)]
async fn rebuild(
    State(app): State<App>,
    seen: Seen,
    Path(of): Path<OfProjection>,
    axum::extract::OriginalUri(uri): axum::extract::OriginalUri,
    Json(how): Json<How>,
) -> Result<Response, Problem> {
    seen.admin()?;
    known(&seen, &of.name).await?;
    let kind = match (how.compare_only, how.allow_differences) {
        (true, _) => JobKind::Compare,
        (false, true) => JobKind::RebuildAllowingDifferences,
        (false, false) => JobKind::Rebuild,
    };
    let rebuilds = &app.jobs().rebuilds;
    if rebuilds.of(&of.name).is_some_and(|it| it.runs()) {
        let detail = format!(
            "a rebuild of projection '{}' runs; wait for it, or cancel it",
            of.name
        );
        return Err(Problem::new(&kinds::REBUILD_RUNNING, detail));
    }
    rebuilds.begin(&seen.ledger.projector, &of.name, kind);
    let told = told(&app, &of.name)?;
    let mut response = (StatusCode::ACCEPTED, Answered(told)).into_response();
    if let Ok(place) = HeaderValue::try_from(uri.path()) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

/// See how far the newest rebuild of a projection is that was asked for here.
#[utoipa::path(
    get, path = "/ledgers/{ledger}/projections/{name}/rebuild", tag = "projections", operation_id = "watch_rebuild",
    params(InLedger, OfProjection),
    responses((status = 200, description = "How far it is.", body = Rebuild))
)]
async fn watch(
    State(app): State<App>,
    seen: Seen,
    Path(of): Path<OfProjection>,
) -> Result<Answered<Rebuild>, Problem> {
    seen.whole()?;
    Ok(Answered(told(&app, &of.name)?))
}

/// Give up a rebuild: what it built goes, the live table stays. By an admin.
#[utoipa::path(
    delete, path = "/ledgers/{ledger}/projections/{name}/rebuild", tag = "projections",
    operation_id = "cancel_rebuild", params(InLedger, OfProjection),
    responses((status = 204, description = "There is none any more."))
)]
async fn cancel(
    State(app): State<App>,
    seen: Seen,
    Path(of): Path<OfProjection>,
) -> Result<StatusCode, Problem> {
    seen.admin()?;
    let projector = &seen.ledger.projector;
    app.jobs().rebuilds.cancel(projector, &of.name).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn told(app: &App, name: &str) -> Result<Rebuild, Problem> {
    let job = app.jobs().rebuilds.of(name);
    let none = || {
        Problem::new(
            &kinds::NO_REBUILD,
            format!("no rebuild of '{name}' was asked for here"),
        )
    };
    Ok(Rebuild::of(name, job.ok_or_else(none)?))
}

async fn known(seen: &Seen, name: &str) -> Result<(), Problem> {
    let status = seen.ledger.projector.status().await?;
    match status.iter().any(|it| it.name == name) {
        true => Ok(()),
        false => Err(Problem::not_found(format_args!("projection '{name}'"))),
    }
}

/// Let a projection that stands still try its event again. By an admin.
#[utoipa::path(
    post, path = "/ledgers/{ledger}/projections/{name}/retry", tag = "projections", operation_id = "retry_projection",
    params(InLedger, OfProjection),
    responses((status = 204, description = "It tries again."))
)]
async fn retry(seen: Seen, Path(of): Path<OfProjection>) -> Result<StatusCode, Problem> {
    seen.admin()?;
    seen.ledger.projector.retry(&of.name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// An event to do without.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Without {
    /// The event that stops the projection.
    #[schema(value_type = u64)]
    position: Position,
    /// Why the projection may do without it.
    reason: String,
}

/// Let a projection do without the event that stops it. By an admin; who and why is kept.
#[utoipa::path(
    post, path = "/ledgers/{ledger}/projections/{name}/skip", tag = "projections", operation_id = "skip_event",
    params(InLedger, OfProjection), request_body = Without,
    responses((status = 204, description = "It goes on without it."))
)]
async fn skip(
    seen: Seen,
    Path(of): Path<OfProjection>,
    Json(without): Json<Without>,
) -> Result<StatusCode, Problem> {
    seen.admin()?;
    let (position, by) = (without.position, seen.viewer.person.as_str());
    let projector = &seen.ledger.projector;
    projector
        .skip(&of.name, position, by, &without.reason)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
