//! Around all routes: requests that a foreign page had a browser send are stopped, refusals are recorded, and whoever
//! asked for a page without being signed in is sent to sign in.

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use super::next::sign_in_path;
use super::refusals::Reason;
use super::secret::Secret;
use super::settings::SignInSettings;
use super::who::{bearer, problem};
use super::witness::Witness;
use crate::app::App;
use crate::problem::{Problem, Told, kinds};

/// The header that a script sends the token in.
const HEADER: &str = "x-csrf-token";
/// The field that a form sends it in.
const FIELD: &str = "csrf";
/// A form with thousands of items that were decided on is this long at most.
const LONGEST_FORM: usize = 2 << 20;

pub(crate) async fn guard(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let sign_in = app.sign_in();
    let witness = Witness::of(&request, sign_in.settings.behind_proxy);
    request.extensions_mut().insert(witness.clone());
    let page = asks_for_a_page(&request);
    let back = way_back(&request);
    let by_script = request.headers().contains_key("hx-request");
    let cookie = sign_in.cookie.is_in(request.headers());

    let mut response = match check(&app, request).await {
        Ok(request) => next.run(request).await,
        Err((reason, response)) => {
            witness.refuse(reason);
            response
        }
    };
    let status = response.status();
    // A refusal by the rules of the domain is recorded in the run's own stream.
    let told = response.extensions();
    let code = told.get::<Problem>().map(Problem::code);
    let code = code.or_else(|| told.get::<Told>().map(|it| it.0));
    let access =
        status == StatusCode::FORBIDDEN && code.is_none_or(|code| code == kinds::NOT_ALLOWED.code);
    let otherwise = access.then_some(Reason::Forbidden);
    let refusal = witness.refusal(otherwise);
    // Who opens a page without having signed in has not tried anything yet.
    if let Some(refusal) = refusal.filter(|it| !(page && it.reason == Reason::NoCredential)) {
        if refusal.reason == Reason::OneTimePassword && page {
            return Redirect::to("/sign-in/password").into_response();
        }
        sign_in.refusals.record(&refusal).await;
    }
    if status == StatusCode::UNAUTHORIZED && page {
        response = to_sign_in(&back, by_script);
        if cookie {
            response
                .headers_mut()
                .insert(header::SET_COOKIE, sign_in.cookie.end());
        }
    }
    response
}

/// Sends a browser to sign in; one that asked by a script is told in the script's words.
fn to_sign_in(back: &str, by_script: bool) -> Response {
    let path = sign_in_path(back);
    match (by_script, HeaderValue::try_from(&path)) {
        (true, Ok(path)) => (StatusCode::UNAUTHORIZED, [("hx-redirect", path)]).into_response(),
        _ => Redirect::to(&path).into_response(),
    }
}

/// Programs use the API; everything else is for people. The page to sign in is where they are sent, not from where.
fn asks_for_a_page(request: &Request) -> bool {
    let path = request.uri().path();
    !path.starts_with("/api/") && path != "/sign-in" && bearer(request.headers()).is_none()
}

/// Where somebody goes on after signing in: the page that they asked for, or that they were on.
fn way_back(request: &Request) -> String {
    let current = request
        .headers()
        .get("hx-current-url")
        .or_else(|| request.headers().get(header::REFERER));
    let current = current
        .and_then(|it| it.to_str().ok())
        .and_then(|it| it.parse::<axum::http::Uri>().ok());
    let uri = match (
        request.method() == Method::GET && !request.headers().contains_key("hx-request"),
        current,
    ) {
        (true, _) => Some(request.uri().clone()),
        (false, current) => current,
    };
    let path = uri.as_ref().and_then(axum::http::Uri::path_and_query);
    path.map_or_else(|| "/".to_owned(), ToString::to_string)
}

/// A request that changes something, and comes with a session's cookie, comes from a page of ours and brings along the
/// token that only such a page has.
async fn check(app: &App, request: Request) -> Result<Request, (Reason, Response)> {
    let sign_in = app.sign_in();
    if request.method().is_safe() || bearer(request.headers()).is_some() {
        return Ok(request);
    }
    let origin = origin(request.headers(), &sign_in.settings);
    if origin == Origin::Foreign {
        let detail = "the request comes from a page of another site";
        return Err((Reason::CrossOrigin, forged(detail)));
    }
    let Some(session) = sign_in.cookie.of(request.headers()) else {
        return Ok(request);
    };
    let expected = session.derive("csrf");
    if let Some(told) = request.headers().get(HEADER) {
        let told = told.to_str().ok().and_then(Secret::parse);
        return decide(request, told.is_some_and(|it| it.hash() == expected.hash()));
    }
    match content_type(request.headers()) {
        "application/x-www-form-urlencoded" => in_form(request, &expected).await,
        // Its body is a stream that is not looked into here; that the browser says where it comes from has to do.
        "multipart/form-data" => decide(request, origin == Origin::Own),
        _ => decide(request, false),
    }
}

async fn in_form(request: Request, expected: &Secret) -> Result<Request, (Reason, Response)> {
    let (parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, LONGEST_FORM).await else {
        let detail = "the form is longer than 2 MiB, or broke off";
        let long = problem(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail);
        return Err((Reason::CsrfToken, long));
    };
    let told = url::form_urlencoded::parse(&bytes).find(|(name, _)| name == FIELD);
    let told = told.and_then(|(_, value)| Secret::parse(&value));
    let fits = told.is_some_and(|it| it.hash() == expected.hash());
    decide(Request::from_parts(parts, Body::from(bytes)), fits)
}

#[expect(
    clippy::result_large_err,
    reason = "an answer is made once and goes straight out"
)]
fn decide(request: Request, fits: bool) -> Result<Request, (Reason, Response)> {
    match fits {
        true => Ok(request),
        false => {
            let detail =
                "the form's token is missing or is of another session; load the page again";
            Err((Reason::CsrfToken, forged(detail)))
        }
    }
}

fn forged(detail: &str) -> Response {
    problem(StatusCode::FORBIDDEN, "forged_request", detail)
}

fn content_type(headers: &HeaderMap) -> &str {
    let value = headers.get(header::CONTENT_TYPE);
    let text = value.and_then(|it| it.to_str().ok()).unwrap_or_default();
    text.split(';').next().unwrap_or_default().trim()
}

/// Where the page is from that had the request sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Own,
    Foreign,
    /// Not told: no browser of these years.
    Untold,
}

/// Browsers say it themselves, and pages cannot make them say otherwise.
fn origin(headers: &HeaderMap, settings: &SignInSettings) -> Origin {
    let text = |name| {
        headers
            .get(name)
            .map(|it: &HeaderValue| it.to_str().unwrap_or_default())
    };
    match text("sec-fetch-site") {
        Some("same-origin") => return Origin::Own,
        // By the person alone: typed, or from a bookmark.
        Some("none") => return Origin::Own,
        Some(_) => return Origin::Foreign,
        None => {}
    }
    let Some(origin) = text("origin") else {
        return Origin::Untold;
    };
    let own = match &settings.public_url {
        Some(url) => url.origin().ascii_serialization() == origin,
        None => {
            let host = origin.split_once("://").map(|(_, host)| host);
            host.is_some() && host == text("host")
        }
    };
    match own {
        true => Origin::Own,
        false => Origin::Foreign,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(headers: &[(&'static str, &str)], public: Option<&str>) -> Origin {
        let mut all = HeaderMap::new();
        for (name, value) in headers {
            all.insert(*name, value.parse().unwrap());
        }
        let settings = SignInSettings {
            public_url: public.map(|it| it.parse().unwrap()),
            ..SignInSettings::default()
        };
        origin(&all, &settings)
    }

    #[test]
    fn a_browser_tells_where_a_request_comes_from() {
        let host = ("host", "annal.bank:8321");
        let cases = [
            (vec![host, ("sec-fetch-site", "same-origin")], Origin::Own),
            (vec![host, ("sec-fetch-site", "none")], Origin::Own),
            (vec![host, ("sec-fetch-site", "same-site")], Origin::Foreign),
            (
                vec![host, ("sec-fetch-site", "cross-site")],
                Origin::Foreign,
            ),
            (
                vec![host, ("origin", "http://annal.bank:8321")],
                Origin::Own,
            ),
            (vec![host, ("origin", "http://annal.bank")], Origin::Foreign),
            (
                vec![host, ("origin", "http://evil.example")],
                Origin::Foreign,
            ),
            (vec![host, ("origin", "null")], Origin::Foreign),
            (vec![("origin", "null")], Origin::Foreign),
            (vec![host], Origin::Untold),
        ];
        for (headers, expected) in cases {
            assert_eq!(of(&headers, None), expected, "{headers:?}");
        }
    }

    #[test]
    fn behind_a_proxy_the_public_address_is_the_one() {
        let public = Some("https://annal.bank/");
        let host = ("host", "10.0.0.7:8321");
        assert_eq!(
            of(&[host, ("origin", "https://annal.bank")], public),
            Origin::Own
        );
        assert_eq!(
            of(&[host, ("origin", "http://annal.bank")], public),
            Origin::Foreign
        );
        assert_eq!(
            of(&[host, ("origin", "http://10.0.0.7:8321")], public),
            Origin::Foreign
        );
    }
}
