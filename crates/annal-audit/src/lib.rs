//! The questions that people ask of the log.
//!
//! Lists come from the projections, and name the position that the tables had reached. What a version said at some
//! moment ([`Audit::show`], [`Audit::diff`]) and who did what when ([`Audit::timeline`]) comes from the log itself, where
//! that is long from a snapshot on ([`Snapshots`]).

mod answer;
mod approvals;
mod board;
mod content;
mod decisions;
mod diff;
mod error;
mod event;
mod export;
mod files;
mod filter;
mod four_eyes;
mod kept;
mod late;
mod lineage;
mod metrics;
mod moments;
mod pulse;
mod replay;
mod runs;
mod search;
mod select;
mod sentence;
mod show;
mod snapshots;
mod spans;
mod summary;
mod timeline;
mod told;
mod waiting;

pub use answer::{Answer, Page};
pub use approvals::{ApprovalRow, Pace};
pub use board::{BoardFilter, BoardRow, DutyRow};
pub use content::ContentShown;
pub use decisions::{DecisionRow, RefusalRow};
pub use diff::{ContentChange, DecisionChange, Diff, RemovedItem};
pub use error::AuditError;
pub use event::{EventInPlace, IN_COMMAND, Neighbour, run_of};
pub use export::{Exported, rows_as_csv};
pub use filter::DecisionFilter;
pub use four_eyes::FourEyesRow;
pub use late::LateRow;
pub use lineage::{Lineage, LineageNode};
pub use metrics::PhaseMetrics;
pub use moments::Moment;
pub use pulse::{Beat, PhasePace};
pub use runs::{PhaseRow, RunDetail, RunRow, StepRow, TransitionRow, VersionRow};
pub use search::FoundRow;
pub use sentence::{dossier_sentence, run_sentence};
pub use show::{Act, At, DecisionShown, ItemShown, ShownVersion};
pub use snapshots::{SnapshotRow, Snapshots, SnapshotsVerified};
pub use summary::{RunSummary, SummaryPhase, SummaryVersion};
pub use timeline::{TimelineEntry, TimelineFilter};
pub use waiting::WaitingRow;

use annal_core::{LedgerId, Position};
use annal_log::Log;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Reads one ledger.
#[derive(Debug, Clone)]
pub struct Audit {
    pub(crate) log: Log,
    /// Whether a version may be shown from a snapshot on.
    pub(crate) from_snapshots: bool,
}

/// Where a ledger ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogHead {
    /// The ledger.
    pub ledger: LedgerId,
    /// Of its last event; 0 while there is none.
    pub position: Position,
    /// Hash of that event, in hex: it stands for all events up to there.
    pub hash: String,
    /// When that event was recorded.
    pub recorded_at: Option<DateTime<Utc>>,
}

impl Audit {
    /// Reads the log's ledger over its connections.
    #[must_use]
    pub fn new(log: &Log) -> Self {
        Self {
            log: log.clone(),
            from_snapshots: true,
        }
    }

    /// Replays every event from the first, as if there were no snapshots. The answers are the same.
    #[must_use]
    pub fn from_events_alone(self) -> Self {
        Self {
            from_snapshots: false,
            ..self
        }
    }

    /// Where the log ends.
    ///
    /// # Errors
    /// [`AuditError::Log`] or [`AuditError::Database`] if the database cannot be asked.
    pub async fn log_head(&self) -> Result<LogHead, AuditError> {
        let head = self.log.head().await?;
        Ok(LogHead {
            ledger: self.log.ledger().clone(),
            position: head.position,
            hash: hex::encode(head.hash),
            recorded_at: show::recorded_at(self, head.position).await?,
        })
    }
}
