//! What can be wrong with a log, by name.

use std::fmt;

use serde::Serialize;

/// The first place where an export is not what was appended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Where in the log.
    pub position: u64,
    /// What is wrong there.
    #[serde(flatten)]
    pub kind: FaultKind,
}

/// How an export can be wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "fault")]
pub enum FaultKind {
    /// The line is not an event as an export spells it.
    Unreadable {
        /// Counted from 1, the header's.
        line: u64,
        /// Why.
        detail: String,
    },
    /// The event is one of another ledger.
    OtherLedger {
        /// Which.
        ledger: String,
    },
    /// No event stands at this position anywhere in the rest of the export, although it goes on.
    Missing,
    /// The event of this position comes later: two or more were swapped.
    OutOfPlace {
        /// What stands in its place.
        found: u64,
    },
    /// The event of this position comes a second time.
    Repeated,
    /// The event's hash is not that of its content and its predecessor's hash.
    Altered,
    /// The event has the next position but not the next sequence of its stream.
    SequenceDiffers {
        /// What it should be.
        expected: u64,
        /// What it is.
        found: u64,
    },
    /// The event was recorded before its predecessor.
    TimeGoesBack,
    /// The export ends before this position, which its header says it has.
    CutShort,
    /// There is an event after the last one that the header speaks of.
    Surplus,
    /// The export is whole in itself, and is shorter than a checkpoint vouches for.
    CutShortOfCheckpoint {
        /// How many events there were.
        size: u64,
    },
    /// The export is whole in itself, and its events are not those that a checkpoint vouches for: they were written
    /// anew, hashes and all.
    NotTheCheckpoint {
        /// Which checkpoint.
        size: u64,
        /// The last position that a checkpoint did vouch for, 0 if none: the change lies after it.
        agreed: u64,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let position = self.position;
        match &self.kind {
            FaultKind::Unreadable { line, detail } => write!(
                f,
                "line {line}, where position {position} belongs, is no event: {detail}"
            ),
            FaultKind::OtherLedger { ledger } => write!(
                f,
                "the event at position {position} belongs to the ledger '{ledger}'"
            ),
            FaultKind::Missing => write!(f, "the event at position {position} is missing"),
            FaultKind::OutOfPlace { found } => write!(
                f,
                "the event at position {position} is not in its place, where that of position {found} stands"
            ),
            FaultKind::Repeated => write!(f, "the event at position {position} comes twice"),
            FaultKind::Altered => write!(
                f,
                "the event at position {position} was altered: its hash is not that of its content and its predecessor"
            ),
            FaultKind::SequenceDiffers { expected, found } => write!(
                f,
                "the event at position {position} has the sequence {found} in its stream, where {expected} is next"
            ),
            FaultKind::TimeGoesBack => write!(
                f,
                "the event at position {position} was recorded before its predecessor"
            ),
            FaultKind::CutShort => write!(
                f,
                "the export ends before position {position}, which its header says it has"
            ),
            FaultKind::Surplus => write!(
                f,
                "the event at position {position} stands after the last one of which the header speaks"
            ),
            FaultKind::CutShortOfCheckpoint { size } => write!(
                f,
                "the log ends before position {position}, and had {size} events when the checkpoint was signed: its tail was cut off"
            ),
            FaultKind::NotTheCheckpoint { size, agreed } => write!(
                f,
                "the events up to position {position} are not those of the checkpoint of {size} events: after position {agreed} the log was written anew"
            ),
        }
    }
}
