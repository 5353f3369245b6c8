//! What an item says, as it is shown: read when somebody looks.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use annal_core::item::Content;
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser};
use serde_json::value::RawValue;

use crate::error::AuditError;

/// What an item says. Out of a snapshot it is a piece of text that nobody has read yet: a version of some thousand items
/// is shown by the page, compared by its text, or asked for its decisions alone.
#[derive(Clone)]
pub struct ContentShown(Form);

#[derive(Clone)]
enum Form {
    Read(Box<Content>),
    /// A piece of the JSON that all items of a snapshot share.
    Kept(Arc<String>, Range<usize>),
}

impl ContentShown {
    /// A piece of what a snapshot's items say; none where there is no such piece.
    pub(crate) fn kept(all: &Arc<String>, at: Range<usize>) -> Option<Self> {
        all.get(at.clone())?;
        Some(Self(Form::Kept(all.clone(), at)))
    }

    /// The content itself.
    ///
    /// # Errors
    /// [`AuditError::Snapshot`] if it came out of a snapshot that says something else than a content there.
    pub fn read(&self) -> Result<Cow<'_, Content>, AuditError> {
        match &self.0 {
            Form::Read(content) => Ok(Cow::Borrowed(content)),
            Form::Kept(all, at) => {
                let read = serde_json::from_str(piece(all, at));
                read.map(Cow::Owned).map_err(AuditError::Snapshot)
            }
        }
    }

    /// As JSON, which is always the same for the same content.
    pub(crate) fn json(&self) -> Result<Cow<'_, str>, serde_json::Error> {
        match &self.0 {
            Form::Read(content) => serde_json::to_string(content).map(Cow::Owned),
            Form::Kept(all, at) => Ok(Cow::Borrowed(piece(all, at))),
        }
    }
}

/// That it is there was looked at when it was taken.
fn piece<'a>(all: &'a str, at: &Range<usize>) -> &'a str {
    all.get(at.clone()).unwrap_or_default()
}

impl From<Content> for ContentShown {
    fn from(content: Content) -> Self {
        Self(Form::Read(Box::new(content)))
    }
}

impl PartialEq for ContentShown {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Form::Read(one), Form::Read(other)) => one == other,
            _ => matches!((self.json(), other.json()), (Ok(one), Ok(other)) if one == other),
        }
    }
}

impl fmt::Debug for ContentShown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.read() {
            Ok(content) => content.fmt(f),
            Err(error) => error.fmt(f),
        }
    }
}

/// Text goes into an answer as it is. Who writes JSON with line breaks makes a [`serde_json::Value`] of the answer first,
/// or the text would stand in one line where a content that was read does not.
impl Serialize for ContentShown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Form::Read(content) => content.serialize(serializer),
            Form::Kept(all, at) => {
                let text: &RawValue =
                    serde_json::from_str(piece(all, at)).map_err(ser::Error::custom)?;
                text.serialize(serializer)
            }
        }
    }
}

impl<'de> Deserialize<'de> for ContentShown {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Content::deserialize(deserializer).map(Self::from)
    }
}
