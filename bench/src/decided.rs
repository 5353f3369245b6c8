//! How fast decisions were.

use annal_measure::Spread;
use serde::{Deserialize, Serialize};

/// The name of the result.
pub(crate) const RESULT: &str = "decisions";

/// What was measured.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Decided {
    /// One caller, one decision after the other.
    pub(crate) single: Way,
    /// Several callers, each in its own run.
    pub(crate) callers: usize,
    /// Their decisions a second, together.
    pub(crate) at_once: Way,
    /// Decisions of a bulk command.
    pub(crate) bulk: usize,
    pub(crate) in_bulk: Way,
    /// The same rules and the same log without Temporal.
    pub(crate) direct_single: Way,
    pub(crate) direct_bulk: Way,
}

/// Decisions a second and the time of a command, in milliseconds.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Way {
    pub(crate) rate: f64,
    pub(crate) time: Spread,
}
