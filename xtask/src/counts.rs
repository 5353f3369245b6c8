//! How many tests passed, failed and were left out, as test programs tell it.

use std::fmt;
use std::iter::Sum;
use std::ops::Add;

/// Tests, counted by how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    passed: u32,
    failed: u32,
    ignored: u32,
}

impl Counts {
    /// Of the line that a test program ends with; none of any other line.
    pub(crate) fn of_result(line: &str) -> Option<Self> {
        let (_, told) = line.strip_prefix("test result: ")?.split_once(". ")?;
        let mut counts = Self::default();
        for part in told.split("; ") {
            let Some((number, what)) = part.trim().split_once(' ') else {
                continue;
            };
            match what {
                "passed" => counts.passed = number.parse().ok()?,
                "failed" => counts.failed = number.parse().ok()?,
                "ignored" => counts.ignored = number.parse().ok()?,
                _ => {}
            }
        }
        Some(counts)
    }

    /// Whether any test was carried out at all.
    pub(crate) fn any(self) -> bool {
        self.passed + self.failed > 0
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed; {} failed", self.passed, self.failed)?;
        if self.ignored > 0 {
            write!(f, "; {} ignored", self.ignored)?;
        }
        Ok(())
    }
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            ignored: self.ignored + other.ignored,
        }
    }
}

impl Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), Self::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_from_the_last_line_of_a_program() {
        let line = "test result: FAILED. 41 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.00s";
        let counts = Counts::of_result(line).unwrap_or_default();
        assert_eq!(counts.to_string(), "41 passed; 1 failed; 2 ignored");
    }

    #[test]
    fn other_lines_have_none() {
        assert_eq!(Counts::of_result("running 3 tests"), None);
        assert_eq!(Counts::of_result("test result: it broke off"), None);
    }
}
