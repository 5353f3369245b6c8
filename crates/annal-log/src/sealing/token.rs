//! How a sealed name is written: the JSON object `{"sealed":"KEY.CIPHERTEXT"}`, in a payload in the place of the string,
//! in a text column as its text.

use annal_core::PrintedName;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

const BEGIN: &str = "{\"sealed\":\"";
const END: &str = "\"}";
/// How an erased name stands in a text column.
const ERASED: &str = "{\"erased\":true}";

/// A ciphertext, and the number of the key that opens it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) key: i64,
    pub(crate) sealed: Vec<u8>,
}

impl Token {
    pub(crate) fn to_text(&self) -> String {
        format!("{BEGIN}{}{END}", self.inner())
    }

    pub(crate) fn to_value(&self) -> Value {
        serde_json::json!({ "sealed": self.inner() })
    }

    fn inner(&self) -> String {
        format!("{}.{}", self.key, URL_SAFE_NO_PAD.encode(&self.sealed))
    }

    /// None for what is not written so, which is then a name as it is.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        Self::parse(text.strip_prefix(BEGIN)?.strip_suffix(END)?)
    }

    pub(crate) fn from_value(value: &Value) -> Option<Self> {
        let object = value.as_object().filter(|object| object.len() == 1)?;
        Self::parse(object.get("sealed")?.as_str()?)
    }

    fn parse(inner: &str) -> Option<Self> {
        let (number, sealed) = inner.split_once('.')?;
        let token = Self {
            key: number.parse().ok()?,
            sealed: URL_SAFE_NO_PAD.decode(sealed).ok()?,
        };
        // One spelling: `+17` is not how we write it.
        (token.key.to_string() == number).then_some(token)
    }
}

/// A name as a text column holds it.
pub(crate) fn stored(name: &PrintedName) -> &str {
    name.known().unwrap_or(ERASED)
}

/// A text column that holds no token.
pub(crate) fn unsealed(text: String) -> PrintedName {
    match text.as_str() {
        ERASED => PrintedName::Erased,
        _ => PrintedName::Known(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_token_reads_back_from_a_text_and_from_json() {
        let token = Token {
            key: 17,
            sealed: vec![0, 255, 7],
        };
        assert_eq!(token.to_text(), r#"{"sealed":"17.AP8H"}"#);
        assert_eq!(token.to_value().to_string(), token.to_text());
        assert_eq!(Token::from_text(&token.to_text()), Some(token.clone()));
        assert_eq!(Token::from_value(&token.to_value()), Some(token));
    }

    #[test]
    fn what_is_not_written_so_is_no_token() {
        for text in [
            "Ana",
            r#"{"sealed":"17"}"#,
            r#"{"sealed":"x.AP8H"}"#,
            r#"{"sealed":"+17.AP8H"}"#,
            r#"{"sealed":"17.AP8H="}"#,
            r#"{"sealed":"17.AP8H"} "#,
            ERASED,
        ] {
            assert_eq!(Token::from_text(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_reads_as_a_token_is_written_as_it_was_read(text in r#"\{"sealed":"[-+0-9]{0,20}\.[-_A-Za-z0-9]{0,9}"\}"#) {
            if let Some(token) = Token::from_text(&text) {
                prop_assert_eq!(token.to_text(), text);
            }
        }

        #[test]
        fn no_text_panics(text in ".*") {
            prop_assert_eq!(Token::from_text(&text), None);
        }
    }
}
