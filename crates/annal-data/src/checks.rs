//! The language of the profiling rules: a check is a line of words that a person reads and the engine executes.

use std::fmt;

use crate::error::DataError;
use crate::format::Format;
use crate::number::Decimal;

/// A check on one column, written as its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Check {
    /// `present`: there is a value.
    Present,
    /// `unique`: no other row has this value.
    Unique,
    /// `written as FORMAT`.
    WrittenAs(Format),
    /// `one of A|B|C`.
    OneOf(Vec<String>),
    /// `between LOW and HIGH`, both allowed.
    Between(String, String),
    /// `at most column COLUMN`: not greater than the number there.
    AtMost(String),
    /// `not after column COLUMN`: not later than the day there.
    NotAfter(String),
    /// `A only if column COLUMN is B`.
    OnlyIf {
        /// The value that needs the other one.
        value: String,
        /// The other column.
        column: String,
        /// What it has to be.
        other: String,
    },
}

/// What a check says about one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Holds,
    Broken,
    /// The check says nothing here: there is no value, or none that can be compared. That is another rule's to find.
    NotTried,
}

/// Reads a check's text; [`Check`]'s `Display` writes it back.
///
/// # Errors
/// [`DataError::UnknownCheck`] with examples of what can be written.
pub fn parse_check(text: &str) -> Result<Check, DataError> {
    let check = match text {
        "present" => Some(Check::Present),
        "unique" => Some(Check::Unique),
        _ => parse_format(text)
            .or_else(|| parse_words(text))
            .or_else(|| parse_between(text))
            .or_else(|| parse_column(text, "at most column ", Check::AtMost))
            .or_else(|| parse_column(text, "not after column ", Check::NotAfter))
            .or_else(|| parse_only_if(text)),
    };
    check.ok_or_else(|| DataError::UnknownCheck {
        text: text.to_owned(),
    })
}

fn parse_format(text: &str) -> Option<Check> {
    text.strip_prefix("written as ")?
        .parse()
        .ok()
        .map(Check::WrittenAs)
}

fn parse_words(text: &str) -> Option<Check> {
    let words: Vec<String> = text
        .strip_prefix("one of ")?
        .split('|')
        .map(str::to_owned)
        .collect();
    words
        .iter()
        .all(|word| !word.is_empty())
        .then_some(Check::OneOf(words))
}

fn parse_between(text: &str) -> Option<Check> {
    let (low, high) = text.strip_prefix("between ")?.split_once(" and ")?;
    (Decimal::parse(low)? <= Decimal::parse(high)?)
        .then(|| Check::Between(low.to_owned(), high.to_owned()))
}

fn parse_column(text: &str, before: &str, check: impl Fn(String) -> Check) -> Option<Check> {
    let column = text.strip_prefix(before)?;
    (!column.is_empty()).then(|| check(column.to_owned()))
}

fn parse_only_if(text: &str) -> Option<Check> {
    let (value, rest) = text.split_once(" only if column ")?;
    // The column's name may hold " is "; the value behind it may not.
    let (column, other) = rest.rsplit_once(" is ")?;
    let filled = ![value, column, other].contains(&"");
    let own = |part: &str| part.to_owned();
    filled.then(|| Check::OnlyIf {
        value: own(value),
        column: own(column),
        other: own(other),
    })
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Present => f.write_str("present"),
            Self::Unique => f.write_str("unique"),
            Self::WrittenAs(format) => write!(f, "written as {format}"),
            Self::OneOf(words) => write!(f, "one of {}", words.join("|")),
            Self::Between(low, high) => write!(f, "between {low} and {high}"),
            Self::AtMost(column) => write!(f, "at most column {column}"),
            Self::NotAfter(column) => write!(f, "not after column {column}"),
            Self::OnlyIf {
                value,
                column,
                other,
            } => {
                write!(f, "{value} only if column {column} is {other}")
            }
        }
    }
}

impl Check {
    /// The other column that the check looks at.
    #[must_use]
    pub fn other_column(&self) -> Option<&str> {
        match self {
            Self::AtMost(column) | Self::NotAfter(column) | Self::OnlyIf { column, .. } => {
                Some(column)
            }
            _ => None,
        }
    }

    /// What the check says about a value beside the other column's. [`Check::Unique`] looks at all rows and is
    /// answered by whoever has them.
    pub(crate) fn judge(&self, value: Option<&str>, beside: Option<&str>) -> Verdict {
        if *self == Self::Present {
            return judged(Some(value.is_some()));
        }
        let Some(value) = value else {
            return Verdict::NotTried;
        };
        judged(match self {
            Self::Present | Self::Unique => None,
            Self::WrittenAs(format) => Some(format.check(value).is_ok()),
            Self::OneOf(words) => Some(words.iter().any(|word| word == value)),
            Self::Between(low, high) => compare(low, value)
                .zip(compare(value, high))
                .map(|(above, below)| above.is_le() && below.is_le()),
            Self::AtMost(_) | Self::NotAfter(_) => beside
                .and_then(|other| compare(value, other))
                .map(std::cmp::Ordering::is_le),
            Self::OnlyIf {
                value: this, other, ..
            } => beside
                .filter(|_| value == this)
                .map(|beside| beside == other),
        })
    }
}

fn judged(holds: Option<bool>) -> Verdict {
    match holds {
        Some(true) => Verdict::Holds,
        Some(false) => Verdict::Broken,
        None => Verdict::NotTried,
    }
}

/// Days written YYYYMMDD are in the order of the numbers that they look like.
fn compare(one: &str, other: &str) -> Option<std::cmp::Ordering> {
    Some(Decimal::parse(one)?.cmp(&Decimal::parse(other)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back_as_they_were() {
        for text in [
            "present",
            "unique",
            "written as integer 1-6",
            "written as yes|no",
            "one of 0|1",
            "between -10 and 40",
            "at most column debt_to_income",
            "not after column AccountCycleEndDate",
            "yes only if column denied is yes",
        ] {
            assert_eq!(parse_check(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn other_texts_are_refused_with_examples() {
        for text in [
            "",
            "Present",
            "written as x",
            "one of ",
            "between 3 and 0",
            "between a and b",
            "at most column ",
        ] {
            let error = parse_check(text).unwrap_err();
            assert_eq!(error.code(), "unknown_check");
            assert!(error.to_string().contains("between 0 and 3"), "{error}");
        }
    }

    #[test]
    fn a_check_judges_a_value() {
        use Verdict::{Broken, Holds, NotTried};
        for (text, value, beside, verdict) in [
            ("present", Some("x"), None, Holds),
            ("present", None, None, Broken),
            ("between 0 and 3", Some("3.0"), None, Holds),
            ("between 0 and 3", Some("3.01"), None, Broken),
            ("between 0 and 3", Some("x"), None, NotTried),
            ("between 0 and 3", None, None, NotTried),
            ("one of yes|no", Some("maybe"), None, Broken),
            ("written as integer", Some("1.5"), None, Broken),
            ("at most column b", Some("2"), Some("10"), Holds),
            ("at most column b", Some("11"), Some("10"), Broken),
            ("at most column b", Some("11"), None, NotTried),
            (
                "not after column b",
                Some("20240102"),
                Some("20240101"),
                Broken,
            ),
            (
                "yes only if column b is yes",
                Some("yes"),
                Some("no"),
                Broken,
            ),
            (
                "yes only if column b is yes",
                Some("yes"),
                Some("yes"),
                Holds,
            ),
            (
                "yes only if column b is yes",
                Some("no"),
                Some("no"),
                NotTried,
            ),
        ] {
            assert_eq!(
                parse_check(text).unwrap().judge(value, beside),
                verdict,
                "{text} {value:?}"
            );
        }
    }
}
