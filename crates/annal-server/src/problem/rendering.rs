//! How a problem goes out.

use annal_core::rejection::RefusedItem;
use annal_flow::Trace;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::{Problem, page};
use crate::traced::RequestId;

/// A problem document, as RFC 9457 has it, with the members that are ours.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemDocument<'a> {
    /// Names the kind; there is documentation at this address.
    #[schema(example = "/problems/four_eyes")]
    r#type: String,
    /// The kind in words, the same each time.
    #[schema(example = "Two people have to stand behind this")]
    title: &'a str,
    /// The HTTP status.
    #[schema(example = 403)]
    status: u16,
    /// Stable; programs may match on it.
    #[schema(example = "four_eyes")]
    code: &'a str,
    /// What happened in this case, to what, and what to do.
    #[schema(example = "ana handed version 1 in and cannot approve it; somebody else has to")]
    detail: &'a str,
    /// What to do, in general.
    #[schema(example = "Leave it to somebody who had no hand in it.")]
    remedy: &'a str,
    /// Every item that is wrong, where a bulk command was refused.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    items: &'a [RefusedItem],
    /// The request, as `X-Request-Id` names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "urn:uuid:0199b7c4-6c53-7d7e-a6f8-ec3c5ad65f3a")]
    instance: Option<String>,
    /// The trace that the request belongs to; events that it led to bear it as their correlation id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "4bf92f35-77b3-4da6-a3ce-929d0e0e4736")]
    correlation_id: Option<String>,
}

impl Problem {
    fn document(&self, request: Option<RequestId>) -> ProblemDocument<'_> {
        ProblemDocument {
            r#type: format!("/problems/{}", self.code()),
            title: self.title(),
            status: self.status().as_u16(),
            code: self.code(),
            detail: self.detail(),
            remedy: self.remedy(),
            items: self.items(),
            correlation_id: Trace::current().map(|it| it.correlation_id().to_string()),
            instance: request.map(|it| format!("urn:uuid:{}", it.0)),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        if let Some(time) = self.retry_after {
            let seconds = HeaderValue::from(time.as_secs().max(1));
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        if self.code() == super::kinds::NOT_SIGNED_IN.code {
            let scheme = HeaderValue::from_static("Bearer realm=\"annal\"");
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, scheme);
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes problems into the responses that carry one: a page for who asks for HTML outside the API, a document for all
/// others. Whatever else failed without saying why gets a problem too.
pub(crate) async fn rendered(request: Request, next: Next) -> Response {
    let wants_page = wants_page(&request);
    let id = request.extensions().get::<RequestId>().copied();
    let mut response = next.run(request).await;
    let Some(problem) = response.extensions_mut().remove::<Problem>() else {
        return response;
    };
    let (content_type, body) = if wants_page {
        let page = page::page(&problem).into_string();
        ("text/html; charset=utf-8", page.into_bytes())
    } else {
        let document = problem.document(id);
        let body = serde_json::to_vec(&document).unwrap_or_default();
        ("application/problem+json", body)
    };
    *response.body_mut() = Body::from(body);
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    let never = HeaderValue::from_static("no-store");
    headers.insert(header::CACHE_CONTROL, never);
    response
}

fn wants_page(request: &Request) -> bool {
    let accept = request.headers().get(header::ACCEPT);
    let html = accept
        .and_then(|it| it.to_str().ok())
        .is_some_and(|it| it.contains("text/html"));
    html && !request.uri().path().starts_with("/api/")
}
