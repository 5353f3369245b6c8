//! What each code means, at the address that a problem's `type` names.

use axum::Json;
use axum::extract::Path;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use maud::html;
use serde_json::json;

use super::{Kind, Problem, kinds};
use crate::console::layout::{Here, layout};
use crate::console::parts::{Column, Row, Table};
use crate::listed::Listed;

/// The routes of the catalogue. It tells nothing about anybody, so it is open to all.
pub(crate) fn routes() -> Listed {
    Listed::new()
        .get("/problems", all)
        .get("/problems/{code}", one)
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
    const COLUMNS: &[Column] = &[
        Column::text("Code"),
        Column::number("Status"),
        Column::text("What it means"),
        Column::text("What to do"),
    ];
    let row = |it: &&Kind| {
        Row::of([html! { code { (it.code) } }, html! { (it.status.as_u16()) }])
            .cell(html! { (it.title) })
            .cell(html! { (it.remedy) })
    };
    let table = Table {
        id: "problems",
        caption: "What a code means, and what to do",
        columns: COLUMNS,
        rows: kinds.iter().map(row).collect(),
        empty: "There is no such code.",
        filter: kinds.len() > 1,
    };
    let content = html! { h1 { "Problems" } (table.markup()) };
    layout("Problems", None, &Here::outside(), &content).into_response()
}
