//! For who runs the server: health, readiness, metrics. They need no sign-in, so they tell nothing to strangers:
//! `/healthz` says only that the process lives, the others answer this machine alone, or whoever reaches the address
//! that was set aside for them.

mod measured;
mod ready;

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Request};
use axum::middleware::{Next, from_fn};
use axum::response::Response;

use crate::listed::Listed;
use crate::problem::Problem;

pub(crate) use measured::record;

/// The routes of this room, beside all others.
pub(crate) fn routes() -> Listed {
    let inside = inside().around(|it| it.route_layer(from_fn(from_here)));
    Listed::new().get("/healthz", alive).merge(inside)
}

/// The routes of this room at an address of their own.
pub(crate) fn apart() -> Listed {
    inside().get("/healthz", alive)
}

fn inside() -> Listed {
    Listed::new()
        .get("/readyz", ready::ready)
        .get("/metrics", measured::metrics)
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
