//! Which room answers which path, and what each request passes on its way there.

use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, OriginalUri, Request};
use axum::http::Method;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::timeout::RequestBodyTimeoutLayer;

use crate::app::App;
use crate::headers::guarded;
use crate::limits::{BODY_BYTES, limited};
use crate::listed::{Endpoint, Listed};
use crate::problem::{Problem, catalogue, kinds, rendered};
use crate::traced::traced;
use crate::{api, console, ops, sign_in};

/// A client may be silent for so long in the middle of a body.
const SILENT: Duration = Duration::from_secs(15);

/// All routes. Of the layers, the last one is passed first.
pub(crate) fn router(app: App, tls: bool) -> Router {
    let rooms = rooms()
        .into_router()
        .nest("/api/v1", api::routes(&app))
        .fallback(nothing_here)
        .method_not_allowed_fallback(other_method)
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(RequestBodyTimeoutLayer::new(SILENT))
        .layer(from_fn_with_state(app.clone(), sign_in::guard))
        .layer(CompressionLayer::new())
        .layer(from_fn_with_state(app.gate().clone(), limited))
        .layer(CatchPanicLayer::custom(broken))
        .layer(from_fn(rendered));
    guarded(rooms, tls).layer(from_fn(traced)).with_state(app)
}

/// Every endpoint beside those of the API, which has a description of its own: the console's, of signing in, for who runs
/// the server.
#[must_use]
pub fn pages() -> Vec<Endpoint> {
    rooms().into_endpoints()
}

fn rooms() -> Listed {
    Listed::new()
        .merge(ops::routes())
        .merge(sign_in::routes())
        .merge(console::routes())
        .merge(catalogue::routes())
}

/// What is told at an address that is set aside for who runs the server.
pub(crate) fn apart(app: App) -> Router {
    ops::apart()
        .into_router()
        .layer(from_fn(rendered))
        .with_state(app)
}

async fn nothing_here(OriginalUri(uri): OriginalUri) -> Problem {
    Problem::not_found(format_args!("page '{}'", uri.path()))
}

async fn other_method(method: Method, OriginalUri(uri): OriginalUri, _: Request) -> Problem {
    let path = uri.path();
    Problem::new(
        &kinds::WRONG_METHOD,
        format!("{path} does not take {method}"),
    )
}

/// A fault of ours ends one request, not the server.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands it over so")]
fn broken(what: Box<dyn std::any::Any + Send>) -> Response {
    let told = what.downcast_ref::<String>().map(String::as_str);
    let told = told.or_else(|| what.downcast_ref::<&str>().copied());
    let error = std::io::Error::other(told.unwrap_or("a panic").to_owned());
    Problem::internal(&error).into_response()
}
