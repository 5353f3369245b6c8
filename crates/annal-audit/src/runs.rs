//! Runs with their phases, versions, steps and transitions.

use annal_core::version::VersionRef;
use annal_core::{PersonId, Phase, Position, Role, RunId, StepId, VersionNo};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::Audit;
use crate::answer::Answer;
use crate::error::AuditError;
use crate::select::Snapshot;

/// A run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunRow {
    /// Its id.
    pub run_id: RunId,
    /// The report.
    pub report: String,
    /// The test cycle.
    pub cycle: String,
    /// Version of the workflow definition that it is pinned to.
    pub definition: String,
    /// Hash of that definition.
    pub definition_sha256: String,
    /// `open`, `completed` or `cancelled`.
    pub status: String,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// By whom.
    pub opened_by: PersonId,
    /// When it was completed or cancelled.
    pub completed_at: Option<DateTime<Utc>>,
    /// Why it was cancelled.
    pub reason: Option<String>,
    /// Temporal's workflow id.
    pub workflow_id: Option<String>,
    /// The first execution of that workflow.
    pub first_workflow_run_id: Option<String>,
    /// The latest one.
    pub last_workflow_run_id: Option<String>,
    /// Events of the run and of its dossiers.
    pub events: u64,
    /// When the last of them was recorded.
    pub last_event_at: DateTime<Utc>,
}

/// A phase that a run has reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PhaseRow {
    /// The phase.
    pub phase: Phase,
    /// `started`, `completed`, `skipped`; `waiting` if it was marked stale before it was reached.
    pub status: String,
    /// When it was first reached.
    pub started_at: Option<DateTime<Utc>>,
    /// When it was last completed.
    pub completed_at: Option<DateTime<Utc>>,
    /// When it was passed over.
    pub skipped_at: Option<DateTime<Utc>>,
    /// Why it was passed over.
    pub why: Option<String>,
    /// How often it was reopened.
    pub reopened: u32,
    /// What it rests on was reopened.
    pub stale: bool,
    /// The phases that were reopened.
    pub stale_because_of: Vec<Phase>,
}

/// A version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VersionRow {
    /// The run.
    pub run_id: RunId,
    /// The phase.
    pub phase: Phase,
    /// Its number there.
    pub number: VersionNo,
    /// `draft`, `pending_approval`, `approved`, `rejected` or `superseded`.
    pub status: String,
    /// `initial`, `revision` or `revert`.
    pub origin: String,
    /// The version that it revises or whose contents it took.
    pub parent: Option<VersionNo>,
    /// What a revision took along.
    pub policy: Option<String>,
    /// The approved versions that it was built from.
    pub inputs: Vec<VersionRef>,
    /// Items now.
    pub items: u32,
    /// How many of them came from an earlier version.
    pub carried_forward: u32,
    /// Items with a decision on the first level.
    pub tester_decided: u32,
    /// Of these, taken in.
    pub tester_approved: u32,
    /// Of these, left out.
    pub tester_rejected: u32,
    /// Items with a decision on the second level.
    pub owner_decided: u32,
    /// Of these, approved.
    pub owner_approved: u32,
    /// Of these, rejected.
    pub owner_rejected: u32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// By whom.
    pub created_by: PersonId,
    /// Why, where a reason was given.
    pub created_reason: Option<String>,
    /// When it was handed in.
    pub submitted_at: Option<DateTime<Utc>>,
    /// By whom.
    pub submitted_by: Option<PersonId>,
    /// When it was approved or rejected.
    pub decided_at: Option<DateTime<Utc>>,
    /// By whom.
    pub decided_by: Option<PersonId>,
    /// Why.
    pub reason: Option<String>,
    /// What a rejection asks for.
    pub requested_changes: Option<Vec<String>>,
    /// The condition under which no person had to approve.
    pub without_approval: Option<String>,
    /// The successor that replaced it.
    pub superseded_by: Option<VersionNo>,
    /// The workflow that made it.
    pub workflow_id: Option<String>,
    /// Its execution.
    pub workflow_run_id: Option<String>,
    /// The step.
    pub workflow_step_id: Option<String>,
    /// The activity.
    pub workflow_activity_name: Option<String>,
    /// Position of the event that made it.
    pub created_position: Position,
    /// Position of the last event about it.
    pub changed_position: Position,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StepRow {
    /// The run.
    pub run_id: RunId,
    /// Its id, for instance `scoping.approve#2`.
    pub step_id: StepId,
    /// The phase.
    pub phase: Phase,
    /// `automatic` or `human`.
    pub kind: String,
    /// Who has to act.
    pub role: Option<Role>,
    /// `scheduled`, `started`, `completed` or `skipped`.
    pub status: String,
    /// Tries, the one that runs or ended well included.
    pub attempts: u32,
    /// Of these, failed.
    pub failures: u32,
    /// When it was scheduled.
    pub scheduled_at: DateTime<Utc>,
    /// By when somebody has to act.
    pub due_at: Option<DateTime<Utc>>,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it was done.
    pub completed_at: Option<DateTime<Utc>>,
    /// When it passed its deadline.
    pub timed_out_at: Option<DateTime<Utc>>,
    /// When it was skipped.
    pub skipped_at: Option<DateTime<Utc>>,
    /// How it ended, in a word.
    pub outcome: Option<String>,
    /// The last failure.
    pub error: Option<String>,
    /// Why it was skipped.
    pub why: Option<String>,
    /// Reminders sent.
    pub reminders: u32,
    /// Escalations sent.
    pub escalations: u32,
    /// Who brought it to its end.
    pub completed_by: Option<PersonId>,
    /// The execution that made its latest event.
    pub workflow_run_id: Option<String>,
    /// The activity that made its latest event.
    pub activity_name: Option<String>,
}

/// A transition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TransitionRow {
    /// The run.
    pub run_id: RunId,
    /// The phases that lead here; none for the first.
    pub from_phases: Vec<Phase>,
    /// The phase reached or passed over.
    pub to_phase: Phase,
    /// `sequential`, `parallel_fork`, `parallel_join` or `conditional`.
    pub kind: String,
    /// The condition's text.
    pub condition: Option<String>,
    /// What it came to.
    pub result: Option<bool>,
    /// When it was taken.
    pub at: DateTime<Utc>,
    /// Position of its event.
    pub position: Position,
    /// The activity that recorded it.
    pub activity_name: Option<String>,
}

/// A run with all that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunDetail {
    /// What follows is true for the log up to here.
    pub head_position: Position,
    /// The run.
    #[serde(flatten)]
    pub run: RunRow,
    /// Its phases, in the order of the workflow.
    pub phases: Vec<PhaseRow>,
    /// Its versions.
    pub versions: Vec<VersionRow>,
    /// Steps that wait or run.
    pub open_steps: Vec<StepRow>,
}

pub(crate) const RUNS: &str = "workflow_executions";
pub(crate) const PHASES: &str = "workflow_phases";
pub(crate) const VERSIONS: &str = "version_history";
pub(crate) const STEPS: &str = "workflow_steps";
const TRANSITIONS: &str = "workflow_transitions";

impl Audit {
    /// One run.
    ///
    /// # Errors
    /// [`AuditError::UnknownRun`], [`AuditError::NotPrepared`] or [`AuditError::Database`].
    pub async fn run(&self, run: RunId) -> Result<RunDetail, AuditError> {
        let mut snapshot = self.snapshot(&[RUNS, PHASES, VERSIONS, STEPS]).await?;
        let row = self.run_row(&mut snapshot, run).await?;
        let phases = self.phase_rows(&mut snapshot, run).await?;
        let versions = self.version_rows(&mut snapshot, run, None).await?;
        let steps = self.step_rows(&mut snapshot, run).await?;
        let open = |step: &StepRow| matches!(step.status.as_str(), "scheduled" | "started");
        Ok(RunDetail {
            head_position: snapshot.position,
            run: row,
            phases,
            versions,
            open_steps: steps.into_iter().filter(open).collect(),
        })
    }

    /// The versions of a run, or of one of its phases, in the order of the workflow.
    ///
    /// # Errors
    /// [`AuditError::UnknownRun`], [`AuditError::NotPrepared`] or [`AuditError::Database`].
    pub async fn versions(
        &self,
        run: RunId,
        phase: Option<Phase>,
    ) -> Result<Answer<VersionRow>, AuditError> {
        let mut snapshot = self.snapshot(&[RUNS, VERSIONS]).await?;
        self.run_row(&mut snapshot, run).await?;
        let rows = self.version_rows(&mut snapshot, run, phase).await?;
        Ok(self.answer(snapshot.position, rows))
    }

    /// The steps of a run, in the order in which they were scheduled.
    ///
    /// # Errors
    /// [`AuditError::UnknownRun`], [`AuditError::NotPrepared`] or [`AuditError::Database`].
    pub async fn steps(&self, run: RunId) -> Result<Answer<StepRow>, AuditError> {
        let mut snapshot = self.snapshot(&[RUNS, STEPS]).await?;
        self.run_row(&mut snapshot, run).await?;
        let rows = self.step_rows(&mut snapshot, run).await?;
        Ok(self.answer(snapshot.position, rows))
    }

    /// The transitions that a run took, in order.
    ///
    /// # Errors
    /// [`AuditError::UnknownRun`], [`AuditError::NotPrepared`] or [`AuditError::Database`].
    pub async fn transitions(&self, run: RunId) -> Result<Answer<TransitionRow>, AuditError> {
        let mut snapshot = self.snapshot(&[RUNS, TRANSITIONS]).await?;
        self.run_row(&mut snapshot, run).await?;
        let mut query = self.select("* FROM annal_read.workflow_transitions");
        query.push(" AND run_id = ").push_bind(run.0);
        let rows = snapshot
            .rows(query, "position", "listing the transitions")
            .await?;
        Ok(self.answer(snapshot.position, rows))
    }

    pub(crate) async fn run_row(
        &self,
        snapshot: &mut Snapshot,
        run: RunId,
    ) -> Result<RunRow, AuditError> {
        let mut query = self.select("* FROM annal_read.workflow_executions");
        query.push(" AND run_id = ").push_bind(run.0);
        let mut rows = snapshot.rows(query, "run_id", "reading the run").await?;
        let position = snapshot.position;
        rows.pop().ok_or(AuditError::UnknownRun { run, position })
    }

    pub(crate) async fn phase_rows(
        &self,
        snapshot: &mut Snapshot,
        run: RunId,
    ) -> Result<Vec<PhaseRow>, AuditError> {
        let mut query = self.select("* FROM annal_read.workflow_phases");
        query.push(" AND run_id = ").push_bind(run.0);
        let mut rows: Vec<PhaseRow> = snapshot.rows(query, "phase", "listing the phases").await?;
        rows.sort_by_key(|row| row.phase);
        Ok(rows)
    }

    pub(crate) async fn version_rows(
        &self,
        snapshot: &mut Snapshot,
        run: RunId,
        phase: Option<Phase>,
    ) -> Result<Vec<VersionRow>, AuditError> {
        let mut query = self.select("* FROM annal_read.version_history");
        query.push(" AND run_id = ").push_bind(run.0);
        if let Some(phase) = phase {
            query.push(" AND phase = ").push_bind(phase.name());
        }
        let mut rows: Vec<VersionRow> = snapshot
            .rows(query, "phase, number", "listing the versions")
            .await?;
        rows.sort_by_key(|row| (row.phase, row.number));
        Ok(rows)
    }

    pub(crate) async fn step_rows(
        &self,
        snapshot: &mut Snapshot,
        run: RunId,
    ) -> Result<Vec<StepRow>, AuditError> {
        let mut query = self.select("* FROM annal_read.workflow_steps");
        query.push(" AND run_id = ").push_bind(run.0);
        snapshot
            .rows(query, "scheduled_position", "listing the steps")
            .await
    }
}
