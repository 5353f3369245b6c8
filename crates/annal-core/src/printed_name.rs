//! A person's name as it is printed, which the law may ask to forget.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The only thing in an event that is about a person and not about what they did. Ids, roles and decisions stay for
/// ever; the name can go.
///
/// In JSON a known name is a string, an erased one is the object `{"erased":true}`: no name can be taken for it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PrintedName {
    /// As it was given.
    Known(String),
    /// It was erased, and nobody can bring it back.
    Erased,
}

impl PrintedName {
    /// The name, unless it was erased.
    #[must_use]
    pub fn known(&self) -> Option<&str> {
        match self {
            Self::Known(name) => Some(name),
            Self::Erased => None,
        }
    }

    /// Whether it was erased.
    #[must_use]
    pub fn is_erased(&self) -> bool {
        *self == Self::Erased
    }
}

/// For people to read; `(erased)` stands in the name's place.
impl fmt::Display for PrintedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.known().unwrap_or("(erased)"))
    }
}

impl From<String> for PrintedName {
    fn from(name: String) -> Self {
        Self::Known(name)
    }
}

impl From<&str> for PrintedName {
    fn from(name: &str) -> Self {
        Self::Known(name.to_owned())
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written<'a> {
    #[serde(borrow)]
    Known(std::borrow::Cow<'a, str>),
    Erased(Mark),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mark {
    erased: True,
}

/// The JSON value `true`.
struct True;

impl Serialize for True {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(true)
    }
}

impl<'de> Deserialize<'de> for True {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match bool::deserialize(deserializer)? {
            true => Ok(Self),
            false => Err(serde::de::Error::custom("`erased` is true or not there")),
        }
    }
}

impl Serialize for PrintedName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Known(name) => Written::Known(name.as_str().into()),
            Self::Erased => Written::Erased(Mark { erased: True }),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PrintedName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Written::deserialize(deserializer)? {
            Written::Known(name) => Self::Known(name.into_owned()),
            Written::Erased(_) => Self::Erased,
        })
    }
}

/// As the schema of the HTTP API tells it.
#[cfg(feature = "openapi")]
mod told {
    use std::borrow::Cow;

    use utoipa::openapi::RefOr;
    use utoipa::openapi::schema::{Object, ObjectBuilder, OneOfBuilder, Schema, Type};
    use utoipa::{PartialSchema, ToSchema};

    use super::PrintedName;

    impl PartialSchema for PrintedName {
        fn schema() -> RefOr<Schema> {
            let erased = ObjectBuilder::new()
                .schema_type(Type::Object)
                .property("erased", Object::with_type(Type::Boolean))
                .required("erased");
            OneOfBuilder::new()
                .item(Object::with_type(Type::String))
                .item(erased)
                .description(Some(
                    "As it is printed; `{\"erased\": true}` where it was erased.",
                ))
                .into()
        }
    }

    impl ToSchema for PrintedName {
        fn name() -> Cow<'static, str> {
            Cow::Borrowed("PrintedName")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_name_is_a_string_and_an_erased_one_is_not() {
        for (name, json) in [
            (
                PrintedName::from("Ana \"A.\" Téster"),
                r#""Ana \"A.\" Téster""#,
            ),
            (
                PrintedName::from(r#"{"erased":true}"#),
                r#""{\"erased\":true}""#,
            ),
            (PrintedName::Erased, r#"{"erased":true}"#),
        ] {
            assert_eq!(serde_json::to_string(&name).unwrap(), json);
            assert_eq!(serde_json::from_str::<PrintedName>(json).unwrap(), name);
            let value: serde_json::Value = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::from_value::<PrintedName>(value).unwrap(), name);
        }
    }

    #[test]
    fn what_only_looks_like_one_is_refused() {
        for json in [
            r#"{"erased":false}"#,
            "{}",
            r#"{"erased":true,"a":1}"#,
            "null",
            "1",
        ] {
            assert!(serde_json::from_str::<PrintedName>(json).is_err(), "{json}");
        }
    }
}
