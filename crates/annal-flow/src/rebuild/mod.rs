//! Rebuilds of projections as jobs: a workflow for each projection, on a task queue of its own.
//!
//! The queue is polled by whoever has the projector's login; the workers of runs may read and append, not fold. What
//! a rebuild is, this crate does not know: it is handed a [`Rebuilder`]. The position that a job has reached is its
//! activity's heartbeat; where it goes on after a worker died is the successor's own cursor, in the database.

mod activity;
mod client;
mod error;
mod job;
mod order;
mod workflow;

pub(crate) use activity::RebuildActivities;
pub use client::RebuildJobs;
pub use error::JobError;
pub use job::{JobStatus, RebuildJob};
pub use order::{LedgerReached, RebuildDone, RebuildFailed, RebuildOrder, Rebuilder, Tell};
pub(crate) use workflow::ProjectionRebuildWorkflow;

/// The task queue of rebuilds.
pub const REBUILD_QUEUE: &str = "annal-projections";

/// The workflow id of a projection's rebuild: one at a time.
#[must_use]
pub fn rebuild_workflow_id(projection: &str) -> String {
    format!("annal-rebuild/{projection}")
}
