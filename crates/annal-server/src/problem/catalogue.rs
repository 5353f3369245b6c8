//! What each code means, at the address that a problem's `type` names.

use axum::extract::Path;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use maud::{DOCTYPE, html};
use serde_json::json;

use super::{Kind, Problem, kinds};
use crate::app::App;

/// The routes of the catalogue. It tells nothing about anybody, so it is open to all.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/problems", get(all))
        .route("/problems/{code}", get(one))
}

async fn all(headers: HeaderMap) -> Response {
    told(&headers, kinds::ALL)
}

async fn one(headers: HeaderMap, Path(code): Path<String>) -> Result<Response, Problem> {
    let found = kinds::ALL.iter().find(|it| it.code == code);
    let kind = found.ok_or_else(|| Problem::not_found(format_args!("problem '{code}'")))?;
    Ok(told(&headers, &[kind]))
}

fn told(headers: &HeaderMap, kinds: &[&Kind]) -> Response {
    let accept = headers.get(header::ACCEPT).and_then(|it| it.to_str().ok());
    if !accept.is_some_and(|it| it.contains("text/html")) {
        let row = |it: &&Kind| json!({"code": it.code, "status": it.status.as_u16(), "title": it.title, "remedy": it.remedy});
        let rows: Vec<_> = kinds.iter().map(row).collect();
        return Json(json!({ "rows": rows })).into_response();
    }
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; title { "Problems – Annal" } }
            body {
                main {
                    h1 { "Problems" }
                    table {
                        thead { tr { th { "Code" } th { "Status" } th { "What it means" } th { "What to do" } } }
                        tbody {
                            @for it in kinds {
                                tr { td { code { (it.code) } } td { (it.status.as_u16()) } td { (it.title) } td { (it.remedy) } }
                            }
                        }
                    }
                }
            }
        }
    };
    page.into_response()
}
