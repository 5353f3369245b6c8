//! Signing in with a password, signing out, and choosing another password.

use annal_core::PersonId;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Form};
use serde::Deserialize;

use super::SignIn;
use super::accounts::{AccountError, Changer, Method, NewPassword};
use super::next::safe;
use super::pages::{self, Said};
use super::refusals::Reason;
use super::sessions::Found;
use super::throttle::{Throttled, attempt, forget};
use super::who::NotSignedIn;
use super::witness::Witness;
use crate::app::App;
use crate::viewer::{Via, Viewer};

/// What came of a name and a password.
pub(super) enum Checked {
    Right {
        person: PersonId,
        one_time: bool,
    },
    /// Also where there is no such account, or it is disabled.
    Wrong,
    Wait(std::time::Duration),
}

impl SignIn {
    /// Looks at a name and a password. Takes as long whether there is such an account or not, and notes a refusal.
    pub(super) async fn check(
        &self,
        witness: &Witness,
        name: &str,
        password: &str,
    ) -> Result<Checked, AccountError> {
        let name = name.trim();
        let attempt = match attempt(&self.accounts, name, witness.address).await? {
            Throttled::Go(attempt) => attempt,
            Throttled::Wait(time) => {
                witness.refuse(Reason::TooManyAttempts);
                return Ok(Checked::Wait(time));
            }
        };
        let known: Option<(String, bool, Option<String>, Option<bool>)> = sqlx::query_as(
            "SELECT person, disabled_at IS NOT NULL, hash, one_time \
             FROM annal_access.people LEFT JOIN annal_access.passwords USING (person) WHERE person = $1",
        )
        .bind(name)
        .fetch_optional(self.accounts.pool())
        .await
        .map_err(AccountError::database("looking for an account"))?;
        let (person, disabled, hash, one_time) = known.map_or_else(Default::default, |known| {
            (PersonId::new(known.0).ok(), known.1, known.2, known.3)
        });
        let fits = self.accounts.passwords().fits(password, hash).await?;
        let Some(person) = person else {
            witness.refuse(Reason::WrongPassword);
            return Ok(Checked::Wrong);
        };
        witness.is(&person);
        if !fits || disabled {
            let reason = if fits {
                Reason::AccountDisabled
            } else {
                Reason::WrongPassword
            };
            witness.refuse(reason);
            return Ok(Checked::Wrong);
        }
        forget(&self.accounts, &attempt).await?;
        let one_time = one_time.unwrap_or(false);
        Ok(Checked::Right { person, one_time })
    }

    /// Begins a session and answers with its cookie. What session the browser had before is ended.
    pub(super) async fn let_in(
        &self,
        headers: &HeaderMap,
        person: &PersonId,
        how: (Method, Option<&str>),
        next: &str,
    ) -> Result<Response, AccountError> {
        if let Some(before) = self.cookie.of(headers)
            && let Found::Open(viewer) = self.sessions.find(&before).await?
        {
            self.sessions.end(&viewer.person, before.hash()).await?;
        }
        let session = self.sessions.begin(person, how.0, how.1).await?;
        let cookie = [(header::SET_COOKIE, self.cookie.begin(&session))];
        Ok((cookie, Redirect::to(&safe(next))).into_response())
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Next {
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
pub(super) struct Credentials {
    #[serde(default)]
    person: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    next: String,
}

/// The page to sign in on.
pub(super) async fn page(
    State(app): State<App>,
    headers: HeaderMap,
    Query(Next { next }): Query<Next>,
) -> Response {
    pages::sign_in(app.sign_in(), &headers, &safe(&next), "", None).into_response()
}

pub(super) async fn sign_in(
    State(app): State<App>,
    Extension(witness): Extension<Witness>,
    headers: HeaderMap,
    Form(given): Form<Credentials>,
) -> Result<Response, NotSignedIn> {
    let sign_in = app.sign_in();
    let checked = sign_in
        .check(&witness, &given.person, &given.password)
        .await;
    let refused = |status, said| {
        let page = pages::sign_in(
            sign_in,
            &headers,
            &safe(&given.next),
            &given.person,
            Some(said),
        );
        (status, page).into_response()
    };
    match checked.map_err(NotSignedIn::Failed)? {
        Checked::Right { person, one_time } => {
            let next = if one_time {
                "/sign-in/password"
            } else {
                &given.next
            };
            let how = (Method::Password, None);
            let let_in = sign_in.let_in(&headers, &person, how, next).await;
            let_in.map_err(NotSignedIn::Failed)
        }
        Checked::Wrong => Ok(refused(StatusCode::UNAUTHORIZED, Said::Wrong)),
        Checked::Wait(time) => {
            let seconds = time.as_secs() + 1;
            let mut response = refused(StatusCode::TOO_MANY_REQUESTS, Said::Wait(seconds));
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, seconds.into());
            Ok(response)
        }
    }
}

/// A page with a button: leaving is a change, and no link does that.
pub(super) async fn sign_out_page(viewer: Viewer) -> Response {
    pages::sign_out(&viewer).into_response()
}

pub(super) async fn sign_out(
    State(app): State<App>,
    viewer: Viewer,
) -> Result<Response, NotSignedIn> {
    let sign_in = app.sign_in();
    if let Via::Session { id, .. } = &viewer.via {
        let ended = sign_in.sessions.end(&viewer.person, *id).await;
        ended.map_err(NotSignedIn::Failed)?;
    }
    Ok(left(sign_in))
}

pub(super) async fn sign_out_everywhere(
    State(app): State<App>,
    viewer: Viewer,
) -> Result<Response, NotSignedIn> {
    let sign_in = app.sign_in();
    let ended = sign_in
        .accounts
        .sign_out(&viewer.person, &Changer::Themselves)
        .await;
    ended.map_err(NotSignedIn::Failed)?;
    Ok(left(sign_in))
}

fn left(sign_in: &SignIn) -> Response {
    let cookie = [(header::SET_COOKIE, sign_in.cookie.end())];
    (cookie, Redirect::to("/sign-in")).into_response()
}

#[derive(Deserialize)]
pub(super) struct Passwords {
    #[serde(default)]
    password: String,
    #[serde(default)]
    new_password: String,
    #[serde(default)]
    again: String,
}

/// The page to choose another password on.
pub(super) async fn password_page(viewer: Viewer) -> Response {
    pages::password(&viewer, None).into_response()
}

/// Sets a new password; all sessions end, and this browser gets a new one.
pub(super) async fn change_password(
    State(app): State<App>,
    Extension(witness): Extension<Witness>,
    viewer: Viewer,
    headers: HeaderMap,
    Form(given): Form<Passwords>,
) -> Result<Response, NotSignedIn> {
    let sign_in = app.sign_in();
    let refused =
        |status, said: Said| (status, pages::password(&viewer, Some(said))).into_response();
    if given.new_password != given.again {
        return Ok(refused(StatusCode::UNPROCESSABLE_ENTITY, Said::NotTheSame));
    }
    if given.new_password == given.password {
        return Ok(refused(StatusCode::UNPROCESSABLE_ENTITY, Said::TheSame));
    }
    let checked = sign_in
        .check(&witness, viewer.person.as_str(), &given.password)
        .await;
    match checked.map_err(NotSignedIn::Failed)? {
        Checked::Right { .. } => {}
        Checked::Wrong => return Ok(refused(StatusCode::FORBIDDEN, Said::Wrong)),
        Checked::Wait(time) => {
            let said = Said::Wait(time.as_secs() + 1);
            return Ok(refused(StatusCode::TOO_MANY_REQUESTS, said));
        }
    }
    let password = NewPassword {
        text: given.new_password,
        one_time: false,
    };
    let set = sign_in
        .accounts
        .set_password(&viewer.person, &password, &Changer::Themselves);
    match set.await {
        Ok(()) => {}
        Err(no) if no.is_callers() => {
            return Ok(refused(
                StatusCode::UNPROCESSABLE_ENTITY,
                Said::Other(no.to_string()),
            ));
        }
        Err(no) => return Err(NotSignedIn::Failed(no)),
    }
    let how = (Method::Password, None);
    let let_in = sign_in.let_in(&headers, &viewer.person, how, "/").await;
    let_in.map_err(NotSignedIn::Failed)
}
