//! Runs on a real Temporal server and a real PostgreSQL.

#![allow(
    clippy::disallowed_methods,
    reason = "these are the people outside the workflow, who have clocks and choose ids"
)]

#[path = "../support/mod.rs"]
mod support;

mod answers;
mod broken_data;
mod broken_off;
mod deadlines;
mod envelope;
mod long_runs;
mod messages;
mod moving;
mod nine_phases;
mod recording;
mod rolling_out;
mod schedules;
mod sent_again;
mod shown;
mod side_by_side;
mod troubles;
mod worker_dies;
