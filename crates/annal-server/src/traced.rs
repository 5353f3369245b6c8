//! One span, one id and one measurement for each request.

use std::time::Instant;

use annal_flow::Trace;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::{Instrument, Span, field::Empty, info_span};
use uuid::Uuid;

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const TRACE_RESPONSE: HeaderName = HeaderName::from_static("traceresponse");

/// What a request was, as its span and its answer name it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestId(pub(crate) Uuid);

/// Names the request, joins it to its caller's trace, and measures it.
pub(crate) async fn traced(mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = RequestId(given(request.headers()).unwrap_or_else(Uuid::now_v7));
    request.extensions_mut().insert(id);
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("(none)", MatchedPath::as_str).to_owned();
    let method = request.method().clone();
    let span = info_span!("request", otel.name = format!("{method} {route}"), otel.kind = "server",
        http.request.method = %method, http.route = route, http.response.status_code = Empty,
        otel.status_code = Empty, otel.status_description = Empty, request.id = %id.0);
    if let Some(trace) = callers(request.headers()) {
        trace.adopt(&span);
    }
    let mut response = next.run(request).instrument(span.clone()).await;
    tell(&span, id, &mut response);
    measure(&method, &route, &response, began);
    response
}

/// An id that the caller gave the request, if it is one.
fn given(headers: &HeaderMap) -> Option<Uuid> {
    headers.get(REQUEST_ID)?.to_str().ok()?.parse().ok()
}

/// A header that names no trace is ignored, as W3C wants it.
fn callers(headers: &HeaderMap) -> Option<Trace> {
    headers.get("traceparent")?.to_str().ok()?.parse().ok()
}

fn tell(span: &Span, id: RequestId, response: &mut Response) {
    let status = response.status();
    span.record("http.response.status_code", status.as_u16());
    if status.is_server_error() {
        span.record("otel.status_code", "ERROR");
    }
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::try_from(id.0.to_string()) {
        headers.insert(REQUEST_ID, id);
    }
    let trace = span.in_scope(Trace::current);
    if let Some(Ok(trace)) = trace.map(|it| HeaderValue::try_from(it.to_string())) {
        headers.insert(TRACE_RESPONSE, trace);
    }
}

fn measure(method: &axum::http::Method, route: &str, response: &Response, began: Instant) {
    // Only methods that there are: anybody may make one up.
    let method = match method.as_str() {
        known @ ("GET" | "HEAD" | "POST" | "PUT" | "DELETE" | "PATCH" | "OPTIONS") => known,
        _ => "other",
    };
    let labels = [
        ("method", method.to_owned()),
        ("route", route.to_owned()),
        ("status", response.status().as_u16().to_string()),
    ];
    metrics::histogram!("annal_http_request_duration_seconds", &labels)
        .record(began.elapsed().as_secs_f64());
}
