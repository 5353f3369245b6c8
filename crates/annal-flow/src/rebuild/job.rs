//! Where a job stands.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use temporalio_client::{WorkflowExecutionDescription, WorkflowExecutionStatus};
use temporalio_common::protos::temporal::api::workflow::v1::PendingActivityInfo;

use super::order::LedgerReached;

/// A rebuild of a projection as a job: the latest one there was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RebuildJob {
    /// The projection.
    pub projection: String,
    /// Temporal's run id.
    pub workflow_run_id: String,
    /// How it stands.
    pub status: JobStatus,
    /// When it was asked for.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// Attempts so far; more than one where a worker died or the database was away.
    pub attempt: u32,
    /// How far it is, as its last heartbeat said.
    pub reached: Vec<LedgerReached>,
    /// Why the attempt before this one ended.
    pub last_failure: Option<String>,
}

/// How a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// Under way, or waiting for a worker or the next attempt.
    Running,
    /// Ended well.
    Completed,
    /// Ended with an error.
    Failed,
    /// Given up.
    Cancelled,
    /// Ended from outside.
    Terminated,
}

impl JobStatus {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Terminated => "terminated",
        }
    }
}

impl From<WorkflowExecutionStatus> for JobStatus {
    fn from(status: WorkflowExecutionStatus) -> Self {
        use WorkflowExecutionStatus as S;
        match status {
            S::Completed => Self::Completed,
            S::Canceled => Self::Cancelled,
            S::Failed | S::TimedOut => Self::Failed,
            S::Terminated => Self::Terminated,
            _ => Self::Running,
        }
    }
}

impl RebuildJob {
    pub(super) fn of(projection: &str, told: &WorkflowExecutionDescription) -> Self {
        let pending = told.raw().pending_activities.first();
        Self {
            projection: projection.to_owned(),
            workflow_run_id: told.run_id().to_owned(),
            status: told.status().into(),
            started_at: told.start_time().map(DateTime::from),
            ended_at: told.close_time().map(DateTime::from),
            attempt: pending.map_or(1, |it| u32::try_from(it.attempt).unwrap_or(1)),
            reached: pending.map(reached).unwrap_or_default(),
            last_failure: pending
                .and_then(|it| it.last_failure.as_ref())
                .map(|it| it.message.clone()),
        }
    }
}

/// What the last heartbeat said; nothing before the first one.
fn reached(pending: &PendingActivityInfo) -> Vec<LedgerReached> {
    let details = pending.heartbeat_details.as_ref();
    let payload = details.and_then(|it| it.payloads.first());
    payload
        .and_then(|it| serde_json::from_slice(&it.data).ok())
        .unwrap_or_default()
}
