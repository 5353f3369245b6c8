//! A run in short, as the demo ends with it.

use annal_core::{Phase, Position, RunId, VersionNo};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::Audit;
use crate::error::AuditError;

/// A run in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunSummary {
    /// The run.
    pub run_id: RunId,
    /// Temporal's workflow id.
    pub workflow_id: Option<String>,
    /// Version of its definition.
    pub definition: String,
    /// `open`, `completed` or `cancelled`.
    pub status: String,
    /// Its phases, in the order of the workflow.
    pub phases: Vec<SummaryPhase>,
    /// Its versions.
    pub versions: Vec<SummaryVersion>,
    /// Events of the run and of its dossiers.
    pub events: u64,
    /// All of this is true for the log up to here.
    pub head_position: Position,
}

/// A phase in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SummaryPhase {
    /// The phase.
    pub name: Phase,
    /// `started`, `completed`, `skipped` or `waiting`.
    pub status: String,
    /// When it was first reached.
    pub started_at: Option<DateTime<Utc>>,
    /// When it was last completed.
    pub completed_at: Option<DateTime<Utc>>,
}

/// A version in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SummaryVersion {
    /// The phase.
    pub phase: Phase,
    /// Its number.
    pub number: VersionNo,
    /// Where it stands.
    pub status: String,
    /// The version that it comes from.
    pub parent: Option<VersionNo>,
    /// Its items.
    pub items: u32,
    /// How many of them came from an earlier version.
    pub carried_forward: u32,
}

impl Audit {
    /// A run in short.
    ///
    /// # Errors
    /// [`AuditError::UnknownRun`], [`AuditError::NotPrepared`] or [`AuditError::Database`].
    pub async fn summary(&self, run: RunId) -> Result<RunSummary, AuditError> {
        let detail = self.run(run).await?;
        let phases = detail.phases.into_iter().map(|row| SummaryPhase {
            name: row.phase,
            status: row.status,
            started_at: row.started_at,
            completed_at: row.completed_at,
        });
        let versions = detail.versions.into_iter().map(|row| SummaryVersion {
            phase: row.phase,
            number: row.number,
            status: row.status,
            parent: row.parent,
            items: row.items,
            carried_forward: row.carried_forward,
        });
        Ok(RunSummary {
            run_id: run,
            workflow_id: detail.run.workflow_id,
            definition: detail.run.definition,
            status: detail.run.status,
            phases: phases.collect(),
            versions: versions.collect(),
            events: detail.run.events,
            head_position: detail.head_position,
        })
    }
}
