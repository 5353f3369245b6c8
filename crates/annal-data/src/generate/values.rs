//! A plausible value for an attribute, by its format and name.

use annal_core::item::Requirement;
use chrono::{Days, NaiveDate};
use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use crate::dictionary::Attribute;
use crate::format::Kind;
use crate::knowledge;
use crate::number::Decimal;

/// The last day of the reporting period; all other days lie around it.
const PERIOD: (i32, u32, u32) = (2024, 6, 30);

/// What is known of a column, looked up once for all its rows.
pub(super) struct Column<'a> {
    attribute: &'a Attribute,
    codes: Option<Vec<String>>,
    plausible: Option<(&'static str, &'static str)>,
}

impl<'a> Column<'a> {
    pub(super) fn of(attribute: &'a Attribute) -> Self {
        let (codes, plausible) = (knowledge::codes(attribute), knowledge::plausible(attribute));
        Self {
            attribute,
            codes,
            plausible,
        }
    }

    /// The value in the row with this number; empty where an optional one is not reported.
    pub(super) fn value(&self, row: usize, random: &mut ChaCha8Rng) -> String {
        let attribute = self.attribute;
        if attribute.primary_key {
            return key(attribute, row);
        }
        if attribute.requirement == Requirement::Optional && random.random_ratio(3, 10) {
            return String::new();
        }
        if let Some(codes) = &self.codes {
            return codes.choose(random).cloned().unwrap_or_default();
        }
        match (attribute.format.kind(), self.plausible) {
            (Kind::Day, _) => day(&attribute.name, random).format("%Y%m%d").to_string(),
            (Kind::Month, _) => day(&attribute.name, random).format("%Y%m").to_string(),
            (Kind::Text(longest), _) => text(&attribute.name, *longest, random),
            (Kind::OneOf(words), _) => words.choose(random).cloned().unwrap_or_default(),
            (Kind::IntegerBetween(low, high), _) => random.random_range(*low..=*high).to_string(),
            (Kind::Number(10, 0), _) => bank(&attribute.name),
            (Kind::Number(digits, 0), None) => random
                .random_range(0..10_u64.pow(small(*digits).min(4)))
                .to_string(),
            (Kind::Integer, _) => random.random_range(0..1000).to_string(),
            (kind, plausible) => {
                let (low, high) = plausible.unwrap_or(("0", "99"));
                number(low, high, decimals(kind), random)
            }
        }
    }
}

/// How many digits stand after the point; more than six tell nothing.
fn decimals(kind: &Kind) -> u32 {
    let most = match kind {
        Kind::Number(_, decimals) => small(*decimals),
        Kind::Decimal(decimals) => small(decimals.unwrap_or(2)),
        Kind::Ratio => 4,
        _ => 1,
    };
    most.min(6)
}

fn small(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}

/// Keys count up, so no two are the same.
fn key(attribute: &Attribute, row: usize) -> String {
    match attribute.format.kind() {
        Kind::Text(longest) if *longest >= 12 => format!("ACCT{:08}", row + 1),
        _ => (row + 1).to_string(),
    }
}

/// The reporting bank is the same in every row.
fn bank(name: &str) -> String {
    let sum: u64 = name.bytes().map(u64::from).sum();
    (1_000_000 + sum).to_string()
}

fn day(name: &str, random: &mut ChaCha8Rng) -> NaiveDate {
    let (year, month, last) = PERIOD;
    let period = NaiveDate::from_ymd_opt(year, month, last).unwrap_or_default();
    let before = |days: u64| period.checked_sub_days(Days::new(days)).unwrap_or(period);
    match name {
        "PeriodId" => period,
        "AccountCycleEndDate" => before(random.random_range(0..28)),
        "NextPaymentDueDate" => period
            .checked_add_days(Days::new(random.random_range(1..28)))
            .unwrap_or(period),
        _ => before(random.random_range(30..7000)),
    }
}

fn text(name: &str, longest: usize, random: &mut ChaCha8Rng) -> String {
    let text = if name.ends_with("ZipCode") {
        format!("{:05}", random.random_range(501..99_951))
    } else if name.ends_with("Version") {
        ["FICO 08", "FICO 09", "VantageScore 3.0", "VantageScore 4.0"]
            .choose(random)
            .map_or_else(String::new, |version| (*version).to_owned())
    } else {
        format!("ID{:010}", random.random_range(0..10_000_000_000_u64))
    };
    text.chars().take(longest).collect()
}

/// A number between two bounds. Wide ranges hold mostly small amounts, as money does.
fn number(low: &str, high: &str, decimals: u32, random: &mut ChaCha8Rng) -> String {
    let unit = 10_i64.pow(decimals);
    let bound = |text: &str| scaled(text, decimals);
    let (low, high) = (bound(low), bound(high));
    let drawn = if high - low > 10_000 * unit {
        // The product of two draws is small more often than large.
        let part = random.random_range(0..=1000_i64) * random.random_range(0..=1000_i64);
        low.max(0) + (high - low.max(0)) / 20 / 1_000_000 * part + random.random_range(0..unit)
    } else {
        random.random_range(low..=high)
    };
    let sign = if drawn < 0 { "-" } else { "" };
    let (whole, fraction) = (drawn.abs() / unit, drawn.abs() % unit);
    match decimals {
        0 => format!("{sign}{whole}"),
        _ => format!(
            "{sign}{whole}.{fraction:0width$}",
            width = decimals as usize
        ),
    }
}

/// The number times a power of ten, cut to a whole.
fn scaled(text: &str, decimals: u32) -> i64 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let width = decimals as usize;
    let digits = format!("{whole}{fraction:0<width$.width$}");
    debug_assert!(
        Decimal::parse(&digits).is_some(),
        "the bounds of our own are numbers"
    );
    digits.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_scaled_by_their_decimals() {
        for (text, decimals, expected) in [
            ("1", 2, 100),
            ("0.01", 4, 100),
            ("-10", 3, -10_000),
            ("1.25", 1, 12),
            ("7", 0, 7),
        ] {
            assert_eq!(scaled(text, decimals), expected, "{text} {decimals}");
        }
    }
}
