//! The formats of the dictionaries: what a value has to look like.

use std::fmt;
use std::str::FromStr;

use crate::number::Decimal;

/// A format as a dictionary writes it, and what it means.
///
/// `Nn.s` follows the usage of `NUMERIC(n,s)`: at most n digits in all, of which at most s after the point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Format {
    text: String,
    kind: Kind,
}

/// What a format asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A whole number.
    Integer,
    /// A whole number between two bounds, both allowed.
    IntegerBetween(i64, i64),
    /// A decimal number that is a share of something.
    Ratio,
    /// A decimal number in percent.
    Percent,
    /// One of some words.
    OneOf(Vec<String>),
    /// Text of at most so many characters.
    Text(usize),
    /// A number of at most so many digits, of which at most so many after the point.
    Number(usize, usize),
    /// A decimal number with at most so many digits after the point, or any.
    Decimal(Option<usize>),
    /// A day: YYYYMMDD.
    Day,
    /// A month: YYYYMM.
    Month,
}

/// Why a value does not have its format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Why {
    /// Not a number at all.
    #[error("it is not a number")]
    NotANumber,
    /// A number with a fraction.
    #[error("it is not a whole number")]
    NotWhole,
    /// Outside the bounds.
    #[error("it is not between {0} and {1}")]
    OutOfRange(i64, i64),
    /// None of the allowed words.
    #[error("it is not one of {0}")]
    NotOneOf(String),
    /// Too many characters.
    #[error("it is longer than {0} characters")]
    TooLong(usize),
    /// Too many digits.
    #[error("it has more than {0} digits")]
    TooManyDigits(usize),
    /// Too many digits after the point.
    #[error("it has more than {0} digits after the point")]
    TooManyDecimals(usize),
    /// Not a day or month of the calendar.
    #[error("it is not a date written {0}")]
    NotADate(&'static str),
}

/// A text that is no format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a format")]
pub struct UnknownFormat(pub String);

impl Format {
    /// The text as the dictionary writes it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it asks for.
    #[must_use]
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// Whether the value has this format, its range and its words included.
    ///
    /// # Errors
    /// Why it does not.
    pub fn check(&self, value: &str) -> Result<(), Why> {
        match &self.kind {
            Kind::Integer => whole(value).map(|_| ()),
            Kind::IntegerBetween(low, high) => {
                let number = whole(value)?;
                let inside = number >= Decimal::from(*low) && number <= Decimal::from(*high);
                ensure(inside, || Why::OutOfRange(*low, *high))
            }
            Kind::Ratio | Kind::Percent => decimal(value).map(|_| ()),
            Kind::OneOf(words) => ensure(words.iter().any(|word| word == value), || {
                Why::NotOneOf(words.join("|"))
            }),
            Kind::Text(longest) => {
                ensure(value.chars().count() <= *longest, || Why::TooLong(*longest))
            }
            Kind::Number(digits, decimals) => check_number(value, *digits, *decimals),
            Kind::Decimal(decimals) => {
                let number = decimal(value)?;
                let most = decimals.unwrap_or(usize::MAX);
                ensure(number.written_decimals() <= most, || {
                    Why::TooManyDecimals(most)
                })
            }
            Kind::Day => ensure(is_day(value), || Why::NotADate("YYYYMMDD")),
            Kind::Month => ensure(value.len() == 6 && is_day(&format!("{value}01")), || {
                Why::NotADate("YYYYMM")
            }),
        }
    }

    /// Whether values of this format are numbers (dates are not).
    #[must_use]
    pub fn is_numeric(&self) -> bool {
        !matches!(
            self.kind,
            Kind::OneOf(_) | Kind::Text(_) | Kind::Day | Kind::Month
        )
    }

    /// Whether values of this format are measured rather than counted or coded, so that the smallest and largest mean something.
    #[must_use]
    pub fn is_measure(&self) -> bool {
        match self.kind {
            Kind::Ratio | Kind::Percent | Kind::Decimal(_) => true,
            Kind::Number(digits, decimals) => decimals > 0 || digits == 12,
            _ => false,
        }
    }

    /// Whether two values of this format mean the same: `0.80` is `0.8` where numbers are meant.
    #[must_use]
    pub fn same(&self, one: &str, other: &str) -> bool {
        let (one, other) = (one.trim(), other.trim());
        if one == other {
            return true;
        }
        self.is_numeric()
            && matches!((Decimal::parse(one), Decimal::parse(other)), (Some(a), Some(b)) if a == b)
    }
}

fn check_number(value: &str, digits: usize, decimals: usize) -> Result<(), Why> {
    let number = if decimals == 0 {
        whole(value)?
    } else {
        decimal(value)?
    };
    ensure(number.written_decimals() <= decimals, || {
        Why::TooManyDecimals(decimals)
    })?;
    // A zero before the point is written even where all digits stand after it.
    let most_before = digits.saturating_sub(decimals).max(1);
    let fits = number.written_whole_digits() <= most_before;
    ensure(fits, || Why::TooManyDigits(digits))
}

fn ensure(holds: bool, why: impl FnOnce() -> Why) -> Result<(), Why> {
    if holds { Ok(()) } else { Err(why()) }
}

fn decimal(value: &str) -> Result<Decimal<'_>, Why> {
    Decimal::parse(value).ok_or(Why::NotANumber)
}

fn whole(value: &str) -> Result<Decimal<'_>, Why> {
    let number = decimal(value)?;
    ensure(!number.has_point(), || Why::NotWhole).map(|()| number)
}

fn is_day(value: &str) -> bool {
    if value.len() != 8 || !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let part = |from: usize, to: usize| value[from..to].parse::<u32>().unwrap_or(0);
    let year = i32::try_from(part(0, 4)).unwrap_or(0);
    year > 0 && chrono::NaiveDate::from_ymd_opt(year, part(4, 6), part(6, 8)).is_some()
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let kind = parse_kind(text).ok_or_else(|| UnknownFormat(text.to_owned()))?;
        Ok(Self {
            text: text.to_owned(),
            kind,
        })
    }
}

fn parse_kind(text: &str) -> Option<Kind> {
    if text.contains('|') {
        let words: Vec<String> = text.split('|').map(str::to_owned).collect();
        let clean = words
            .iter()
            .all(|word| !word.is_empty() && word.trim() == word);
        return clean.then_some(Kind::OneOf(words));
    }
    let lower = text.to_lowercase();
    match lower.as_str() {
        "integer" | "whole number" => return Some(Kind::Integer),
        "ratio" => return Some(Kind::Ratio),
        "percent" => return Some(Kind::Percent),
        "numeric" => return Some(Kind::Decimal(None)),
        "yyyymmdd" | "date yyyymmdd" => return Some(Kind::Day),
        "yyyymm" | "date yyyymm" => return Some(Kind::Month),
        _ => {}
    }
    parse_range(&lower)
        .or_else(|| parse_text(&lower))
        .or_else(|| parse_decimals(&lower))
        .or_else(|| parse_digits(&lower))
}

/// `integer 1-6`
fn parse_range(text: &str) -> Option<Kind> {
    let (low, high) = text.strip_prefix("integer ")?.split_once('-')?;
    let (low, high) = (low.trim().parse().ok()?, high.trim().parse().ok()?);
    (low <= high).then_some(Kind::IntegerBetween(low, high))
}

/// `Character(9)`, `Text(100)` and `C9`
fn parse_text(text: &str) -> Option<Kind> {
    let length = text
        .strip_prefix("character(")
        .or_else(|| text.strip_prefix("text("))
        .and_then(|rest| rest.strip_suffix(')'))
        .or_else(|| text.strip_prefix('c'))?;
    size(length).map(Kind::Text)
}

/// `Numeric, up to 5 decimals` and its relatives
fn parse_decimals(text: &str) -> Option<Kind> {
    let rest = text.strip_prefix("numeric,")?.trim();
    let rest = rest
        .strip_prefix("up to ")
        .or_else(|| rest.strip_prefix("to "))?;
    let (count, unit) = rest.split_once(' ')?;
    let known = ["decimals", "decimal", "decimal places", "decimal place"].contains(&unit);
    known.then(|| size(count).map(|count| Kind::Decimal(Some(count))))?
}

/// `N5` and `N12.2`
fn parse_digits(text: &str) -> Option<Kind> {
    let rest = text.strip_prefix('n')?;
    let (digits, decimals) = rest.split_once('.').unwrap_or((rest, "0"));
    let (digits, decimals) = (size(digits)?, decimals.parse().ok()?);
    (decimals <= digits).then_some(Kind::Number(digits, decimals))
}

/// A length that a cell can have.
fn size(text: &str) -> Option<usize> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|size| plain && (1..=1000).contains(size))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(format: &str, value: &str) -> Result<(), Why> {
        format.parse::<Format>().unwrap().check(value)
    }

    #[test]
    fn every_format_of_both_dictionaries_is_known() {
        for text in [
            include_str!("../../../examples/fr_y14m_dictionary.csv"),
            include_str!("../../../examples/hmda_boston_dictionary.csv"),
        ] {
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            let column = reader
                .headers()
                .unwrap()
                .iter()
                .position(|name| name == "format")
                .unwrap();
            for row in reader.records() {
                let row = row.unwrap();
                assert!(row[column].parse::<Format>().is_ok(), "{:?}", &row[column]);
            }
        }
    }

    #[test]
    fn values_with_their_format_pass() {
        for (format, value) in [
            ("integer", "-17"),
            ("integer 1-6", "6"),
            ("ratio", "0.921875"),
            ("percent", "10.6"),
            ("yes|no", "no"),
            ("0|1", "1"),
            ("Character(2)", "ÄÖ"),
            ("C18", "A-1"),
            ("YYYYMMDD", "20240229"),
            ("YYYYMM", "202402"),
            ("N5", "99999"),
            ("N12.2", "-1234567890.12"),
            ("N6.5", "1.00000"),
            ("Whole Number", "0"),
            ("Numeric, up to 5 decimals", "1.12345"),
            ("Numeric, to 2 decimal places", "1.1"),
        ] {
            assert_eq!(check(format, value), Ok(()), "{format}: {value}");
        }
    }

    #[test]
    fn values_without_it_are_refused_with_the_reason() {
        for (format, value, why) in [
            ("integer", "2.116387", Why::NotWhole),
            ("integer", "", Why::NotANumber),
            ("integer", "1e3", Why::NotANumber),
            ("integer 1-6", "7", Why::OutOfRange(1, 6)),
            (
                "integer 1-6",
                "99999999999999999999999",
                Why::OutOfRange(1, 6),
            ),
            ("ratio", "0,5", Why::NotANumber),
            ("ratio", "NaN", Why::NotANumber),
            ("yes|no", "Yes", Why::NotOneOf("yes|no".into())),
            ("C2", "ABC", Why::TooLong(2)),
            ("YYYYMMDD", "20230229", Why::NotADate("YYYYMMDD")),
            ("YYYYMMDD", "2023-02-1", Why::NotADate("YYYYMMDD")),
            ("YYYYMM", "202413", Why::NotADate("YYYYMM")),
            ("N5", "123456", Why::TooManyDigits(5)),
            ("N12.2", "12345678901.1", Why::TooManyDigits(12)),
            ("N12.2", "1.123", Why::TooManyDecimals(2)),
            ("Numeric, to 2 decimals", "1.123", Why::TooManyDecimals(2)),
        ] {
            assert_eq!(check(format, value), Err(why), "{format}: {value}");
        }
    }

    #[test]
    fn texts_that_are_no_format_are_refused() {
        for text in [
            "",
            "N",
            "Nx",
            "N2.5",
            "C0",
            "C+5",
            "yes|",
            "integer 6-1",
            "date",
            "C99999999",
        ] {
            assert!(text.parse::<Format>().is_err(), "{text:?} was taken");
        }
    }

    #[test]
    fn numbers_are_compared_by_value_and_codes_by_text() {
        let same = |format: &str, a: &str, b: &str| format.parse::<Format>().unwrap().same(a, b);
        assert!(same("ratio", "0.80", "0.8"));
        assert!(same("N12.2", "-0", "0.00"));
        assert!(same("N3", "007", "7"));
        assert!(!same("ratio", "0.80", "0.81"));
        assert!(!same("C5", "007", "7"));
        assert!(!same("ratio", "x", "y"));
    }
}
