//! Runs: the list of them, opening one, and where one stands.

mod graph;
mod list;
mod open;
mod page;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;

use super::acting::LARGEST_FORM;
use crate::app::App;

pub(crate) use graph::state;
pub(crate) use page::shown;

/// The routes of these pages.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/{ledger}/runs", get(list::page))
        .route(
            "/{ledger}/runs/new",
            get(open::page)
                .post(open::opened)
                .layer(DefaultBodyLimit::max(LARGEST_FORM)),
        )
        .route("/{ledger}/runs/{run}", get(page::page))
        .route("/{ledger}/runs/{run}/files/{sha256}", get(page::file))
}
