//! Where pages are. Every link is made here, so that a name with a slash or a space in it leads to the right place.

use std::fmt::Display;

use annal_core::version::VersionRef;
use annal_core::{LedgerId, Phase, Position, RunId};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// All but the characters that a URL never has to escape.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// A text as one segment of a path, or as one value of a query.
pub(crate) fn escaped(text: impl Display) -> String {
    utf8_percent_encode(&text.to_string(), ESCAPED).to_string()
}

/// A page of a ledger; the rest is given as it is.
pub(crate) fn page(ledger: &LedgerId, rest: &str) -> String {
    format!("/{}/{rest}", escaped(ledger))
}

/// All runs.
pub(crate) fn runs(ledger: &LedgerId) -> String {
    page(ledger, "runs")
}

/// What waits for the viewer.
pub(crate) fn work(ledger: &LedgerId) -> String {
    page(ledger, "work")
}

/// One run.
pub(crate) fn run(ledger: &LedgerId, run: RunId) -> String {
    page(ledger, &format!("runs/{run}"))
}

/// One phase of a run: its open version or its trail, and what can be done there.
pub(crate) fn phase(ledger: &LedgerId, run: RunId, phase: Phase) -> String {
    page(ledger, &format!("runs/{run}/{phase}"))
}

/// A version as it is now.
pub(crate) fn version(ledger: &LedgerId, version: VersionRef) -> String {
    let VersionRef { run, phase, number } = version;
    page(ledger, &format!("runs/{run}/{phase}/{number}"))
}

/// An event of the log.
pub(crate) fn event(ledger: &LedgerId, position: Position) -> String {
    page(ledger, &format!("events/{position}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_a_slash_stays_one_segment() {
        let ledger = LedgerId::new("a/b ?é").unwrap();
        assert_eq!(runs(&ledger), "/a%2Fb%20%3F%C3%A9/runs");
    }
}
