//! What handlers take from a request; each tells what does not fit as a problem.

use annal_core::CommandId;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use chrono::{DateTime, Datelike, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::problem::{Problem, kinds};

/// A JSON body. A text in it never holds a NUL character, which the database cannot keep, and it is not nested deeper
/// than the parser goes.
pub(super) struct Json<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(&request) {
            let detail = "send the body with Content-Type: application/json";
            return Err(Problem::new(&kinds::WRONG_TYPE, detail));
        }
        let bytes = Bytes::from_request(request, state).await?;
        let value: Value = serde_json::from_slice(&bytes)
            .map_err(|no| Problem::new(&kinds::INVALID_JSON, no.to_string()))?;
        if holds_nul(&value) {
            let detail = "a text in the body holds U+0000, which cannot be kept";
            return Err(Problem::new(&kinds::INVALID_TEXT, detail));
        }
        let body = T::deserialize(value)
            .map_err(|no| Problem::new(&kinds::INVALID_BODY, no.to_string()))?;
        Ok(Self(body))
    }
}

fn is_json(request: &Request) -> bool {
    let content_type = request.headers().get(CONTENT_TYPE);
    let essence = content_type
        .and_then(|it| it.to_str().ok())
        .and_then(|it| it.split(';').next());
    essence.is_some_and(|it| it.trim().eq_ignore_ascii_case("application/json"))
}

fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(all) => all.iter().any(holds_nul),
        Value::Object(all) => all
            .iter()
            .any(|(key, value)| key.contains('\0') || holds_nul(value)),
        _ => false,
    }
}

/// The query.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(Problem))]
pub(super) struct Query<T>(pub(super) T);

/// Parts of the path, by name.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(Problem))]
pub(super) struct Path<T>(pub(super) T);

/// The id that the sender gives a request that changes something, in the header `Idempotency-Key`: sent again with the
/// same content, it is carried out once and answered as the first time. One is made where it is left out.
pub(super) struct Key(pub(super) CommandId);

impl<S: Send + Sync> FromRequestParts<S> for Key {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut given = parts.headers.get_all("idempotency-key").iter();
        let Some(key) = given.next() else {
            return Ok(Self(crate::acting::new_id()));
        };
        let text = key.to_str().unwrap_or_default();
        // The draft of the header has it in quotation marks; most people leave them out.
        let bare = text.trim().trim_matches('"');
        match (bare.parse(), given.next()) {
            (Ok(id), None) => Ok(Self(id)),
            _ => Err(Problem::new(
                &kinds::INVALID_HEADER,
                "Idempotency-Key has to be one UUID, for instance 0199b7c4-6c53-7d7e-a6f8-ec3c5ad65f3a",
            )),
        }
    }
}

/// Rows of a page: 1 to 1000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(try_from = "u32")]
#[schema(value_type = u32, minimum = 1, maximum = 1000, default = 50)]
pub(super) struct Limit(pub(super) u32);

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl TryFrom<u32> for Limit {
    type Error = String;

    fn try_from(rows: u32) -> Result<Self, String> {
        match rows {
            1..=1000 => Ok(Self(rows)),
            _ => Err(format!("{rows} is no limit; choose one from 1 to 1000")),
        }
    }
}

/// A moment as RFC 3339 has it, in the years 1 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(try_from = "DateTime<Utc>")]
#[schema(value_type = String, format = DateTime)]
pub(super) struct Moment(pub(super) DateTime<Utc>);

impl TryFrom<DateTime<Utc>> for Moment {
    type Error = String;

    fn try_from(at: DateTime<Utc>) -> Result<Self, String> {
        match at.year() {
            1..=9999 => Ok(Self(at)),
            year => Err(format!(
                "the year {year} is out of reach; give one from 1 to 9999"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nul_is_found_however_deep_it_lies() {
        assert!(holds_nul(&serde_json::json!({"a": [{"b": "x\0"}]})));
        assert!(holds_nul(&serde_json::json!({"a\0": 1})));
        assert!(!holds_nul(&serde_json::json!({"a": ["\\u0000", null, 0]})));
    }

    #[test]
    fn a_limit_has_limits() {
        assert!(Limit::try_from(0).is_err() && Limit::try_from(1001).is_err());
        assert_eq!(Limit::try_from(1000), Ok(Limit(1000)));
    }
}
