//! Numbers with their spread, as lines on standard output.

#![expect(clippy::print_stdout, reason = "what was measured is printed")]

use std::time::Duration;

/// A line.
pub(crate) fn say(line: &str) {
    println!("{line}");
}

/// Measurements of the same thing.
#[derive(Debug, Default)]
pub(crate) struct Spread(Vec<f64>);

impl Spread {
    pub(crate) fn add(&mut self, value: f64) {
        self.0.push(value);
        self.0.sort_by(f64::total_cmp);
    }

    pub(crate) fn took(&mut self, time: Duration) {
        self.add(time.as_secs_f64() * 1000.0);
    }

    /// The value below which this share of the measurements lies.
    pub(crate) fn at(&self, percent: usize) -> f64 {
        let place = (self.0.len() * percent).div_ceil(100).max(1) - 1;
        self.0.get(place).copied().unwrap_or_default()
    }

    /// Median, least and most of a rate.
    pub(crate) fn rate(&self) -> String {
        format!(
            "{:>9.0}/s ({:.0}–{:.0})",
            self.at(50),
            self.at(1),
            self.at(100)
        )
    }

    /// Median, 99th percentile and most of times in milliseconds.
    pub(crate) fn times(&self) -> String {
        format!(
            "p50 {:>7.2} ms  p99 {:>7.2} ms  max {:>7.2} ms  n {}",
            self.at(50),
            self.at(99),
            self.at(100),
            self.0.len()
        )
    }
}
