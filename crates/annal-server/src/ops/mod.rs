//! For who runs the server: health, readiness, metrics. They need no sign-in, so they tell nothing to strangers:
//! `/healthz` says only that the process lives, the others answer this machine alone, or whoever reaches the address
//! that was set aside for them.

mod measured;
mod ready;

use std::net::SocketAddr;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::get;

use crate::app::App;
use crate::problem::Problem;

pub(crate) use measured::record;

/// The routes of this room, beside all others.
pub(crate) fn routes() -> Router<App> {
    let inside = inside().route_layer(from_fn(from_here));
    Router::new().route("/healthz", get(alive)).merge(inside)
}

/// The routes of this room at an address of their own.
pub(crate) fn apart() -> Router<App> {
    inside().route("/healthz", get(alive))
}

fn inside() -> Router<App> {
    Router::new()
        .route("/readyz", get(ready::ready))
        .route("/metrics", get(measured::metrics))
}

async fn alive() -> &'static str {
    "ok\n"
}

/// A proxy on this machine asks for others, and says so.
const FOR_OTHERS: [&str; 3] = ["forwarded", "x-forwarded-for", "x-real-ip"];

async fn from_here(
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let headers = request.headers();
    let for_others = FOR_OTHERS.iter().any(|it| headers.contains_key(*it));
    if !from.ip().is_loopback() || for_others {
        let path = request.uri().path();
        return Err(Problem::not_found(format_args!("page '{path}'")));
    }
    Ok(next.run(request).await)
}
