//! Which room answers which path.

use axum::Router;
use axum::extract::{OriginalUri, Request};
use axum::http::Method;
use axum::middleware::{from_fn, from_fn_with_state};

use crate::app::App;
use crate::problem::{Problem, kinds, rendered};
use crate::{api, console, ops, sign_in};

/// All routes.
pub(crate) fn router(app: App) -> Router {
    Router::new()
        .merge(ops::routes())
        .merge(sign_in::routes())
        .merge(console::routes())
        .nest("/api/v1", api::routes())
        .fallback(nothing_here)
        .method_not_allowed_fallback(other_method)
        .layer(from_fn_with_state(app.clone(), sign_in::guard))
        .layer(from_fn(rendered))
        .with_state(app)
}

async fn nothing_here(OriginalUri(uri): OriginalUri) -> Problem {
    Problem::not_found(format_args!("page '{}'", uri.path()))
}

async fn other_method(method: Method, request: Request) -> Problem {
    let path = request.uri().path();
    Problem::new(
        &kinds::WRONG_METHOD,
        format!("{path} does not take {method}"),
    )
}
