//! Temporal: the workflow of a run, its activities and the client side; and rebuilds of projections as jobs.
//!
//! A run is one workflow instance, `annal/{ledger}/{run}` on task queue `annal`. A person's command is an update; the
//! workflow hands it to an activity named after what is asked, which loads the run, lets the core decide and appends
//! once. What the engine has to do itself follows from where the run stands.
//!
//! Only this crate knows Temporal.

mod act;
mod activities;
mod cases;
mod client;
mod connection;
mod desk;
mod due;
mod error;
mod prepare;
mod queue;
mod rebuild;
mod replay;
mod roles;
mod trace;
mod worker;
mod workflow;

pub use act::{Accepted, Act, BY_PEOPLE, Call, Reply};
pub use cases::{CaseError, Cases, Standing};
pub use client::{ClientSettings, FlowClient};
pub use error::FlowError;
pub use rebuild::{
    JobError, JobStatus, LedgerReached, REBUILD_QUEUE, RebuildDone, RebuildFailed, RebuildJob,
    RebuildJobs, RebuildOrder, Rebuilder, Tell, rebuild_workflow_id,
};
pub use replay::{ReplayError, replay};
pub use trace::{NoTrace, Trace};
pub use worker::{Worker, WorkerSettings};
pub use workflow::Patches;

/// The task queue of workflows and activities.
pub const TASK_QUEUE: &str = "annal";

/// The workflow id of a run.
#[must_use]
pub fn workflow_id(ledger: &annal_core::LedgerId, run: annal_core::RunId) -> String {
    format!("annal/{ledger}/{run}")
}
