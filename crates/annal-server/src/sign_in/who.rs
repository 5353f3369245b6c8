//! Who a request is from.

use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::SignIn;
use super::accounts::AccountError;
use super::refusals::Reason;
use super::sessions::{Found, Over};
use super::tokens::FoundToken;
use super::witness::Witness;
use crate::app::App;
use crate::problem::Problem;
use crate::viewer::{Scope, Via, Viewer};

/// A request that is from nobody who is let in. The layer around all routes makes a redirect of it for a page.
#[derive(Debug)]
pub(crate) enum NotSignedIn {
    /// It has to prove who it is from.
    Unknown(&'static str),
    /// A token that may only read was to change something.
    ReadOnly,
    /// Somebody whose password was chosen by another has to choose their own first.
    PasswordDue,
    /// It could not be found out.
    Failed(AccountError),
}

impl IntoResponse for NotSignedIn {
    fn into_response(self) -> Response {
        Problem::from(self).into_response()
    }
}

/// What a token that may only read is told.
pub(crate) const READ_ONLY: &str =
    "the token's scope is `read`; use one that was made with `--scope act`";

/// A problem document.
pub(super) fn problem(status: StatusCode, code: &str, detail: &str) -> Response {
    let title = status.canonical_reason().unwrap_or_default();
    let body = json!({
        "type": "about:blank", "status": status.as_u16(), "title": title, "code": code, "detail": detail,
    });
    let kind = [(header::CONTENT_TYPE, "application/problem+json")];
    (status, kind, body.to_string()).into_response()
}

/// The person behind a request: by its token where it has one, else by its session.
pub(crate) async fn viewer_of(app: &App, parts: &Parts) -> Result<Viewer, NotSignedIn> {
    let witness = Witness::in_request(&parts.extensions);
    let known = match bearer(&parts.headers) {
        Some(token) => by_token(app.sign_in(), &witness, token).await,
        None => by_session(app.sign_in(), &witness, &parts.headers).await,
    };
    let viewer = known?;
    witness.is(&viewer.person);
    let due = matches!(
        &viewer.via,
        Via::Session {
            one_time_password: true,
            ..
        }
    );
    if due && !parts.uri.path().starts_with("/sign-") {
        witness.refuse(Reason::OneTimePassword);
        return Err(NotSignedIn::PasswordDue);
    }
    let only_reads = matches!(
        &viewer.via,
        Via::Token {
            scope: Scope::Read,
            ..
        }
    );
    if only_reads && !parts.method.is_safe() {
        witness.refuse(Reason::Scope);
        return Err(NotSignedIn::ReadOnly);
    }
    Ok(viewer)
}

async fn by_token(sign_in: &SignIn, witness: &Witness, token: &str) -> Result<Viewer, NotSignedIn> {
    let found = sign_in.accounts.find_token(token).await;
    let (person, reason, why) = match found.map_err(NotSignedIn::Failed)? {
        FoundToken::Good(viewer) => return Ok(viewer),
        FoundToken::Forged => (None, Reason::ForgedToken, "there is no such token"),
        FoundToken::Revoked(it) => (Some(it), Reason::TokenRevoked, "the token was revoked"),
        FoundToken::Expired(it) => (Some(it), Reason::TokenExpired, "the token has expired"),
        FoundToken::Disabled(it) => (Some(it), Reason::AccountDisabled, "the account is disabled"),
    };
    if let Some(person) = person {
        witness.is(&person);
    }
    witness.refuse(reason);
    Err(NotSignedIn::Unknown(why))
}

async fn by_session(
    sign_in: &SignIn,
    witness: &Witness,
    headers: &HeaderMap,
) -> Result<Viewer, NotSignedIn> {
    let Some(session) = sign_in.cookie.of(headers) else {
        let reason = match sign_in.cookie.is_in(headers) {
            true => Reason::ForgedSession,
            false => Reason::NoCredential,
        };
        witness.refuse(reason);
        return Err(NotSignedIn::Unknown("sign in, or send a token"));
    };
    let found = sign_in.sessions.find(&session).await;
    let (person, reason, why) = match found.map_err(NotSignedIn::Failed)? {
        Found::Open(viewer) => return Ok(viewer),
        Found::Unknown => (None, Reason::ForgedSession, "there is no such session"),
        Found::Over(it, over) => match over {
            Over::SignedOut => (Some(it), Reason::SessionSignedOut, "the session was ended"),
            Over::Expired => (Some(it), Reason::SessionExpired, "the session has expired"),
            Over::Disabled => (Some(it), Reason::AccountDisabled, "the account is disabled"),
        },
    };
    if let Some(person) = person {
        witness.is(&person);
    }
    witness.refuse(reason);
    Err(NotSignedIn::Unknown(why))
}

/// The token of `Authorization: Bearer`. Another scheme is taken for a token that there is not: whoever sends one means
/// to prove who they are, and is not to be let in as somebody else by a cookie.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?;
    let text = value.to_str().unwrap_or_default();
    Some(match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => "",
    })
}
