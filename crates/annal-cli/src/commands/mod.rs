//! What each command does.

pub(crate) mod account;
pub(crate) mod act;
pub(crate) mod acting;
pub(crate) mod audit;
pub(crate) mod definition;
mod intents;
pub(crate) mod log;
pub(crate) mod person;
pub(crate) mod projections;
pub(crate) mod reading;
pub(crate) mod runs;
pub(crate) mod serving;
pub(crate) mod snapshots;
