//! Finds or installs PostgreSQL and a real Temporal server, starts them, and sees to it that they end.
//!
//! Each server comes from the first of: an address in the environment (`DATABASE_URL`; `TEMPORAL_ADDRESS` and `TEMPORAL_NAMESPACE`), a
//! program that is installed, our own cache, an install into that cache. Data, logs and a state file live in one folder that the
//! caller names. Whoever names the same folder shares its servers; when the last user is gone, they stop.

mod account;
mod cache;
mod error;
mod fetch;
mod folder;
mod lease;
mod ports;
mod postgres;
mod progress;
mod service;
mod settings;
mod stack;
mod temporal;
pub mod testing;

pub use error::StackError;
pub use settings::{Needs, Settings, Surroundings, TemporalStore};
pub use stack::{Stack, TemporalAddress};
pub use temporal::TEMPORAL_RELEASE;
