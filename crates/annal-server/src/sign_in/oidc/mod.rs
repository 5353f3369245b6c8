//! Signing in elsewhere: OpenID Connect, by authorization code with PKCE.
//!
//! The browser is sent to the issuer with a state, a nonce and a challenge of its own, and comes back with a code. The
//! state is also in a cookie, so that a foreign page cannot sign somebody in as somebody else, and is good once. Whom the
//! issuer names has to be linked to an account here; nobody is made an account for.

mod issuer;

use annal_core::PersonId;
use axum::Extension;
use axum::extract::{FromRequestParts as _, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::RedirectUrl;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use self::issuer::{Answered, IssuerError, Question};
use super::SignIn;
use super::accounts::{AccountError, Method, read};
use super::confirm::NotConfirmed;
use super::next::safe;
use super::pages;
use super::refusals::Reason;
use super::secret::SecretHash;
use super::who::NotSignedIn;
use super::witness::Witness;
use crate::app::App;
use crate::viewer::{Via, Viewer};

pub(crate) use issuer::Issuer;

/// Where the issuer sends the browser back to.
pub(super) const CALLBACK: &str = "/sign-in/openid-connect/callback";
/// How long somebody may take at the issuer.
const PATIENCE: &str = "10 minutes";
/// The clocks of server and issuer may differ by so much.
const SKEW: TimeDelta = TimeDelta::seconds(60);

#[derive(Debug, Deserialize)]
pub(super) struct Start {
    #[serde(default)]
    next: String,
    /// For whom signs in anew: the path of the request that is to be let through.
    act: Option<String>,
}

/// What the issuer sends the browser back with.
#[derive(Debug, Deserialize)]
pub(super) struct Back {
    #[serde(default)]
    state: String,
    #[serde(default)]
    code: String,
    error: Option<String>,
}

#[derive(sqlx::FromRow)]
struct Pending {
    nonce: String,
    verifier: String,
    next: String,
    session: Option<Vec<u8>>,
    act: Option<String>,
    asked_at: DateTime<Utc>,
}

/// Sends the browser to the issuer.
pub(super) async fn start(
    State(app): State<App>,
    Query(start): Query<Start>,
    mut parts: Parts,
) -> Result<Response, NotSignedIn> {
    let sign_in = app.sign_in();
    let Some(issuer) = &sign_in.issuer else {
        return Ok(StatusCode::NOT_FOUND.into_response());
    };
    // Only somebody who is signed in can sign in anew.
    let anew = match start.act {
        None => None,
        Some(act) => match Viewer::from_request_parts(&mut parts, &app).await?.via {
            Via::Session { id, .. } => Some((id, act)),
            Via::Token { .. } => {
                Witness::in_request(&parts.extensions).refuse(Reason::Scope);
                return Ok(NotConfirmed::ByToken.into_response());
            }
        },
    };
    let headers = &parts.headers;
    let question = match issuer
        .question(&sign_in.callback(headers), anew.is_some())
        .await
    {
        Ok(question) => question,
        Err(no) => return Ok(failed(&no)),
    };
    let kept = keep(sign_in, &question, &safe(&start.next), anew).await;
    kept.map_err(NotSignedIn::Failed)?;
    let cookie = state_cookie(sign_in, &question.state);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(&question.url)).into_response())
}

/// The browser comes back.
pub(super) async fn callback(
    State(app): State<App>,
    Extension(witness): Extension<Witness>,
    headers: HeaderMap,
    Query(back): Query<Back>,
) -> Result<Response, NotSignedIn> {
    let sign_in = app.sign_in();
    let Some(issuer) = &sign_in.issuer else {
        return Ok(StatusCode::NOT_FOUND.into_response());
    };
    let own = CookieJar::from_headers(&headers);
    let own = own
        .get(state_name(sign_in))
        .map(|it| it.value() == back.state);
    let pending = match own {
        Some(true) => take(sign_in, &back.state)
            .await
            .map_err(NotSignedIn::Failed)?,
        _ => None,
    };
    let Some(pending) = pending else {
        witness.refuse(Reason::CrossOrigin);
        let why = "This sign-in was not begun in this browser, or it took too long. Begin again.";
        return Ok(refused(why));
    };
    if let Some(error) = back.error {
        tracing::info!(target: "annal::access", error, "the issuer refused");
        witness.refuse(Reason::IssuerRefused);
        return Ok(refused("The issuer did not sign you in."));
    }
    let redirect = sign_in.callback(&headers);
    let answer = issuer
        .answer(&redirect, &back.code, &pending.verifier, &pending.nonce)
        .await;
    match answer {
        Ok(answered) => finish(sign_in, &witness, &headers, &answered, pending).await,
        Err(no @ (IssuerError::Unreachable { .. } | IssuerError::NotItsClient { .. })) => {
            Ok(failed(&no))
        }
        Err(no) => {
            tracing::warn!(target: "annal::access", "a sign-in by the issuer was refused: {no}");
            witness.refuse(Reason::IssuerRefused);
            Ok(refused(
                "What the issuer said could not be trusted. Begin again.",
            ))
        }
    }
}

/// Lets in whom the issuer names, or lets through the act for which they signed in anew.
async fn finish(
    sign_in: &SignIn,
    witness: &Witness,
    headers: &HeaderMap,
    answered: &Answered,
    pending: Pending,
) -> Result<Response, NotSignedIn> {
    let known = sign_in
        .person_of(&answered.subject)
        .await
        .map_err(NotSignedIn::Failed)?;
    let Some((person, disabled)) = known else {
        witness.refuse(Reason::UnknownSubject);
        let why = format!(
            "The issuer knows you as {}, and no account here is linked to that. Ask an administrator.",
            answered.subject
        );
        return Ok(refused(&why));
    };
    witness.is(&person);
    if disabled {
        witness.refuse(Reason::AccountDisabled);
        return Ok(refused("Your account is disabled."));
    }
    let (Some(session), Some(act)) = (pending.session, pending.act) else {
        let how = (Method::OpenIdConnect, None);
        let let_in = sign_in.let_in(headers, &person, how, &pending.next).await;
        return let_in.map_err(NotSignedIn::Failed);
    };
    // An issuer that was asked to have them prove themselves anew says when they did.
    let anew = answered
        .proved_at
        .is_some_and(|it| it >= pending.asked_at - SKEW);
    let session = <[u8; 32]>::try_from(session).map(SecretHash);
    let same = sign_in.cookie.of(headers).map(|it| it.hash());
    match session {
        Ok(session)
            if anew && same == Some(session) && sign_in.is_session_of(session, &person).await =>
        {
            let confirmed = sign_in
                .sessions
                .confirm(&person, session, &act, Method::OpenIdConnect);
            confirmed.await.map_err(NotSignedIn::Failed)?;
            Ok(Redirect::to(&pending.next).into_response())
        }
        _ => {
            witness.refuse(Reason::NotConfirmed);
            Ok(refused(
                "You did not sign in anew, or not as who you are here.",
            ))
        }
    }
}

impl SignIn {
    /// Why nobody can sign in with the issuer at present; none where they can, or there is no issuer.
    pub(crate) async fn issuer_trouble(&self) -> Option<String> {
        let answers = self.issuer.as_ref()?.answers().await;
        answers.err().map(|no| no.to_string())
    }

    /// Where the issuer sends browsers back to. Without an address of its own, the server is where the browser found it;
    /// the issuer takes only those that are registered with it.
    fn callback(&self, headers: &HeaderMap) -> RedirectUrl {
        let host = headers.get(header::HOST).and_then(|it| it.to_str().ok());
        let base = match &self.settings.public_url {
            Some(url) => url.as_str().trim_end_matches('/').to_owned(),
            None => format!("http://{}", host.unwrap_or("localhost")),
        };
        let url = RedirectUrl::new(format!("{base}{CALLBACK}"));
        url.unwrap_or_else(|_| RedirectUrl::from_url(fallback()))
    }

    /// Whose account is linked to a subject of the issuer, and whether it is disabled.
    async fn person_of(&self, subject: &str) -> Result<Option<(PersonId, bool)>, AccountError> {
        let issuer = self.issuer.as_ref().map_or("", Issuer::address);
        let found: Option<(String, bool)> = sqlx::query_as(
            "SELECT person, disabled_at IS NOT NULL FROM annal_access.links \
             JOIN annal_access.people USING (person) WHERE issuer = $1 AND subject = $2",
        )
        .bind(issuer)
        .bind(subject)
        .fetch_optional(self.accounts.pool())
        .await
        .map_err(AccountError::database("looking for a subject"))?;
        let person = found.map(|(person, disabled)| Ok((read(&person)?, disabled)));
        person.transpose()
    }

    async fn is_session_of(&self, session: SecretHash, person: &PersonId) -> bool {
        let whose: Result<Option<String>, _> = sqlx::query_scalar(
            "SELECT person FROM annal_access.sessions WHERE id = $1 AND ended_at IS NULL",
        )
        .bind(session.0.as_slice())
        .fetch_optional(self.accounts.pool())
        .await;
        whose.is_ok_and(|it| it.as_deref() == Some(person.as_str()))
    }
}

fn fallback() -> url::Url {
    url::Url::parse("http://localhost/").expect("a constant address")
}

async fn keep(
    sign_in: &SignIn,
    question: &Question,
    next: &str,
    anew: Option<(SecretHash, String)>,
) -> Result<(), AccountError> {
    let doing = "beginning a sign-in";
    let (session, act) = match anew {
        Some((session, act)) => (Some(session.0.to_vec()), Some(act)),
        None => (None, None),
    };
    let pool = sign_in.accounts.pool();
    let old = format!(
        "DELETE FROM annal_access.pending WHERE asked_at < clock_timestamp() - interval '{PATIENCE}'"
    );
    sqlx::query(&old)
        .execute(pool)
        .await
        .map_err(AccountError::database(doing))?;
    sqlx::query(
        "INSERT INTO annal_access.pending (state, nonce, verifier, next, session, act) \
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(hashed(&question.state))
    .bind(&question.nonce)
    .bind(&question.verifier)
    .bind(next)
    .bind(session)
    .bind(act)
    .execute(pool)
    .await
    .map_err(AccountError::database(doing))?;
    Ok(())
}

/// What was kept under a state, which is good once.
async fn take(sign_in: &SignIn, state: &str) -> Result<Option<Pending>, AccountError> {
    let statement = format!(
        "DELETE FROM annal_access.pending WHERE state = $1 AND asked_at > clock_timestamp() - interval '{PATIENCE}' \
         RETURNING nonce, verifier, next, session, act, asked_at"
    );
    sqlx::query_as(&statement)
        .bind(hashed(state))
        .fetch_optional(sign_in.accounts.pool())
        .await
        .map_err(AccountError::database("ending a sign-in"))
}

fn hashed(state: &str) -> Vec<u8> {
    Sha256::digest(state).to_vec()
}

fn state_name(sign_in: &SignIn) -> &'static str {
    match sign_in.cookie.is_tls() {
        true => "__Host-annal-state",
        false => "annal-state",
    }
}

fn state_cookie(sign_in: &SignIn, state: &str) -> HeaderValue {
    let (name, secure) = (
        state_name(sign_in),
        if sign_in.cookie.is_tls() {
            "; Secure"
        } else {
            ""
        },
    );
    let text = format!("{name}={state}; Path=/; HttpOnly; SameSite=Lax; Max-Age=600{secure}");
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

fn refused(why: &str) -> Response {
    (StatusCode::FORBIDDEN, pages::refused(why)).into_response()
}

fn failed(no: &IssuerError) -> Response {
    tracing::error!(target: "annal::access", "{no}");
    let why = match no {
        IssuerError::NotItsClient { .. } => {
            "The issuer does not know this server. Tell who runs it; its log says more."
        }
        _ => "The issuer does not answer. Try again in a moment, or sign in with a password.",
    };
    (StatusCode::SERVICE_UNAVAILABLE, pages::refused(why)).into_response()
}
