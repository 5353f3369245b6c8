//! Signing in and out, sessions, tokens, and the record of who was refused.
//!
//! A request's way: `guard` stops what another site's page sent and records what is refused; `who` finds the person
//! behind a cookie (`sessions`) or a token (`tokens`), as the extractor [`Viewer`](crate::viewer::Viewer); `confirm` asks
//! for the password again where an act needs it. `accounts` is what an administrator changes.

mod accounts;
mod anew;
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

use crate::console::guarded;
use crate::listed::Listed;
use crate::settings::ServerSettings;
use cookie::SessionCookie;
use oidc::Issuer;
use refusals::Refusals;
use sessions::Sessions;

pub use accounts::{
    Account, AccountError, Accounts, Changer, NewAccount, NewPassword, access_ledger,
    random_password,
};
pub(crate) use anew::Anew;
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

    /// How many passwords were compared with a hash so far.
    pub(crate) fn passwords_compared(&self) -> u64 {
        self.accounts.passwords().compared()
    }

    /// Writes what is not written yet, before the process ends.
    pub(crate) async fn close(&self) {
        self.refusals.close().await;
    }
}

/// The routes of this room.
pub(crate) fn routes() -> Listed {
    let pages = Listed::new()
        .get("/sign-in", local::page)
        .post("/sign-in", local::sign_in)
        .get("/sign-in/password", local::password_page)
        .post("/sign-in/password", local::change_password)
        .get("/sign-in/confirm", confirm::page)
        .post("/sign-in/confirm", confirm::confirm)
        .get("/sign-in/openid-connect", oidc::start)
        .get(oidc::CALLBACK, oidc::callback)
        .get("/sign-out", local::sign_out_page)
        .post("/sign-out", local::sign_out)
        .post("/sign-out/everywhere", local::sign_out_everywhere);
    pages.around(guarded)
}
