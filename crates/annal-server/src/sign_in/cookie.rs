//! The session's cookie.

use axum::http::{HeaderMap, HeaderValue};
use axum_extra::extract::CookieJar;

use super::secret::Secret;

/// How the cookie is called and sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SessionCookie {
    tls: bool,
}

impl SessionCookie {
    pub(crate) const fn new(tls: bool) -> Self {
        Self { tls }
    }

    /// Whether browsers reach the server by TLS.
    pub(crate) const fn is_tls(self) -> bool {
        self.tls
    }

    /// With TLS, the prefix makes browsers refuse a cookie that another host or a plain connection tries to plant.
    pub(crate) const fn name(self) -> &'static str {
        match self.tls {
            true => "__Host-annal",
            false => "annal",
        }
    }

    /// The session that a request comes with.
    pub(crate) fn of(self, headers: &HeaderMap) -> Option<Secret> {
        Secret::parse(CookieJar::from_headers(headers).get(self.name())?.value())
    }

    /// Whether there is a cookie, be it one of ours or not.
    pub(crate) fn is_in(self, headers: &HeaderMap) -> bool {
        CookieJar::from_headers(headers).get(self.name()).is_some()
    }

    /// For `Set-Cookie`: the browser keeps it until it is closed.
    pub(crate) fn begin(self, session: &Secret) -> HeaderValue {
        self.value(&session.text(), "")
    }

    /// For `Set-Cookie`: the browser forgets it.
    pub(crate) fn end(self) -> HeaderValue {
        self.value("", "; Max-Age=0")
    }

    fn value(self, value: &str, more: &str) -> HeaderValue {
        let secure = if self.tls { "; Secure" } else { "" };
        let name = self.name();
        let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{more}");
        HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header;

    use super::*;

    #[test]
    fn a_cookie_is_for_requests_of_the_own_pages_alone() {
        let session = Secret::new();
        let plain = SessionCookie::new(false).begin(&session);
        let expected = format!("annal={}; Path=/; HttpOnly; SameSite=Lax", session.text());
        assert_eq!(plain.to_str().unwrap(), expected);
        let tls = SessionCookie::new(true).begin(&session);
        let tls = tls.to_str().unwrap();
        assert!(tls.starts_with("__Host-annal=") && tls.ends_with("; SameSite=Lax; Secure"));
    }

    #[test]
    fn a_cookie_comes_back() {
        let (cookie, session) = (SessionCookie::new(false), Secret::new());
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, cookie.begin(&session));
        assert_eq!(cookie.of(&headers), Some(session));
        headers.insert(header::COOKIE, HeaderValue::from_static("annal=short"));
        assert_eq!(cookie.of(&headers), None);
        assert!(cookie.is_in(&headers));
    }
}
