//! How hashes and instants are spelled in JSON.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serializer};

/// Bytes of a fixed length as lower-case hexadecimal.
pub(crate) mod bytes {
    use super::*;

    pub(crate) fn serialize<const N: usize, S: Serializer>(
        bytes: &[u8; N],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_str(&hex::encode(bytes))
    }

    pub(crate) fn deserialize<'de, const N: usize, D: Deserializer<'de>>(
        from: D,
    ) -> Result<[u8; N], D::Error> {
        let text = String::deserialize(from)?;
        parse(&text).map_err(D::Error::custom)
    }

    pub(super) fn parse<const N: usize>(text: &str) -> Result<[u8; N], String> {
        let mut bytes = [0; N];
        hex::decode_to_slice(text, &mut bytes)
            .map_err(|error| format!("not {N} bytes in hexadecimal: {error}"))?;
        Ok(bytes)
    }
}

/// A list of hashes.
pub(crate) mod list {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(hashes: &[[u8; 32]], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(hashes.iter().map(hex::encode))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<[u8; 32]>, D::Error> {
        let texts = Vec::<String>::deserialize(from)?;
        let hashes = texts.iter().map(|text| bytes::parse(text));
        hashes.collect::<Result<_, _>>().map_err(D::Error::custom)
    }
}

/// RFC 3339 in UTC with six digits after the second: `2026-03-01T09:30:01.000001Z`.
pub(crate) mod instant {
    use chrono::{DateTime, SecondsFormat, Utc};

    use super::*;

    pub(crate) fn serialize<S: Serializer>(at: &DateTime<Utc>, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&at.to_rfc3339_opts(SecondsFormat::Micros, true))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<DateTime<Utc>, D::Error> {
        let text = String::deserialize(from)?;
        let at = DateTime::parse_from_rfc3339(&text).map_err(D::Error::custom)?;
        Ok(at.to_utc())
    }
}
