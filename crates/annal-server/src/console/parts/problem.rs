//! What did not go, said at its place: what happened, to what, and what to do.

use annal_core::Rejection;
use annal_core::rejection::RefusedItem;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use crate::console::layout::{Here, layout};
use crate::viewer::Viewer;

/// Something that did not go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// Stable; the same that the API gives.
    pub(crate) code: String,
    /// What happened, to what, and what to do.
    pub(crate) message: String,
    /// Every bad item of a bulk.
    pub(crate) items: Vec<RefusedItem>,
}

impl Trouble {
    /// About one thing.
    pub(crate) fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
            items: Vec::new(),
        }
    }
}

impl From<Rejection> for Trouble {
    fn from(no: Rejection) -> Self {
        Self {
            code: no.code.as_str().to_owned(),
            message: no.message,
            items: no.items,
        }
    }
}

/// At the form that it came from.
pub(crate) fn problem(trouble: &Trouble) -> Markup {
    html! {
        section.problem #problem role="alert" aria-labelledby="problem-what" tabindex="-1" {
            h2 #problem-what { "That was not done" }
            p { (trouble.message) }
            @if trouble.items.len() > 1 {
                ul { @for it in &trouble.items { li { strong { (it.item) } " " (it.why) } } }
            }
            p.code { "Code " code { (trouble.code) } }
        }
    }
}

/// As a page of its own.
pub(crate) fn problem_page(
    status: StatusCode,
    viewer: Option<&Viewer>,
    here: &Here<'_>,
    trouble: &Trouble,
) -> Response {
    let title = status.canonical_reason().unwrap_or("Not done");
    let content = html! {
        h1 { (title) }
        p.lead { (trouble.message) }
        p.code { "Code " code { (trouble.code) } }
    };
    (status, layout(title, viewer, here, &content)).into_response()
}
