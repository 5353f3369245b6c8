//! What can keep a command from being answered. A refusal by the rules is an answer, not one of these.

use annal_core::RunId;

/// The run could not be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FlowError {
    /// The Temporal server does not answer.
    #[error(
        "the Temporal server at {target} does not answer ({detail}); start it with `annal up`, or point TEMPORAL_ADDRESS at one that runs"
    )]
    Unreachable {
        /// Its address.
        target: String,
        /// What went wrong.
        detail: String,
    },
    /// There is no such run.
    #[error(
        "there is no run {run} in ledger '{ledger}'; `annal run list` shows those that there are"
    )]
    NotFound {
        /// The run.
        run: RunId,
        /// The ledger.
        ledger: String,
    },
    /// The run is over, so there is nobody to act.
    #[error("run {run} is over ({status}); nothing more can be done in it")]
    Closed {
        /// The run.
        run: RunId,
        /// How its workflow ended.
        status: String,
    },
    /// No worker takes the work.
    #[error(
        "no worker listens on task queue '{queue}' of {target}; start one with `annal up`. A command that was sent is carried out once a worker is there, and sending it again under the same id is safe"
    )]
    NoWorker {
        /// The queue.
        queue: String,
        /// The server's address.
        target: String,
    },
    /// A worker is there, but the answer did not come in time.
    #[error(
        "no answer from run {run} within {seconds} s; the command may still be carried out. Sending it again under the same id is safe and tells"
    )]
    TimedOut {
        /// The run.
        run: RunId,
        /// How long was waited.
        seconds: u64,
    },
    /// The engine could not carry the command out, as far as it knows: a worker that was taken for dead may still do it.
    #[error(
        "run {run} could not carry out the command: {detail}. Once the cause is gone, send it again under the same id: it is carried out once, however often it was sent"
    )]
    Failed {
        /// The run.
        run: RunId,
        /// What went wrong.
        detail: String,
    },
    /// Something that Temporal refuses or this program does not understand.
    #[error("Temporal at {target} refused: {detail}")]
    Refused {
        /// The server's address.
        target: String,
        /// What it said.
        detail: String,
    },
}

impl FlowError {
    /// A stable code; scripts may match on it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "temporal_unreachable",
            Self::NotFound { .. } => "run_not_found",
            Self::Closed { .. } => "run_closed",
            Self::NoWorker { .. } => "no_worker",
            Self::TimedOut { .. } => "timed_out",
            Self::Failed { .. } => "command_failed",
            Self::Refused { .. } => "temporal_refused",
        }
    }
}
