//! The console, for people: server-rendered pages.

use axum::Router;

use crate::app::App;

/// The routes of this room.
pub(crate) fn routes() -> Router<App> {
    Router::new()
}
