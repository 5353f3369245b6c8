//! Why the desk could not settle a command. None of these is a refusal by the rules.

use annal_core::{CommandId, RunId};
use annal_data::DataError;
use annal_log::LogError;

use crate::cases::CaseError;

/// Nothing was recorded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeskError {
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The run's data or dictionary.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The run cannot be told from the log by this build.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// The command id belongs to other content. The caller turns this into a refusal.
    #[error("the command id {0} was used for other content")]
    Reused(CommandId),
    /// Others were quicker every time.
    #[error(
        "run {run} is changed by others faster than a command can be recorded; it is tried again"
    )]
    Crowded {
        /// The run.
        run: RunId,
    },
    /// An event or a reply in the log does not read as what it should be.
    #[error("what the log holds cannot be read: {0}")]
    Undecodable(#[from] serde_json::Error),
    /// An automatic step's result does not pass the rules.
    #[error("the rules refuse what was prepared: {0}")]
    Refused(annal_core::Rejection),
    /// The computation broke off.
    #[error("the computation broke off: {0}")]
    Broken(String),
}

impl DeskError {
    /// Whether another try can end otherwise without anything being changed.
    pub(crate) fn is_worth_another_try(&self) -> bool {
        match self {
            Self::Log(error) | Self::Case(CaseError::Log(error)) => error.is_transient(),
            Self::Crowded { .. } | Self::Broken(_) => true,
            Self::Data(_)
            | Self::Case(_)
            | Self::Reused(_)
            | Self::Undecodable(_)
            | Self::Refused(_) => false,
        }
    }
}
