//! What a server is started with.

use std::net::SocketAddr;

use annal_core::LedgerId;

use url::Url;

use crate::checkpoints::CheckpointSettings;
use crate::sign_in::SignInSettings;

/// Where a server listens and what it serves.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The log's database.
    pub database_url: String,
    /// Temporal's address, host and port.
    pub temporal_target: String,
    /// Temporal's namespace.
    pub temporal_namespace: String,
    /// The ledgers that are served.
    pub ledgers: Vec<LedgerId>,
    /// How people sign in.
    pub sign_in: SignInSettings,
    /// Where signed checkpoints are kept, and what signs new ones.
    pub checkpoints: CheckpointSettings,
    /// Where Temporal's own pages are, for links; none where there are none.
    pub temporal_ui: Option<Url>,
}
