//! How people sign in to a server.

use chrono::TimeDelta;
use sqlx::postgres::types::PgInterval;
use url::Url;

/// How people sign in to a server.
#[derive(Debug, Clone, Default)]
pub struct SignInSettings {
    /// Where browsers reach the server, if that is not where it listens. With `https`, cookies are for TLS alone.
    pub public_url: Option<Url>,
    /// A proxy of one's own stands before the server and names the caller in `X-Forwarded-For`.
    pub behind_proxy: bool,
    /// Where people sign in who have no password here.
    pub openid_connect: Option<OpenIdConnectSettings>,
    /// When a session ends by itself.
    pub timeouts: Timeouts,
}

/// An OpenID Connect issuer.
#[derive(Clone)]
pub struct OpenIdConnectSettings {
    /// Its address; everything else is found there.
    pub issuer: String,
    /// The name under which the server is registered with it.
    pub client_id: String,
    /// What the server proves itself with, if it was given something.
    pub client_secret: Option<String>,
    /// What the button says.
    pub label: String,
}

impl std::fmt::Debug for OpenIdConnectSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenIdConnectSettings")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// When a session ends by itself.
#[derive(Debug, Clone)]
pub struct Timeouts {
    idle: TimeDelta,
    pub(crate) absolute: PgInterval,
    pub(crate) confirmed: PgInterval,
}

impl Timeouts {
    /// `idle`: without a request. `absolute`: after the sign-in. `confirmed`: how long a password that was given again
    /// counts for its act.
    #[must_use]
    pub fn new(idle: TimeDelta, absolute: TimeDelta, confirmed: TimeDelta) -> Self {
        Self {
            idle,
            absolute: interval(absolute),
            confirmed: interval(confirmed),
        }
    }

    pub(crate) fn idle(&self) -> TimeDelta {
        self.idle
    }
}

/// Half an hour without a request, twelve hours in all, five minutes for an act.
impl Default for Timeouts {
    fn default() -> Self {
        Self::new(
            TimeDelta::minutes(30),
            TimeDelta::hours(12),
            TimeDelta::minutes(5),
        )
    }
}

fn interval(time: TimeDelta) -> PgInterval {
    PgInterval {
        months: 0,
        days: 0,
        microseconds: time.num_microseconds().unwrap_or(i64::MAX),
    }
}
