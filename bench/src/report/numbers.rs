//! Numbers as people read them.

/// With thousands apart, two or three digits that count.
pub(super) fn rate(value: f64) -> String {
    let digits = value.abs().max(1.0).log10().floor();
    let step = 10_f64.powf((digits - 2.0).max(0.0));
    grouped((value / step).round() * step)
}

/// Whole, with thousands apart.
pub(super) fn grouped(value: f64) -> String {
    let whole = format!("{value:.0}");
    let places = whole.len();
    let mut text = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (places - place).is_multiple_of(3) && !text.ends_with('-') {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Milliseconds.
pub(super) fn ms(value: f64) -> String {
    match value {
        value if value < 10.0 => format!("{value:.1}"),
        value => grouped(value),
    }
}

/// How many times as much.
pub(super) fn times(value: f64) -> String {
    match value {
        value if value < 10.0 => format!("{value:.1}×"),
        value => format!("{}×", grouped(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_to_what_counts_and_grouped() {
        assert_eq!(rate(1_234_567.0), "1,230,000");
        assert_eq!(rate(98.4), "98");
        assert_eq!(grouped(1_000.0), "1,000");
        assert_eq!(ms(0.44), "0.4");
        assert_eq!(ms(1_200.0), "1,200");
        assert_eq!(times(5.04), "5.0×");
    }
}
