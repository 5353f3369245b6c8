//! Runs: the list of them, opening one, and where one stands.

mod graph;
mod list;
mod open;
mod page;

use axum::extract::DefaultBodyLimit;

use super::acting::LARGEST_FORM;
use crate::listed::Listed;

pub(crate) use graph::state;
pub(crate) use page::shown;

/// The routes of these pages.
pub(crate) fn routes() -> Listed {
    let forms = Listed::new()
        .get("/{ledger}/runs/new", open::page)
        .post("/{ledger}/runs/new", open::opened)
        .around(|it| it.layer(DefaultBodyLimit::max(LARGEST_FORM)));
    forms
        .get("/{ledger}/runs", list::page)
        .get("/{ledger}/runs/{run}", page::page)
        .get("/{ledger}/runs/{run}/files/{sha256}", page::file)
}
