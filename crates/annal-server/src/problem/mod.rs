//! What is answered when something was not done: problem details (RFC 9457) for programs, a page for people.

pub(crate) mod catalogue;
mod from;
pub(crate) mod kinds;
mod page;
mod rendering;

use std::time::Duration;

use annal_core::rejection::RefusedItem;
use axum::http::StatusCode;

pub(crate) use kinds::Kind;
pub(crate) use rendering::{ProblemDocument, rendered};

/// Why something was not done. As a response it is a problem document; [`rendered`] makes a page of it where a page
/// was asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Problem {
    kind: &'static Kind,
    detail: String,
    items: Vec<RefusedItem>,
    retry_after: Option<Duration>,
}

/// The code of a problem that a page tells of in its own way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Told(pub(crate) &'static str);

impl Problem {
    /// A problem with what happened in this case, to what, and what to do.
    pub(crate) fn new(kind: &'static Kind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            items: Vec::new(),
            retry_after: None,
        }
    }

    /// There is no such thing, or none that whoever asks may see: the answer is the same.
    pub(crate) fn not_found(what: impl std::fmt::Display) -> Self {
        Self::new(&kinds::NOT_FOUND, format!("there is no {what} here"))
    }

    /// Something that is nobody's fault who asks. What it is goes to the server's log alone.
    pub(crate) fn internal(error: &dyn std::error::Error) -> Self {
        Self::hidden(&kinds::INTERNAL, error)
    }

    /// The kind is told, what is behind it goes to the server's log alone.
    fn hidden(kind: &'static Kind, error: &dyn std::error::Error) -> Self {
        tracing::error!(code = kind.code, error = %chain(error), "a request could not be answered");
        Self::new(kind, format!("{}. {}", kind.title, kind.remedy))
    }

    /// Every item that is wrong.
    fn with_items(self, items: Vec<RefusedItem>) -> Self {
        Self { items, ..self }
    }

    /// When it is worth another try.
    pub(crate) fn retry_after(self, time: Duration) -> Self {
        Self {
            retry_after: Some(time),
            ..self
        }
    }

    pub(crate) fn code(&self) -> &'static str {
        self.kind.code
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.kind.status
    }

    pub(crate) fn title(&self) -> &'static str {
        self.kind.title
    }

    pub(crate) fn remedy(&self) -> &'static str {
        self.kind.remedy
    }

    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    pub(crate) fn items(&self) -> &[RefusedItem] {
        &self.items
    }
}

/// An error with what is behind it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut behind = error.source();
    while let Some(cause) = behind {
        text = format!("{text}: {cause}");
        behind = cause.source();
    }
    text
}
