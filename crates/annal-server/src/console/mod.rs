//! The console, for people: server-rendered pages that work without a script. What every page shares is in `layout` and
//! `parts`; a page is a file that reads, and a file that shows what was read.

mod assets;
pub(crate) mod layout;
pub(crate) mod parts;
pub(crate) mod path;
mod shell;

use axum::Router;
use axum::routing::get;

use crate::app::App;

pub(crate) use shell::guarded;

/// The routes of this room.
pub(crate) fn routes() -> Router<App> {
    let pages = guarded(Router::new());
    Router::new()
        .route("/assets/{name}", get(assets::asset))
        .merge(pages)
}
