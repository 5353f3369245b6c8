//! An export: a header line, then a line for each event, in the order of their positions.

use serde::{Deserialize, Serialize};

use crate::hex_form;

const FORMAT: &str = "annal.export.1";

/// Longer lines are refused: PostgreSQL holds no field of 1 GiB, and JSON may spell a byte with six.
pub const MAX_LINE: u64 = 6 << 30;

/// The first line of an export. Nothing vouches for it but checkpoints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    format: String,
    /// Whose events follow.
    pub ledger: String,
    /// The events begin after this position; 0 for the whole log.
    pub after: u64,
    /// The hash of the event at that position; zeros for the whole log.
    #[serde(with = "hex_form::bytes")]
    pub previous: [u8; 32],
    /// The last position; the same as `after` when no event follows.
    pub until: u64,
}

impl Header {
    /// The header of an export of the events after one position up to and with another.
    #[must_use]
    pub fn new(ledger: &str, after: u64, previous: [u8; 32], until: u64) -> Self {
        Self {
            format: FORMAT.to_owned(),
            ledger: ledger.to_owned(),
            after,
            previous,
            until,
        }
    }

    /// The header as its line, without the line end.
    #[must_use]
    pub fn to_line(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads the line.
    ///
    /// # Errors
    /// Why this is no header.
    pub fn from_line(line: &str) -> Result<Self, String> {
        let header: Self = serde_json::from_str(line).map_err(|error| error.to_string())?;
        if header.format != FORMAT {
            return Err(format!("its format is '{}', not '{FORMAT}'", header.format));
        }
        if header.until < header.after {
            return Err("it ends before it begins".to_owned());
        }
        if i64::try_from(header.until).is_err() {
            return Err("no log has so many positions".to_owned());
        }
        if header.after == 0 && header.previous != crate::BEFORE_THE_FIRST {
            return Err("before the first event there are zeros".to_owned());
        }
        Ok(header)
    }
}
