//! Why a server does not start or broke off.

use annal_flow::FlowError;
use annal_log::LogError;
use annal_projector::ProjectorError;

use crate::sign_in::AccountError;

/// What keeps a server from serving.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address cannot be listened on.
    #[error("{address} cannot be listened on: {source}; choose another with --listen")]
    Listen {
        /// As it was asked for.
        address: std::net::SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// Serving ended with an error.
    #[error("serving broke off: {0}")]
    Serving(#[source] std::io::Error),
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The projections.
    #[error(transparent)]
    Projector(#[from] ProjectorError),
    /// Temporal.
    #[error(transparent)]
    Flow(#[from] FlowError),
    /// The accounts.
    #[error(transparent)]
    Accounts(#[from] AccountError),
}

impl ServerError {
    /// Stable; scripts may match on it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Listen { .. } => "server_address",
            Self::Serving(_) => "server_broke_off",
            Self::Log(error) => error.code(),
            Self::Projector(error) => error.code(),
            Self::Flow(error) => error.code(),
            Self::Accounts(error) => error.code(),
        }
    }
}
