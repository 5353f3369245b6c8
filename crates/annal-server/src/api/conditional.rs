//! Answers that are asked for again.
//!
//! What is read from a ledger changes only when its log grows or its read models do. Their positions, who asks and what
//! is asked make the ETag; with `If-None-Match` nothing is read and sent twice.

use axum::extract::{FromRequestParts, OriginalUri, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::problem::Problem;
use crate::seen::Seen;

pub(super) async fn conditional(
    State(app): State<App>,
    OriginalUri(uri): OriginalUri,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Ok(next.run(request).await);
    }
    let (mut parts, body) = request.into_parts();
    let seen = Seen::from_request_parts(&mut parts, &app).await?;
    let tag = tag(&seen, &uri.to_string()).await?;
    let asked = parts.headers.get(header::IF_NONE_MATCH);
    if asked.is_some_and(|asked| matches(asked, &tag)) {
        return Ok(with(StatusCode::NOT_MODIFIED.into_response(), tag));
    }
    let response = next.run(Request::from_parts(parts, body)).await;
    match response.status() {
        StatusCode::OK => Ok(with(response, tag)),
        _ => Ok(response),
    }
}

/// Taken before the answer is read: an answer may be newer than its tag and is then read once more, never older.
async fn tag(seen: &Seen, asked: &str) -> Result<HeaderValue, Problem> {
    let ledger = &seen.ledger;
    let head = ledger.log.head().await?;
    let reached = ledger.reached.up_to(head.position).await?;
    let access = seen.viewer.access.get(&ledger.id);
    let mut digest = Sha256::new();
    digest.update(format!("{asked}\n{}\n{access:?}\n", seen.viewer.person));
    digest.update(head.hash);
    let digest = hex::encode(&digest.finalize()[..8]);
    let tag = format!("W/\"{}.{reached}.{digest}\"", head.position);
    HeaderValue::try_from(tag).map_err(|no| Problem::internal(&no))
}

/// Weak comparison, as RFC 9110 wants it here.
fn matches(asked: &HeaderValue, tag: &HeaderValue) -> bool {
    let bare = |text: &str| text.trim().trim_start_matches("W/").to_owned();
    let (Ok(asked), Ok(tag)) = (asked.to_str(), tag.to_str()) else {
        return false;
    };
    asked.split(',').any(|it| bare(it) == bare(tag))
}

fn with(mut response: Response, tag: HeaderValue) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::ETAG, tag);
    let kept = HeaderValue::from_static("private, no-cache");
    headers.insert(header::CACHE_CONTROL, kept);
    let by = HeaderValue::from_static("Authorization, Cookie, Accept-Encoding");
    headers.insert(header::VARY, by);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_among_others_whether_weak_or_strong() {
        let tag = HeaderValue::from_static("W/\"7.7.ab\"");
        let asked = |text: &'static str| matches(&HeaderValue::from_static(text), &tag);
        assert!(asked("W/\"7.7.ab\"") && asked("\"x\", \"7.7.ab\""));
        assert!(!asked("\"7.7.ac\"") && !asked("*x"));
    }
}
