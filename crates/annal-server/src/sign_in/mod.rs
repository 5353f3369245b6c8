//! Signing in and out, sessions, tokens, and the record of who was refused.
//!
//! A request's way: `guard` stops what another site's page sent and records what is refused; `who` finds the person
//! behind a cookie (`sessions`) or a token (`tokens`), as the extractor [`Viewer`](crate::viewer::Viewer); `confirm` asks
//! for the password again where an act needs it. `accounts` is what an administrator changes.

mod accounts;
mod confirm;
mod cookie;
mod guard;
mod local;
mod next;
mod oidc;
mod pages;
mod password;
mod refusals;
mod secret;
mod sessions;
mod settings;
mod throttle;
mod tokens;
mod who;
mod witness;

use axum::Router;
use axum::routing::{get, post};

use crate::app::App;
use crate::console::guarded;
use crate::settings::ServerSettings;
use cookie::SessionCookie;
use oidc::Issuer;
use refusals::Refusals;
use sessions::Sessions;

pub use accounts::{
    Account, AccountError, Accounts, Changer, NewAccount, NewPassword, access_ledger,
    random_password,
};
pub(crate) use confirm::Confirmed;
pub(crate) use confirm::signs_in_anew;
pub(crate) use guard::guard;
pub(crate) use refusals::Reason;
pub(crate) use secret::SecretHash;
pub use settings::{OpenIdConnectSettings, SignInSettings, Timeouts};
pub use tokens::{NewToken, TokenInfo};
pub(crate) use who::{NotSignedIn, READ_ONLY, viewer_of};
pub(crate) use witness::Witness;

/// What signing in needs. Part of the [`App`].
#[derive(Debug, Clone)]
pub(crate) struct SignIn {
    accounts: Accounts,
    sessions: Sessions,
    refusals: Refusals,
    cookie: SessionCookie,
    issuer: Option<Issuer>,
    settings: SignInSettings,
}

impl SignIn {
    pub(crate) async fn connect(settings: &ServerSettings) -> Result<Self, AccountError> {
        let accounts = Accounts::connect(&settings.database_url).await?;
        let sign_in = settings.sign_in.clone();
        let tls = sign_in
            .public_url
            .as_ref()
            .is_some_and(|it| it.scheme() == "https");
        Ok(Self {
            sessions: Sessions::new(accounts.clone(), sign_in.timeouts.clone()),
            refusals: Refusals::connect(&settings.database_url).await?,
            cookie: SessionCookie::new(tls),
            issuer: sign_in
                .openid_connect
                .clone()
                .map(Issuer::new)
                .transpose()?,
            settings: sign_in,
            accounts,
        })
    }

    /// Writes what is not written yet, before the process ends.
    pub(crate) async fn close(&self) {
        self.refusals.close().await;
    }
}

/// The routes of this room.
pub(crate) fn routes() -> Router<App> {
    let pages = Router::new()
        .route("/sign-in", get(local::page).post(local::sign_in))
        .route(
            "/sign-in/password",
            get(local::password_page).post(local::change_password),
        )
        .route(
            "/sign-in/confirm",
            get(confirm::page).post(confirm::confirm),
        )
        .route("/sign-in/openid-connect", get(oidc::start))
        .route(oidc::CALLBACK, get(oidc::callback))
        .route("/sign-out", get(local::sign_out_page).post(local::sign_out))
        .route("/sign-out/everywhere", post(local::sign_out_everywhere));
    guarded(pages)
}
