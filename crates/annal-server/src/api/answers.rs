//! How answers go out: pages with a link to the next, things that were made with their place.

use annal_audit::Page;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// A page of rows. [`linked`] adds the link to the next one.
pub(super) struct Paged<T> {
    page: Page<T>,
    /// The parameter of the query that the next page's place goes into.
    cursor: &'static str,
}

impl<T> Paged<T> {
    /// In ascending order: the next page begins after this one.
    pub(super) fn after(page: Page<T>) -> Self {
        let cursor = "after";
        Self { page, cursor }
    }

    /// In descending order: the next page ends before this one.
    pub(super) fn before(page: Page<T>) -> Self {
        let cursor = "before";
        Self { page, cursor }
    }
}

/// Where the next page begins: parameter and value.
#[derive(Clone)]
struct NextPage(&'static str, String);

impl<T: Serialize> IntoResponse for Paged<T> {
    fn into_response(self) -> Response {
        let next = self.page.next;
        let mut response = axum::Json(self.page).into_response();
        if let Some(next) = next {
            let next = NextPage(self.cursor, next.to_string());
            response.extensions_mut().insert(next);
        }
        response
    }
}

/// Links a page to the next one (RFC 8288): the same question with another cursor.
pub(super) async fn linked(
    axum::extract::OriginalUri(uri): axum::extract::OriginalUri,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    if let Some(NextPage(cursor, value)) = response.extensions_mut().remove::<NextPage>() {
        let link = format!("<{}>; rel=\"next\"", with(&uri, cursor, &value));
        if let Ok(link) = HeaderValue::try_from(link) {
            response.headers_mut().insert(header::LINK, link);
        }
    }
    response
}

fn with(uri: &Uri, cursor: &str, value: &str) -> String {
    let query = uri.query().unwrap_or_default();
    let kept = query
        .split('&')
        .filter(|it| !it.is_empty() && it.split('=').next() != Some(cursor));
    let mut parts: Vec<String> = kept.map(str::to_owned).collect();
    parts.push(format!("{cursor}={value}"));
    format!("{}?{}", uri.path(), parts.join("&"))
}

/// Something that was made, with its place and the key of the request that made it.
pub(super) struct Made<T> {
    pub(super) place: String,
    pub(super) key: Option<annal_core::CommandId>,
    /// It had been made before, by the same request.
    pub(super) repeated: bool,
    pub(super) body: T,
}

impl<T: Serialize> IntoResponse for Made<T> {
    fn into_response(self) -> Response {
        let status = match self.repeated {
            true => StatusCode::OK,
            false => StatusCode::CREATED,
        };
        let mut response = (status, axum::Json(self.body)).into_response();
        let headers = response.headers_mut();
        if let Ok(place) = HeaderValue::try_from(self.place) {
            headers.insert(header::LOCATION, place);
        }
        let key = self.key.map(|it| HeaderValue::try_from(it.to_string()));
        if let Some(Ok(key)) = key {
            headers.insert(HeaderName::from_static("idempotency-key"), key);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_the_same_question_from_another_place() {
        let next = |uri: &str| with(&uri.parse().unwrap(), "after", "7");
        assert_eq!(next("/a"), "/a?after=7");
        assert_eq!(next("/a?after=3&limit=2"), "/a?limit=2&after=7");
        assert_eq!(
            next("/a?x=%26after&limit=2"),
            "/a?x=%26after&limit=2&after=7"
        );
    }
}
