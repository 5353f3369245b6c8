//! How people, runs, versions and words of payloads are shown.

use annal_core::LedgerId;
use annal_core::version::VersionRef;
use maud::{Markup, html};

use super::{Badge, badge};
use crate::console::path;

/// A word of a payload as people write it: `pending_approval` → `pending approval`.
pub(crate) fn human(word: &str) -> String {
    word.replace('_', " ")
}

/// A person: printed name and id, which are not the same thing to an examiner.
pub(crate) fn person(id: &impl std::fmt::Display, name: Option<&str>) -> Markup {
    html! {
        span.person {
            @if let Some(name) = name { (name) " " span.id { (id) } } @else { (id) }
        }
    }
}

/// The way to a version.
pub(crate) fn version_link(ledger: &LedgerId, version: VersionRef) -> Markup {
    html! {
        a href=(path::version(ledger, version)) { (human(version.phase.name())) " version " (version.number) }
    }
}

/// A verdict, or that there is none yet.
pub(crate) fn verdict_badge(verdict: Option<&str>) -> Markup {
    match verdict {
        Some(verdict) => badge(verdict),
        None => Badge::Blank.saying("open"),
    }
}
