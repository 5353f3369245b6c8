//! The console, for people: server-rendered pages that work without a script. What every page shares is in `layout` and
//! `parts`; what every page of a run or a phase shares is in `desk`; what forms send goes through `acting`.

mod acting;
mod assets;
mod audit;
mod chart;
mod desk;
mod event;
mod items;
pub(crate) mod layout;
mod live;
mod metrics;
pub(crate) mod parts;
pub(crate) mod path;
mod phase;
mod projections;
mod proof;
mod runs;
mod shell;
mod start;
mod version;
mod work;

use crate::listed::Listed;

pub(crate) use shell::guarded;

/// The routes of this room.
pub(crate) fn routes() -> Listed {
    let pages = Listed::new()
        .merge(start::routes())
        .merge(runs::routes())
        .merge(work::routes())
        .merge(phase::routes())
        .merge(version::routes())
        .merge(acting::routes())
        .merge(audit::routes())
        .merge(event::routes())
        .merge(metrics::routes())
        .merge(projections::routes())
        .merge(proof::routes());
    Listed::new()
        .get("/assets/{name}", assets::asset)
        .merge(live::routes())
        .merge(pages.around(guarded))
}
