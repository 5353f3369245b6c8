//! Decimal numbers as they are written in a cell, compared exactly: no rounding stands between a report and its
//! evidence.

use std::borrow::Cow;
use std::cmp::Ordering;

/// A decimal number: an optional `-`, digits, and at most one point with digits on both sides.
#[derive(Debug, Clone)]
pub struct Decimal<'a> {
    negative: bool,
    whole: Cow<'a, str>,
    fraction: Option<&'a str>,
}

impl<'a> Decimal<'a> {
    /// Reads a number; none if the text is not one. Exponents, signs other than `-` and separators of thousands are not taken.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = match rest.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (rest, None),
        };
        let digits =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        (digits(whole) && fraction.is_none_or(digits)).then_some(Self {
            negative,
            whole: Cow::Borrowed(whole),
            fraction,
        })
    }

    /// Whether it was written with a point.
    #[must_use]
    pub fn has_point(&self) -> bool {
        self.fraction.is_some()
    }

    /// Digits after the point, as written.
    #[must_use]
    pub fn written_decimals(&self) -> usize {
        self.fraction.map_or(0, str::len)
    }

    /// Digits before the point, as written.
    #[must_use]
    pub fn written_whole_digits(&self) -> usize {
        self.whole.len()
    }

    fn parts(&self) -> (&str, &str) {
        let whole = self.whole.trim_start_matches('0');
        (whole, self.fraction.unwrap_or("").trim_end_matches('0'))
    }

    fn is_zero(&self) -> bool {
        self.parts() == ("", "")
    }

    fn magnitude(&self, other: &Decimal<'_>) -> Ordering {
        let ((whole, fraction), (other_whole, other_fraction)) = (self.parts(), other.parts());
        // Without the zeros in front, a longer whole part is the larger number.
        (whole.len().cmp(&other_whole.len()))
            .then_with(|| whole.cmp(other_whole))
            .then_with(|| fraction.cmp(other_fraction))
    }
}

impl From<i64> for Decimal<'static> {
    fn from(number: i64) -> Self {
        Self {
            negative: number < 0,
            whole: Cow::Owned(number.unsigned_abs().to_string()),
            fraction: None,
        }
    }
}

impl PartialEq for Decimal<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal<'_> {}

impl PartialOrd for Decimal<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let below = |number: &Decimal<'_>| number.negative && !number.is_zero();
        match (below(self), below(other)) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => self.magnitude(other),
            (true, true) => other.magnitude(self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compare(a: &str, b: &str) -> Ordering {
        Decimal::parse(a).unwrap().cmp(&Decimal::parse(b).unwrap())
    }

    #[test]
    fn numbers_are_ordered_by_value() {
        for (a, b, order) in [
            ("0.80", "0.8", Ordering::Equal),
            ("-0.0", "0", Ordering::Equal),
            ("007", "7.00", Ordering::Equal),
            ("0.9", "0.11", Ordering::Greater),
            ("9", "10", Ordering::Less),
            ("-9", "-10", Ordering::Greater),
            ("-1", "0", Ordering::Less),
            (
                "123456789012345678901234567890.1",
                "123456789012345678901234567890.2",
                Ordering::Less,
            ),
        ] {
            assert_eq!(compare(a, b), order, "{a} {b}");
        }
    }

    #[test]
    fn what_is_not_a_plain_number_is_none() {
        for text in [
            "", "-", ".5", "5.", "1e3", "+1", "1,000", "--1", "1.2.3", "NaN", "inf", "٣", " 1",
        ] {
            assert!(Decimal::parse(text).is_none(), "{text:?} was taken");
        }
    }
}
