//! Who decided what, and who was refused.

use annal_core::{CommandId, ItemId, PersonId, Phase, Position, RunId, VersionNo};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{Postgres, QueryBuilder};

use crate::Audit;
use crate::answer::Page;
use crate::error::AuditError;
use crate::select::to_bigint;

/// Which decisions or refusals are asked for. Everything that is set has to hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionFilter {
    /// Of this run.
    pub run: Option<RunId>,
    /// Of this phase.
    pub phase: Option<Phase>,
    /// On this item, section, document, test case or attribute.
    pub item: Option<ItemId>,
    /// By this person.
    pub person: Option<PersonId>,
    /// Of this kind: `decision`, `submission`, `withdrawal`, `approval`, `rejection`, `signature`,
    /// `document_review`, `test_review`, `acknowledgement`, `reopening`, `confirmation`.
    pub what: Option<String>,
    /// With this verdict.
    pub verdict: Option<String>,
    /// Only those against the engine's recommendation.
    pub overrides: bool,
    /// Only those that stand.
    pub current: bool,
    /// Recorded at this time or later.
    pub since: Option<DateTime<Utc>>,
    /// Recorded before this time.
    pub until: Option<DateTime<Utc>>,
    /// Only what comes after this position: the cursor of the page before.
    pub after: Position,
    /// Rows of a page.
    pub limit: u32,
}

impl Default for DecisionFilter {
    fn default() -> Self {
        Self {
            run: None,
            phase: None,
            item: None,
            person: None,
            what: None,
            verdict: None,
            overrides: false,
            current: false,
            since: None,
            until: None,
            after: Position(0),
            limit: 1000,
        }
    }
}

/// A decision that was taken once, whether it stands or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionRow {
    /// Position of its event.
    pub position: Position,
    /// The run.
    pub run_id: RunId,
    /// The phase.
    pub phase: Phase,
    /// What kind, see [`DecisionFilter::what`].
    pub what: String,
    /// The version, the document's version or the test's execution.
    pub version: Option<VersionNo>,
    /// What it is about; none where the version as a whole was decided.
    pub item: Option<String>,
    /// For an acknowledged ownership, where.
    pub line_of_business: Option<String>,
    /// `tester` or `report_owner`; the meaning of a signature.
    pub level: Option<String>,
    /// What was decided.
    pub verdict: String,
    /// What it replaced.
    pub previous: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Who.
    pub actor_id: PersonId,
    /// Their printed name then.
    pub actor_name: String,
    /// Their role then.
    pub actor_role: String,
    /// In whose place.
    pub on_behalf_of: Option<PersonId>,
    /// When, as the person says.
    pub effective_at: DateTime<Utc>,
    /// When the log took it.
    pub recorded_at: DateTime<Utc>,
    /// The command.
    pub command_id: CommandId,
    /// The step.
    pub step_id: Option<String>,
    /// The activity.
    pub activity_name: Option<String>,
    /// Where it ceased to stand.
    pub superseded_at_position: Option<Position>,
    /// Whether it stands.
    pub current: bool,
}

/// An attempt that the rules refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusalRow {
    /// Position of its event.
    pub position: Position,
    /// The run.
    pub run_id: RunId,
    /// The phase; none for what was tried on the run itself.
    pub phase: Option<Phase>,
    /// What was tried.
    pub command: String,
    /// Why it was refused, as a stable code.
    pub code: String,
    /// Why, in words.
    pub message: String,
    /// Who tried.
    pub actor_id: PersonId,
    /// Their printed name; none for somebody who is not on the run's register.
    pub actor_name: Option<String>,
    /// In which role.
    pub actor_role: String,
    /// The reason that they gave.
    pub reason: Option<String>,
    /// The command.
    pub command_id: CommandId,
    /// When, as the person says.
    pub effective_at: DateTime<Utc>,
    /// When the log took it.
    pub recorded_at: DateTime<Utc>,
}

impl Audit {
    /// Decisions in the order in which they were recorded, those taken back included.
    ///
    /// # Errors
    /// [`AuditError::NotPrepared`] or [`AuditError::Database`].
    pub async fn decisions(
        &self,
        filter: &DecisionFilter,
    ) -> Result<Page<DecisionRow>, AuditError> {
        let mut snapshot = self.snapshot(&["decisions"]).await?;
        let mut query = self.select(
            "position, run_id, phase, what, version, subject AS item, line_of_business, level, verdict, previous,
             reason, by AS actor_id, name AS actor_name, role AS actor_role, on_behalf_of, effective_at, recorded_at,
             command_id, step_id, activity_name, superseded_at_position, current
             FROM annal_read.decisions",
        );
        common(&mut query, filter);
        if let Some(item) = &filter.item {
            query.push(" AND subject = ").push_bind(item.to_string());
        }
        if let Some(what) = &filter.what {
            query.push(" AND what = ").push_bind(what.clone());
        }
        if let Some(verdict) = &filter.verdict {
            query.push(" AND verdict = ").push_bind(verdict.clone());
        }
        if filter.overrides {
            query.push(" AND verdict IN ('override_in', 'override_out')");
        }
        if filter.current {
            query.push(" AND superseded_at_position IS NULL");
        }
        let order = format!("position LIMIT {}", u64::from(filter.limit) + 1);
        let rows: Vec<DecisionRow> = snapshot
            .rows(query, &order, "listing the decisions")
            .await?;
        let (ledger, head) = (self.log.ledger().clone(), snapshot.position);
        Ok(Page::cut(ledger, head, rows, filter.limit, |row| {
            row.position
        }))
    }

    /// Refused attempts in the order in which they were recorded. Of the filter, run, phase, person, times and page
    /// apply.
    ///
    /// # Errors
    /// [`AuditError::NotPrepared`] or [`AuditError::Database`].
    pub async fn refusals(&self, filter: &DecisionFilter) -> Result<Page<RefusalRow>, AuditError> {
        let mut snapshot = self.snapshot(&["refusals"]).await?;
        let mut query = self.select(
            "position, run_id, phase, command, code, message, by AS actor_id, name AS actor_name,
             role AS actor_role, reason, command_id, effective_at, recorded_at
             FROM annal_read.refusals",
        );
        common(&mut query, filter);
        let order = format!("position LIMIT {}", u64::from(filter.limit) + 1);
        let rows: Vec<RefusalRow> = snapshot.rows(query, &order, "listing the refusals").await?;
        let (ledger, head) = (self.log.ledger().clone(), snapshot.position);
        Ok(Page::cut(ledger, head, rows, filter.limit, |row| {
            row.position
        }))
    }
}

/// The conditions that decisions and refusals share.
fn common(query: &mut QueryBuilder<'static, Postgres>, filter: &DecisionFilter) {
    query
        .push(" AND position > ")
        .push_bind(to_bigint(filter.after));
    if let Some(run) = filter.run {
        query.push(" AND run_id = ").push_bind(run.0);
    }
    if let Some(phase) = filter.phase {
        query.push(" AND phase = ").push_bind(phase.name());
    }
    if let Some(person) = &filter.person {
        query.push(" AND by = ").push_bind(person.to_string());
    }
    if let Some(since) = filter.since {
        query.push(" AND recorded_at >= ").push_bind(since);
    }
    if let Some(until) = filter.until {
        query.push(" AND recorded_at < ").push_bind(until);
    }
}
