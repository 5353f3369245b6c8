//! What was measured of the pages, for the report too.

use annal_measure::Spread;
use serde::{Deserialize, Serialize};

/// How the results' names begin; then comes the number of events.
pub(crate) const RESULT: &str = "pages-";

/// All pages, on one log.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Pages {
    /// Where the log ends.
    pub(crate) head: u64,
    /// Runs that are open.
    pub(crate) open: u64,
    pub(crate) opened: Vec<Opened>,
}

/// One page of the console or one answer of the API.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Opened {
    /// Its route, with what it was asked for.
    pub(crate) page: String,
    /// The first time that a new server is asked for it, in milliseconds.
    pub(crate) first: f64,
    /// Every time after that, in milliseconds.
    pub(crate) time: Spread,
    /// Of the body, before it is compressed.
    pub(crate) kilobytes: usize,
}
