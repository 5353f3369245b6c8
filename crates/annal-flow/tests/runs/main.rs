//! Runs on a real Temporal server and a real PostgreSQL.

#[path = "../support/mod.rs"]
mod support;

mod answers;
mod deadlines;
mod envelope;
mod long_runs;
mod nine_phases;
mod shown;
mod side_by_side;
mod troubles;
mod worker_dies;
