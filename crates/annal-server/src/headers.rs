//! What every answer tells a browser to allow.

use axum::Router;
use axum::http::{HeaderName, HeaderValue, header};
use tower_http::set_header::SetResponseHeaderLayer;

use crate::app::App;

/// Nothing from elsewhere, no frame, no type guessed. A room that needs more says so itself.
const ALWAYS: [(HeaderName, &str); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=()",
    ),
];

/// A browser that came by TLS once never comes without it again.
const TLS: &str = "max-age=63072000; includeSubDomains";

pub(crate) fn guarded(mut routes: Router<App>, tls: bool) -> Router<App> {
    for (name, value) in ALWAYS {
        let value = HeaderValue::from_static(value);
        routes = routes.layer(SetResponseHeaderLayer::if_not_present(name, value));
    }
    if tls {
        let value = HeaderValue::from_static(TLS);
        let name = header::STRICT_TRANSPORT_SECURITY;
        routes = routes.layer(SetResponseHeaderLayer::if_not_present(name, value));
    }
    routes
}
