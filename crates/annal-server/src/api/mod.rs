//! The HTTP API, for programs. `docs/api.md` shows its use, `docs/openapi.json` describes it; the description is made of
//! the types that are sent and of the words beside the handlers.

mod acts;
mod answers;
mod audit;
mod conditional;
mod definitions;
mod events;
mod extract;
mod files;
mod inbox;
mod ledgers;
mod log;
mod openapi;
mod paths;
mod projections;
mod reading;
mod runs;
mod stream;
mod versions;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

/// The routes of this room.
pub(crate) fn routes(app: &App) -> Router<App> {
    let (routes, _) = described(Some(app)).split_for_parts();
    routes
        .route("/openapi.json", get(openapi::served))
        .layer(from_fn(answers::linked))
}

/// The routes with their description.
fn described(app: Option<&App>) -> OpenApiRouter<App> {
    let mut read = OpenApiRouter::new()
        .merge(runs::routes())
        .merge(versions::routes())
        .merge(reading::routes())
        .merge(acts::routes())
        .merge(audit::routes())
        .merge(events::routes());
    if let Some(app) = app {
        read = read.route_layer(from_fn_with_state(app.clone(), conditional::conditional));
    }
    OpenApiRouter::with_openapi(openapi::outline())
        .merge(read)
        .merge(ledgers::routes())
        .merge(stream::routes())
        .merge(inbox::routes())
        .merge(files::routes())
        .merge(log::routes())
        .merge(projections::routes())
        .merge(definitions::routes())
}

pub use openapi::description;
