//! What each command does.

pub(crate) mod act;
pub(crate) mod acting;
mod intents;
pub(crate) mod projections;
pub(crate) mod reading;
pub(crate) mod runs;
pub(crate) mod serving;
