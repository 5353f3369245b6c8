//! What took longer than it may.

use annal_core::{PersonId, Phase, Position, RunId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::Audit;
use crate::answer::Page;
use crate::error::AuditError;
use crate::filter::DecisionFilter;
use crate::runs::{RUNS, STEPS};
use crate::select::to_bigint;
use crate::spans::ids;

/// A step that was, or still is, past its deadline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LateRow {
    /// Where it was scheduled.
    pub position: Position,
    /// The run.
    pub run_id: RunId,
    /// The phase.
    pub phase: Phase,
    /// The step.
    pub step_id: String,
    /// Whose turn it was.
    pub role: Option<String>,
    /// Where it stands.
    pub status: String,
    /// When it was due.
    pub due_at: DateTime<Utc>,
    /// When it was done; none while it waits.
    pub completed_at: Option<DateTime<Utc>>,
    /// Who brought it to its end.
    pub completed_by: Option<PersonId>,
    /// Seconds past the deadline: until it was done, or until the log's newest event that the answer is true for.
    pub late_seconds: i64,
    /// Reminders that were sent.
    pub reminders: u32,
    /// Times that it went up.
    pub escalations: u32,
}

impl Audit {
    /// Steps past their deadline, in the order in which they were scheduled, as they stood when the answer is true.
    /// Period means the deadline, person whoever ended it, role whose turn it was.
    ///
    /// # Errors
    /// [`AuditError::NotPrepared`] or [`AuditError::Database`].
    pub async fn late(&self, filter: &DecisionFilter) -> Result<Page<LateRow>, AuditError> {
        let mut snapshot = self.snapshot(&[STEPS, RUNS]).await?;
        let as_of = filter.until_position(snapshot.position);
        let runs = snapshot.runs_of(self, filter).await?;
        // What was recorded later had not happened then. A commit's events bear one time, so a time stands for a head.
        let mut query = self.select(&format!(
            "scheduled_position AS position, run_id, phase, step_id, role, status, due_at, completed_at, completed_by,
             extract(epoch FROM coalesce(completed_at, skipped_at, now_at) - due_at)::bigint AS late_seconds,
             reminders, escalations
             FROM (SELECT s.ledger, s.scheduled_position, s.run_id, s.phase, s.step_id, s.role, s.due_at, head.now_at,
                          CASE WHEN s.completed_at <= head.now_at THEN 'completed'
                               WHEN s.skipped_at <= head.now_at THEN 'skipped'
                               WHEN s.started_at <= head.now_at THEN 'started' ELSE 'scheduled' END AS status,
                          CASE WHEN s.completed_at <= head.now_at THEN s.completed_at END AS completed_at,
                          CASE WHEN s.completed_at <= head.now_at THEN s.completed_by END AS completed_by,
                          CASE WHEN s.skipped_at <= head.now_at THEN s.skipped_at END AS skipped_at,
                          (SELECT count(*) FROM unnest(s.reminded_at) at WHERE at <= head.now_at) AS reminders,
                          (SELECT count(*) FROM unnest(s.escalated_at) at WHERE at <= head.now_at) AS escalations
                   FROM annal_read.workflow_steps s
                   CROSS JOIN LATERAL (SELECT e.recorded_at AS now_at FROM annal.events e
                                       WHERE e.ledger = s.ledger AND e.position = {as_of}) head
                   WHERE s.due_at IS NOT NULL AND s.scheduled_position <= {as_of}) step",
            as_of = to_bigint(as_of)
        ));
        query.push(
            " AND coalesce(completed_at, skipped_at, now_at) > due_at AND scheduled_position > ",
        );
        query.push_bind(to_bigint(filter.after));
        if let Some(runs) = runs {
            query
                .push(" AND run_id = ANY(")
                .push_bind(ids(&runs))
                .push(")");
        }
        let equal = [
            ("phase", filter.phase.map(|it| it.to_string())),
            ("role", filter.role.map(|it| it.to_string())),
            (
                "completed_by",
                filter.person.as_ref().map(ToString::to_string),
            ),
        ];
        for (column, value) in equal {
            let Some(value) = value else { continue };
            query.push(format!(" AND {column} = ")).push_bind(value);
        }
        if let Some(since) = filter.since {
            query.push(" AND due_at >= ").push_bind(since);
        }
        if let Some(until) = filter.until {
            query.push(" AND due_at < ").push_bind(until);
        }
        let order = format!("scheduled_position LIMIT {}", u64::from(filter.limit) + 1);
        let rows: Vec<LateRow> = snapshot
            .rows(query, &order, "looking for what is late")
            .await?;
        let ledger = self.log.ledger().clone();
        Ok(Page::cut(ledger, as_of, rows, filter.limit, |row| {
            row.position
        }))
    }
}
