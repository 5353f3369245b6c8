use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Measurements of the same thing, by their order statistics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// How many.
    pub n: usize,
    /// The least.
    pub least: f64,
    /// The median.
    pub p50: f64,
    /// Below which 99 of 100 lie.
    pub p99: f64,
    /// The most.
    pub most: f64,
}

impl Spread {
    /// Of values in any order.
    #[must_use]
    pub fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |percent: usize| {
            let place = (values.len() * percent).div_ceil(100).max(1) - 1;
            values.get(place).copied().unwrap_or_default()
        };
        Self {
            n: values.len(),
            least: at(0),
            p50: at(50),
            p99: at(99),
            most: at(100),
        }
    }

    /// Of times, in milliseconds.
    #[must_use]
    pub fn of_times(times: Vec<Duration>) -> Self {
        let times = times.into_iter().map(|time| time.as_secs_f64() * 1000.0);
        Self::of(times.collect())
    }

    /// As times, in one line.
    #[must_use]
    pub fn times(&self) -> String {
        format!(
            "p50 {:>7.2} ms  p99 {:>7.2} ms  max {:>7.2} ms  n {}",
            self.p50, self.p99, self.most, self.n
        )
    }

    /// As a rate, in one line.
    #[must_use]
    pub fn rate(&self) -> String {
        format!("{:>9.0}/s ({:.0}–{:.0})", self.p50, self.least, self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let spread = Spread::of((1..=200).rev().map(f64::from).collect());
        let expected = Spread {
            n: 200,
            least: 1.0,
            p50: 100.0,
            p99: 198.0,
            most: 200.0,
        };
        assert_eq!(spread, expected);
        assert_eq!(Spread::of(vec![]), Spread::default());
    }
}
