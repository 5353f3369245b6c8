//! Signing in anew for one act. Signing asks for it: the signature is the person's, not that of whoever sits down at a
//! browser that they left open.
//!
//! The act is named by the path of its request. Once confirmed, it is let through once, within five minutes.

use axum::extract::{FromRef, FromRequestParts, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Form};
use serde::Deserialize;

use super::SignIn;
use super::accounts::Method;
use super::local::Checked;
use super::next::safe;
use super::pages::{self, Said};
use super::refusals::Reason;
use super::who::{NotSignedIn, problem};
use super::witness::Witness;
use crate::app::App;
use crate::problem::{Problem, kinds};
use crate::viewer::{Via, Viewer};

/// Somebody who has signed in anew for just this request. Ask for it after everything else that may fail, and before the
/// body: the confirmation is used up by it.
#[derive(Debug, Clone)]
pub(crate) struct Confirmed(#[allow(dead_code, reason = "its being there is what counts")] ());

/// The request has to be confirmed first.
#[derive(Debug)]
pub(crate) enum NotConfirmed {
    NotSignedIn(NotSignedIn),
    /// Tokens have no password to give.
    ByToken,
    Due {
        act: String,
    },
}

impl IntoResponse for NotConfirmed {
    fn into_response(self) -> Response {
        let text = match self {
            Self::NotSignedIn(no) => return no.into_response(),
            Self::ByToken => {
                "a token cannot do this: it needs a person who signs in anew".to_owned()
            }
            Self::Due { act } => {
                format!(
                    "give your password again at /sign-in/confirm for {act}, then send it again"
                )
            }
        };
        Problem::new(&kinds::SIGN_IN_AGAIN, text).into_response()
    }
}

impl<S> FromRequestParts<S> for Confirmed
where
    App: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = NotConfirmed;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, NotConfirmed> {
        let viewer = Viewer::from_request_parts(parts, state).await;
        let viewer = viewer.map_err(NotConfirmed::NotSignedIn)?;
        let witness = Witness::in_request(&parts.extensions);
        let Via::Session { id, .. } = viewer.via else {
            witness.refuse(Reason::Scope);
            return Err(NotConfirmed::ByToken);
        };
        // The path as the browser sent it, also inside a nested router.
        let uri = parts.extensions.get::<axum::extract::OriginalUri>();
        let act = uri.map_or(parts.uri.path(), |it| it.0.path()).to_owned();
        let app = App::from_ref(state);
        let taken = app.sign_in().sessions.take_confirmation(id, &act).await;
        match taken {
            Ok(true) => Ok(Self(())),
            Ok(false) => {
                witness.refuse(Reason::NotConfirmed);
                Err(NotConfirmed::Due { act })
            }
            Err(no) => Err(NotConfirmed::NotSignedIn(NotSignedIn::Failed(no))),
        }
    }
}

/// Sees to it that somebody has signed in anew for the very form that they send: by the password in it, or, where they
/// left it empty, a moment ago by the issuer. `act` names what it is for.
///
/// # Errors
/// `sign_in_again` where the password is wrong, or nothing was confirmed; what keeps it from being checked.
pub(crate) async fn signs_in_anew(
    app: &App,
    witness: &Witness,
    viewer: &Viewer,
    act: &str,
    password: &str,
) -> Result<(), Problem> {
    let Via::Session { id, .. } = viewer.via else {
        witness.refuse(Reason::Scope);
        return Err(again(
            "a token cannot do this: it needs a person who signs in anew",
        ));
    };
    let sessions = &app.sign_in().sessions;
    if !password.is_empty() {
        by_password(app.sign_in(), witness, viewer, password).await?;
        let confirmed = sessions.confirm(&viewer.person, id, act, Method::Password);
        confirmed.await.map_err(NotSignedIn::Failed)?;
    }
    let taken = sessions.take_confirmation(id, act).await;
    match taken.map_err(NotSignedIn::Failed)? {
        true => Ok(()),
        false => {
            witness.refuse(Reason::NotConfirmed);
            Err(again(
                "nothing was confirmed, or more than five minutes ago; confirm once more that it is you",
            ))
        }
    }
}

async fn by_password(
    sign_in: &SignIn,
    witness: &Witness,
    viewer: &Viewer,
    password: &str,
) -> Result<(), Problem> {
    let checked = sign_in.check(witness, viewer.person.as_str(), password);
    match checked.await.map_err(NotSignedIn::Failed)? {
        Checked::Right { .. } => Ok(()),
        Checked::Wrong => Err(again("the password is wrong; type it again")),
        Checked::Wait(time) => {
            let seconds = time.as_secs() + 1;
            let wait = format!("too many wrong passwords; wait {seconds} seconds");
            Err(again(&wait))
        }
    }
}

fn again(detail: &str) -> Problem {
    Problem::new(&kinds::SIGN_IN_AGAIN, detail)
}

#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    /// The path of the request that is to be let through.
    act: String,
    /// The page to go on with.
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
pub(super) struct Given {
    act: String,
    #[serde(default)]
    next: String,
    #[serde(default)]
    password: String,
}

/// The page that asks for the password again.
pub(super) async fn page(
    State(app): State<App>,
    viewer: Viewer,
    Query(asked): Query<Asked>,
) -> Response {
    let next = safe(&asked.next);
    pages::confirm(app.sign_in(), &viewer, (&asked.act, &next), None).into_response()
}

/// Takes the password. A page goes on with `next`; a script that accepts JSON gets 204.
pub(super) async fn confirm(
    State(app): State<App>,
    Extension(witness): Extension<Witness>,
    viewer: Viewer,
    headers: HeaderMap,
    Form(given): Form<Given>,
) -> Result<Response, NotSignedIn> {
    let by_script = accepts_json(&headers);
    let refused = |status, said: Said| match by_script {
        true => problem(status, "wrong_password", &said.to_string()),
        false => {
            let next = safe(&given.next);
            let about = (given.act.as_str(), next.as_str());
            let page = pages::confirm(app.sign_in(), &viewer, about, Some(said));
            (status, page).into_response()
        }
    };
    let Via::Session { id, .. } = viewer.via else {
        witness.refuse(Reason::Scope);
        return Ok(NotConfirmed::ByToken.into_response());
    };
    let sign_in = app.sign_in();
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
    let confirmed = sign_in
        .sessions
        .confirm(&viewer.person, id, &given.act, Method::Password);
    confirmed.await.map_err(NotSignedIn::Failed)?;
    Ok(match by_script {
        true => StatusCode::NO_CONTENT.into_response(),
        false => Redirect::to(&safe(&given.next)).into_response(),
    })
}

fn accepts_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|it| it.to_str().ok());
    accept.is_some_and(|it| it.contains("json"))
}
