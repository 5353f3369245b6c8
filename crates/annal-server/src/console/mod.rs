//! The console, for people: server-rendered pages that work without a script. What every page shares is in `layout` and
//! `parts`; what every page of a run or a phase shares is in `desk`; what forms send goes through `acting`.

mod acting;
mod assets;
mod desk;
mod items;
pub(crate) mod layout;
mod live;
pub(crate) mod parts;
pub(crate) mod path;
mod phase;
mod runs;
mod shell;
mod start;
mod version;
mod work;

use axum::Router;
use axum::routing::get;

use crate::app::App;

pub(crate) use shell::guarded;

/// The routes of this room.
pub(crate) fn routes() -> Router<App> {
    let pages = Router::new()
        .merge(start::routes())
        .merge(runs::routes())
        .merge(work::routes())
        .merge(phase::routes())
        .merge(version::routes())
        .merge(acting::routes());
    Router::new()
        .route("/assets/{name}", get(assets::asset))
        .merge(live::routes())
        .merge(guarded(pages))
}
