//! The first page: the ledgers that somebody sees, or the only one of them.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;

use super::layout::{Here, layout};
use super::path;
use crate::app::App;
use crate::listed::Listed;
use crate::viewer::Viewer;

/// The routes of this page.
pub(crate) fn routes() -> Listed {
    Listed::new().get("/", page)
}

async fn page(State(app): State<App>, viewer: Viewer) -> Response {
    let seen = app.ledgers().filter(|it| viewer.sees(&it.id));
    let seen: Vec<_> = seen.map(|it| &it.id).collect();
    if let [only] = seen[..] {
        return Redirect::to(&path::work(only)).into_response();
    }
    let content = html! {
        h1 { "Ledgers" }
        @if seen.is_empty() {
            p.empty { "You are signed in, and no ledger is open to you. Ask an admin for access." }
        } @else {
            ul { @for ledger in &seen { li { a href=(path::runs(ledger)) { (ledger) } } } }
        }
    };
    layout("Ledgers", Some(&viewer), &Here::outside(), &content).into_response()
}
