//! Identifiers and positions, one type each, so that a sequence is never passed where a position is meant.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::de::{Deserializer, Error, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// An identifier whose text breaks the rule for its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{value}' is not a {kind}: {rule}")]
pub struct InvalidId {
    /// What was given.
    pub value: String,
    /// Which identifier it should have been.
    pub kind: &'static str,
    /// The rule it breaks, in words.
    pub rule: &'static str,
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        // A clone shares the text: the same person and the same item are named thousands of times in one version.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[cfg_attr(feature = "openapi", schema(value_type = String, min_length = 1, max_length = 200))]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks the text and takes it as an identifier: 1 to 200 visible characters, no blank at either end.
            ///
            /// # Errors
            /// [`InvalidId`] names the rule that the text breaks.
            pub fn new(value: impl Into<Arc<str>>) -> Result<Self, InvalidId> {
                let value = value.into();
                match text_rule(&value) {
                    None => Ok(Self(value)),
                    Some(rule) => Err(InvalidId { value: value.as_ref().to_owned(), kind: $kind, rule }),
                }
            }

            /// The text of the identifier.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(value: &str) -> Result<Self, Self::Err> {
                Self::new(value)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(value: String) -> Result<Self, Self::Error> {
                Self::new(value)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.as_str().to_owned()
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;

                impl Visitor<'_> for Text {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("a string")
                    }

                    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
                        $name::new(value).map_err(E::custom)
                    }
                }

                deserializer.deserialize_str(Text)
            }
        }
    };
}

fn text_rule(value: &str) -> Option<&'static str> {
    if value.is_empty() {
        Some("it is empty")
    } else if value.len() > 200 {
        Some("it is longer than 200 bytes")
    } else if value.trim() != value {
        Some("it begins or ends with a blank")
    } else if value.chars().any(char::is_control) {
        Some("it holds a control character")
    } else {
        None
    }
}

text_id!(/// One tenant's log with its own head, positions and hash chain.
    LedgerId, "ledger id");
text_id!(/// A person, stable and never reused.
    PersonId, "person id");
text_id!(/// An item inside a dossier (an attribute, a rule, a sample …). The same thing keeps its id in every version,
    /// which is what makes lineage a lookup.
    ItemId, "item id");
text_id!(/// A step of a phase, for instance `scoping.approve` or, in a second round, `scoping.approve#2`.
    StepId, "step id");
text_id!(/// A request for information to one data owner.
    RequestId, "request id");
text_id!(/// A document given as evidence; its versions are numbered.
    DocumentId, "document id");
text_id!(/// An approved sample × an attribute in scope.
    TestCaseId, "test case id");

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(value: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(value).map(Self)
            }
        }
    };
}

uuid_id!(/// One report in one test cycle.
    RunId);
uuid_id!(/// Chosen by the caller: the same command sent twice is carried out once.
    CommandId);
uuid_id!(/// One event.
    EventId);

impl TestCaseId {
    /// The case that tests this attribute on this sample. Two ids of ordinary length always fit; where they do not,
    /// each is cut and the hash of the whole keeps the id its own.
    #[must_use]
    pub fn of(sample: &ItemId, attribute: &ItemId) -> Self {
        let whole = format!("{sample}×{attribute}");
        if text_rule(&whole).is_none() {
            return Self(whole.into());
        }
        let hash = hex::encode(Sha256::digest(&whole));
        Self(format!("{}×{}#{hash}", cut(sample), cut(attribute)).into())
    }
}

/// At most the first 60 bytes, without half a character or a blank at the end.
fn cut(id: &ItemId) -> &str {
    let id = id.as_str();
    let end = (0..=60).rev().find(|&end| id.is_char_boundary(end));
    id[..end.unwrap_or(0)].trim_end()
}

impl CommandId {
    /// The id of a command that follows from this one. The same pair always gives the same id, so a retry of the
    /// follow-up is recognised like any other retry.
    #[must_use]
    pub fn derive(self, purpose: &str) -> Self {
        Self(Uuid::new_v5(&self.0, purpose.as_bytes()))
    }
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident, $repr:ty) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub struct $name(pub $repr);

        impl $name {
            /// The one after this.
            #[must_use]
            pub fn next(self) -> Self {
                Self(self.0 + 1)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;
            fn from_str(value: &str) -> Result<Self, Self::Err> {
                value.parse().map(Self)
            }
        }
    };
}

number!(/// Where an event stands in its ledger: 1, 2, 3 … without a gap, in commit order; 0 is before the first.
    Position, u64);
number!(/// Where an event stands in its aggregate's stream: 1, 2, 3 …; 0 is the empty stream.
    Sequence, u64);
number!(/// The number of a version inside its dossier: 1, 2, 3 … without a hole.
    VersionNo, u32);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_with_a_blank_or_nothing_in_it_is_refused() {
        for bad in ["", " a", "a ", "a\nb", &"x".repeat(201)] {
            assert!(PersonId::new(bad).is_err(), "{bad:?} was taken");
            let json = serde_json::to_string(bad).unwrap();
            assert!(
                serde_json::from_str::<PersonId>(&json).is_err(),
                "{bad:?} was decoded"
            );
        }
        assert_eq!(PersonId::new("ana.tester").unwrap().as_str(), "ana.tester");
    }

    #[test]
    fn a_test_case_is_named_by_its_sample_and_attribute() {
        let item = |text: &str| ItemId::new(text).unwrap();
        let case = TestCaseId::of(&item("row-17"), &item("loan_amount"));
        assert_eq!(case.as_str(), "row-17×loan_amount");
    }

    #[test]
    fn long_ids_make_test_cases_that_are_valid_and_differ() {
        let long = |end: &str| ItemId::new(format!("{}{end}", "é".repeat(90))).unwrap();
        let (a, b) = (
            TestCaseId::of(&long("a"), &long("x")),
            TestCaseId::of(&long("b"), &long("x")),
        );
        assert_ne!(a, b);
        assert_eq!(TestCaseId::new(a.as_str()), Ok(a));
    }

    #[test]
    fn a_derived_command_id_is_the_same_each_time_and_differs_by_purpose() {
        let id = CommandId(Uuid::from_u128(7));
        assert_eq!(id.derive("refusal"), id.derive("refusal"));
        assert_ne!(id.derive("refusal"), id.derive("steps"));
    }
}
