//! What waits for somebody's word.

use annal_core::{PersonId, Phase, Position, RunId, VersionNo};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::Audit;
use crate::answer::Page;
use crate::error::AuditError;
use crate::filter::DecisionFilter;
use crate::runs::RUNS;
use crate::select::to_bigint;
use crate::spans::ids;

/// A version, document, test result or ownership that waits for somebody's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingRow {
    /// Where it began to wait.
    pub position: Position,
    /// The run.
    pub run_id: RunId,
    /// The phase.
    pub phase: Phase,
    /// `version`, `document`, `test` or `ownership`.
    pub what: String,
    /// The version's number, the document, the test case or the attribute.
    pub subject: String,
    /// For an ownership, where.
    pub line_of_business: Option<String>,
    /// The document's version or the test's execution.
    pub number: Option<VersionNo>,
    /// Whose turn it is; none for a report that several sign in order.
    pub role: Option<String>,
    /// Where only one person can give it.
    pub person: Option<PersonId>,
    /// Who handed it in, or passed it on from the first level.
    pub given_by: Option<PersonId>,
    /// Since when, as the log took it.
    pub waits_since: DateTime<Utc>,
    /// For how long: until the log's newest event that the answer is true for.
    pub waited_seconds: i64,
}

impl Audit {
    /// What waits for somebody's word now, the longest first. Of the filter, run, report, phase, role, person (who
    /// alone can give it), what, the period (since when it waits) and the page apply.
    ///
    /// # Errors
    /// [`AuditError::UnknownReport`], [`AuditError::NotPrepared`] or [`AuditError::Database`].
    pub async fn waiting(&self, filter: &DecisionFilter) -> Result<Page<WaitingRow>, AuditError> {
        let mut snapshot = self.snapshot(&["approvals_waiting", RUNS]).await?;
        let head = snapshot.position;
        let runs = snapshot.runs_of(self, filter).await?;
        let mut query = self.select(&format!(
            "changed_position AS position, run_id, phase, what, subject,
             nullif(line_of_business, '') AS line_of_business, number, role, person, given_by, waits_since,
             extract(epoch FROM (SELECT e.recorded_at FROM annal.events e
                                 WHERE e.ledger = approvals_waiting.ledger AND e.position = {})
                                - waits_since)::bigint AS waited_seconds
             FROM annal_read.approvals_waiting",
            to_bigint(head)
        ));
        query
            .push(" AND changed_position > ")
            .push_bind(to_bigint(filter.after));
        if let Some(runs) = runs {
            query
                .push(" AND run_id = ANY(")
                .push_bind(ids(&runs))
                .push(")");
        }
        let equal = [
            ("phase", filter.phase.map(|it| it.to_string())),
            ("role", filter.role.map(|it| it.to_string())),
            ("person", filter.person.as_ref().map(ToString::to_string)),
            ("what", filter.what.clone()),
        ];
        for (column, value) in equal {
            let Some(value) = value else { continue };
            query.push(format!(" AND {column} = ")).push_bind(value);
        }
        if let Some(since) = filter.since {
            query.push(" AND waits_since >= ").push_bind(since);
        }
        if let Some(until) = filter.until {
            query.push(" AND waits_since < ").push_bind(until);
        }
        let order = format!("changed_position LIMIT {}", u64::from(filter.limit) + 1);
        let doing = "listing what waits";
        let rows: Vec<WaitingRow> = snapshot.rows(query, &order, doing).await?;
        let ledger = self.log.ledger().clone();
        Ok(Page::cut(ledger, head, rows, filter.limit, |row| {
            row.position
        }))
    }
}
