//! Workflow definitions that this build knows.

use annal_core::definition::Definition;
use annal_core::run::event::DefinitionRef;
use axum::Json as Answered;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::Path;
use super::paths::OfDefinition;
use crate::app::App;
use crate::problem::Problem;
use crate::viewer::Viewer;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
}

/// The definitions, the oldest first.
#[derive(Debug, Serialize, ToSchema)]
struct Definitions {
    /// By version and hash of their text.
    rows: Vec<DefinitionRef>,
}

/// List the workflow definitions that a run can be pinned to.
#[utoipa::path(
    get, path = "/definitions", tag = "definitions", operation_id = "list_definitions",
    responses((status = 200, description = "The definitions.", body = Definitions))
)]
async fn list(_: Viewer) -> Answered<Definitions> {
    let rows = Definition::all()
        .iter()
        .map(Definition::reference)
        .collect();
    Answered(Definitions { rows })
}

/// Show a definition: its phases, their order, roles, time limits and conditions.
#[utoipa::path(
    get, path = "/definitions/{version}", tag = "definitions", operation_id = "show_definition", params(OfDefinition),
    responses((status = 200, description = "The definition, as it is written.", body = Value))
)]
async fn show(_: Viewer, Path(of): Path<OfDefinition>) -> Result<Answered<Value>, Problem> {
    let found = Definition::builtin(&of.version);
    let found = found.map_err(|_| Problem::not_found(format_args!("definition {}", of.version)))?;
    let text = serde_json::from_str(found.text()).map_err(|no| Problem::internal(&no))?;
    Ok(Answered(text))
}
