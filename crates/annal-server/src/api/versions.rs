//! Versions: listed, shown as they are or as they were, compared.

use annal_audit::{Answer, At, Diff, ShownVersion, VersionRow};
use annal_core::version::VersionRef;
use annal_core::{EventId, Phase, Position, VersionNo};
use axum::Json as Answered;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Moment, Path, Query};
use super::paths::{OfPhase, OnRun};
use crate::app::App;
use crate::problem::{Problem, kinds};
use crate::seen::SeenRun;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(diff))
}

/// Which versions.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Versions {
    /// Only of this phase.
    #[param(inline)]
    phase: Option<Phase>,
}

/// List the versions of a run, in the order of its phases.
#[utoipa::path(
    get, path = "/ledgers/{ledger}/runs/{run}/versions", tag = "versions", operation_id = "list_versions",
    params(OnRun, Versions),
    responses((status = 200, description = "The versions.", body = Answer<VersionRow>))
)]
async fn list(
    run: SeenRun,
    Query(ask): Query<Versions>,
) -> Result<Answered<Answer<VersionRow>>, Problem> {
    let audit = &run.seen.ledger.audit;
    Ok(Answered(audit.versions(run.run, ask.phase).await?))
}

/// A moment: at most one of these; the end of the log if none is given.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct When {
    /// As it was at this time of the log's clock.
    #[param(value_type = Option<String>, format = DateTime)]
    at: Option<Moment>,
    /// As it was when the log stood here.
    #[param(value_type = Option<u64>)]
    position: Option<Position>,
    /// As it was just before this event.
    #[param(value_type = Option<uuid::Uuid>)]
    before: Option<EventId>,
}

impl When {
    fn moment(&self) -> Result<At, Problem> {
        match (self.at, self.position, self.before) {
            (None, None, None) => Ok(At::Latest),
            (Some(time), None, None) => Ok(At::Time(time.0)),
            (None, Some(position), None) => Ok(At::Position(position)),
            (None, None, Some(event)) => Ok(At::BeforeEvent(event)),
            _ => {
                let detail = "at, position and before each name a moment; give one of them";
                Err(Problem::new(&kinds::INVALID_QUERY, detail))
            }
        }
    }
}

/// Show a version with its items and the decisions on them, as it is or as it was at any moment.
///
/// It is told by replaying the version's events, so no read model has a part in it.
#[utoipa::path(
    get, path = "/ledgers/{ledger}/runs/{run}/phases/{phase}/versions/{number}", tag = "versions",
    operation_id = "show_version", params(OnRun, OfPhase, When),
    responses((status = 200, description = "The version at that moment.", body = ShownVersion))
)]
async fn show(
    run: SeenRun,
    Path(of): Path<OfPhase>,
    Query(when): Query<When>,
) -> Result<Answered<ShownVersion>, Problem> {
    let audit = &run.seen.ledger.audit;
    let shown = audit.show(version(&run, &of), when.moment()?).await?;
    Ok(Answered(shown))
}

/// With what a version is compared.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Against {
    /// The other version of the phase; left out, the same one.
    #[param(value_type = Option<u32>)]
    from: Option<VersionNo>,
    /// The other one as it was when the log stood here.
    #[param(value_type = Option<u64>)]
    from_position: Option<Position>,
    /// This one as it was when the log stood here.
    #[param(value_type = Option<u64>)]
    position: Option<Position>,
}

/// Compare a version with another, or with itself at another moment: what is otherwise, and who changed it.
#[utoipa::path(
    get, path = "/ledgers/{ledger}/runs/{run}/phases/{phase}/versions/{number}/diff", tag = "versions",
    operation_id = "diff_versions", params(OnRun, OfPhase, Against),
    responses((status = 200, description = "What is otherwise.", body = Diff))
)]
async fn diff(
    run: SeenRun,
    Path(of): Path<OfPhase>,
    Query(against): Query<Against>,
) -> Result<Answered<Diff>, Problem> {
    let b = version(&run, &of);
    let a = VersionRef {
        number: against.from.unwrap_or(b.number),
        ..b
    };
    let at = |position: Option<Position>| position.map_or(At::Latest, At::Position);
    let (a, b) = ((a, at(against.from_position)), (b, at(against.position)));
    let audit = &run.seen.ledger.audit;
    Ok(Answered(audit.diff_at(a, b).await?))
}

fn version(run: &SeenRun, of: &OfPhase) -> VersionRef {
    VersionRef {
        run: run.run,
        phase: of.phase,
        number: of.number,
    }
}
