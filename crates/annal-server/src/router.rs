//! Which room answers which path.

use axum::Router;

use crate::app::App;
use crate::{api, console, ops, sign_in};

/// All routes.
pub(crate) fn router(app: App) -> Router {
    Router::new()
        .merge(ops::routes())
        .merge(sign_in::routes())
        .merge(console::routes())
        .nest("/api/v1", api::routes())
        .with_state(app)
}
