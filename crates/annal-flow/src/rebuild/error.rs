//! What can keep a job from being started, watched or given up.

use crate::error::FlowError;

/// A job could not be had, or did not end well.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JobError {
    /// Temporal could not be asked.
    #[error(transparent)]
    Flow(#[from] FlowError),
    /// There is one already.
    #[error(
        "a job rebuilds projection '{0}' already; watch it with `annal projections status`, or give it up with `annal projections cancel {0}`"
    )]
    Running(String),
    /// There is none.
    #[error("no job rebuilds projection '{0}'")]
    Absent(String),
    /// No worker takes it.
    #[error(
        "nobody who may fold listens on task queue 'annal-projections' of {0}; start `annal up`, or `annal projector` with TEMPORAL_ADDRESS. The job waits and goes on by itself then"
    )]
    NoWorker(String),
    /// Somebody gave it up.
    #[error("the rebuild of projection '{0}' was given up; the live table is as it was")]
    Cancelled(String),
    /// It ended with an error; the live table is as it was.
    #[error("{message}")]
    Failed {
        /// A stable code.
        code: String,
        /// What happened, and what to do.
        message: String,
        /// A few differing rows, where that was the reason: in which table, and the row.
        examples: Vec<(String, serde_json::Value)>,
    },
}

impl JobError {
    /// A stable code; scripts may match on it.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Flow(error) => error.code(),
            Self::Running(_) => "rebuild_running",
            Self::Absent(_) => "no_rebuild",
            Self::NoWorker(_) => "no_worker",
            Self::Cancelled(_) => "rebuild_cancelled",
            Self::Failed { code, .. } => code,
        }
    }
}
