//! What a server is started with.

use std::net::SocketAddr;

use annal_core::LedgerId;

use url::Url;

use crate::checkpoints::CheckpointSettings;
use crate::limits::Limits;
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
    /// Where readiness and metrics are told to whoever asks; where this is none, to this machine alone.
    pub ops_listen: Option<SocketAddr>,
    /// What a request may cost.
    pub limits: Limits,
}

impl ServerSettings {
    /// Serves these ledgers to this machine, and nothing that is not asked for.
    #[must_use]
    pub fn of(database_url: &str, temporal: (&str, &str), ledgers: Vec<LedgerId>) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            database_url: database_url.to_owned(),
            temporal_target: temporal.0.to_owned(),
            temporal_namespace: temporal.1.to_owned(),
            ledgers,
            sign_in: SignInSettings::default(),
            checkpoints: CheckpointSettings::default(),
            temporal_ui: None,
            ops_listen: None,
            limits: Limits::default(),
        }
    }

    /// Whether people reach the server by TLS, which something before it speaks.
    pub(crate) fn is_behind_tls(&self) -> bool {
        let public = self.sign_in.public_url.as_ref();
        public.is_some_and(|it| it.scheme() == "https")
    }
}
