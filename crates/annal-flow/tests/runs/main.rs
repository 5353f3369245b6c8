//! Runs on a real Temporal server and a real PostgreSQL.

#[path = "../support/mod.rs"]
mod support;

mod answers;
mod envelope;
mod nine_phases;
mod side_by_side;
