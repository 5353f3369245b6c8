//! The bytes that are hashed or signed: fields, each with its length before it.

use chrono::{DateTime, Utc};

/// Fields one after the other, as FORMAT.md says under "Canonical bytes".
pub(crate) struct Fields(Vec<u8>);

impl Fields {
    pub(crate) fn tagged(tag: &str) -> Self {
        Self(Vec::with_capacity(1_024)).bytes(tag.as_bytes())
    }

    pub(crate) fn bytes(mut self, field: &[u8]) -> Self {
        // The length is a signed number of 32 bits; no field of a log is near its end.
        let length = u32::try_from(field.len()).unwrap_or(u32::MAX - 1);
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(field);
        self
    }

    pub(crate) fn absent(mut self) -> Self {
        self.0.extend_from_slice(&[0xff; 4]);
        self
    }

    pub(crate) fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes())
    }

    pub(crate) fn number(self, number: u64) -> Self {
        self.bytes(&number.to_be_bytes())
    }

    pub(crate) fn instant(self, at: DateTime<Utc>) -> Self {
        self.bytes(&at.timestamp_micros().to_be_bytes())
    }

    pub(crate) fn maybe(self, field: Option<impl AsRef<[u8]>>) -> Self {
        match field {
            Some(field) => self.bytes(field.as_ref()),
            None => self.absent(),
        }
    }

    pub(crate) fn done(self) -> Vec<u8> {
        self.0
    }
}
