//! Times, in UTC and, where the script runs, in the reader's own zone beside it.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use maud::{Markup, html};

use super::Badge;

/// A moment. The script adds the reader's own zone.
pub(crate) fn time(at: DateTime<Utc>) -> Markup {
    html! {
        time datetime=(at.to_rfc3339_opts(SecondsFormat::Micros, true)) {
            span.utc { (at.format("%Y-%m-%d %H:%M:%S")) " UTC" }
        }
    }
}

/// A deadline, with how far it is.
pub(crate) fn due(at: DateTime<Utc>, now: DateTime<Utc>) -> Markup {
    let left = at - now;
    html! {
        span.due {
            @if left < TimeDelta::zero() {
                (Badge::Warns.saying(&format!("{} late", span(-left))))
            } @else {
                "in " (span(left))
            }
            " " (time(at))
        }
    }
}

/// A span of time in its largest unit.
pub(crate) fn span(span: TimeDelta) -> String {
    match (span.num_days(), span.num_hours(), span.num_minutes()) {
        (2.., _, _) => format!("{} d", span.num_days()),
        (_, 2.., _) => format!("{} h", span.num_hours()),
        (_, _, 2..) => format!("{} min", span.num_minutes()),
        _ => format!("{} s", span.num_seconds()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passed_deadline_says_so_in_words() {
        let now = DateTime::from_timestamp(1_000_000, 0).unwrap();
        let late = due(now - TimeDelta::hours(5), now).into_string();
        assert!(late.contains("5 h late"), "{late}");
        let ahead = due(now + TimeDelta::days(3), now).into_string();
        assert!(ahead.contains("in 3 d"), "{ahead}");
    }
}
