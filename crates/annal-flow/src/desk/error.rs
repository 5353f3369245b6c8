//! Why the desk could not settle a command. None of these is a refusal by the rules.

use annal_core::definition::UnknownDefinition;
use annal_core::{CommandId, RunId};
use annal_data::DataError;
use annal_log::LogError;

/// Nothing was recorded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeskError {
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The run's data or dictionary.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The run is pinned to a definition that this build does not have.
    #[error("{0}; let a worker of a newer build take the run")]
    Definition(#[from] UnknownDefinition),
    /// The text of the definition that the run is pinned to is not the one that this build has.
    #[error(
        "the run is pinned to definition {version} with another text than this build's; let the build take it that opened the run"
    )]
    OtherDefinition {
        /// Its version.
        version: String,
    },
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
            Self::Log(error) => error.is_transient(),
            Self::Crowded { .. } | Self::Broken(_) => true,
            Self::Data(_)
            | Self::Definition(_)
            | Self::OtherDefinition { .. }
            | Self::Reused(_)
            | Self::Undecodable(_)
            | Self::Refused(_) => false,
        }
    }
}
