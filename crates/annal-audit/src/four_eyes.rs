//! Whether two people stood behind each second-level decision.

use annal_core::{PersonId, Phase, Position, RunId, VersionNo};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::Audit;
use crate::answer::Page;
use crate::error::AuditError;
use crate::filter::{DecisionFilter, ONE_BY_ONE, Source, one_more};
use crate::runs::RUNS;
use crate::select::Query;

/// A second-level decision with the first-level act that it answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FourEyesRow {
    /// Position of the second-level decision.
    pub position: Position,
    /// The run.
    pub run_id: RunId,
    /// The phase.
    pub phase: Phase,
    /// The version.
    pub version: Option<VersionNo>,
    /// The item; none where the version as a whole was decided.
    pub item: Option<String>,
    /// What was decided.
    pub verdict: String,
    /// Who took the first-level decision, or handed the version in.
    pub first_by: Option<PersonId>,
    /// In whose place.
    pub first_on_behalf_of: Option<PersonId>,
    /// Position of that.
    pub first_position: Option<Position>,
    /// Who decided on the second level.
    pub second_by: PersonId,
    /// In whose place.
    pub second_on_behalf_of: Option<PersonId>,
    /// Nobody, neither acting nor represented, stands on both sides.
    pub kept: bool,
    /// When the log took the second-level decision.
    pub recorded_at: DateTime<Utc>,
    /// When it was taken, as the person says.
    pub effective_at: DateTime<Utc>,
}

/// Second-level decisions of people. The engine's approvals, where none was due, are nobody's.
const SECOND: &str = " AND (level = 'report_owner' OR subject IS NULL AND what IN ('approval', 'rejection'))\n     AND role <> 'engine'";

/// So many decisions are looked at for a page of broken ones.
const WINDOW: u32 = 500;

/// The first-level act that a decision answers. An item that came along keeps the first-level decision of its earlier
/// version, so the version is not asked.
const FIRST: &str = "LEFT JOIN LATERAL (
     (SELECT i.by, i.on_behalf_of, i.position FROM annal_read.decisions i
      WHERE d.subject IS NOT NULL AND i.ledger = d.ledger AND i.run_id = d.run_id
        AND i.subject = d.subject AND i.phase = d.phase AND i.level = 'tester' AND i.position < d.position
      ORDER BY i.position DESC LIMIT 1)
     UNION ALL
     (SELECT w.by, w.on_behalf_of, w.position FROM annal_read.decisions w
      WHERE d.subject IS NULL AND w.ledger = d.ledger AND w.run_id = d.run_id
        AND w.subject IS NULL AND w.phase = d.phase AND w.version = d.version AND w.what = 'submission'
        AND w.position < d.position
      ORDER BY w.position DESC LIMIT 1)) f ON true
 WHERE true";

/// The two sides have nobody in common.
const KEPT: &str = "NOT coalesce(ARRAY[d.by, coalesce(d.on_behalf_of, d.by)]
                                 && ARRAY[f.by, coalesce(f.on_behalf_of, f.by)], false)";

impl Audit {
    /// Second-level decisions, each with the first-level act before it; or only those where one person stands on both
    /// sides, which the rules refuse, so that a row there is a finding.
    ///
    /// # Errors
    /// [`AuditError::NotPrepared`] or [`AuditError::Database`].
    pub async fn four_eyes(
        &self,
        filter: &DecisionFilter,
        only_broken: bool,
    ) -> Result<Page<FourEyesRow>, AuditError> {
        let mut snapshot = self.snapshot(&["decisions", RUNS]).await?;
        let as_of = filter.until_position(snapshot.position);
        let second = |query: &mut Query| {
            filter.narrow_decisions(query, as_of);
            query.push(SECOND);
        };
        let window = match only_broken {
            false => filter.limit + 1,
            true => WINDOW.max(filter.limit + 1),
        };
        let mut source = Source {
            table: "decisions",
            filter,
            until: as_of,
            runs: snapshot.runs_of(self, filter).await?,
            one_by_one: ONE_BY_ONE,
            more: &second,
            most: format!("LIMIT {window}"),
        };
        snapshot.narrow_runs(self, &mut source, window).await?;
        let columns = format!(
            "d.position, d.run_id, d.phase, d.version, d.subject AS item, d.verdict, f.by AS first_by,
             f.on_behalf_of AS first_on_behalf_of, f.position AS first_position, d.by AS second_by,
             d.on_behalf_of AS second_on_behalf_of, {KEPT} AS kept, d.recorded_at, d.effective_at"
        );
        let mut query = self.select_from(&columns, &source, FIRST);
        if only_broken {
            query.push(format!(" AND NOT ({KEPT})"));
        }
        let order = format!(
            "d.{} {}",
            filter.order().replace(", ", ", d."),
            one_more(filter.limit)
        );
        let doing = "holding second-level decisions against first-level ones";
        let rows: Vec<FourEyesRow> = snapshot.rows(query, &order, doing).await?;
        let end = snapshot.end_of(self, &source, window, doing).await?;
        let ledger = self.log.ledger().clone();
        Ok(Page::of_window(
            ledger,
            as_of,
            rows,
            filter.limit,
            end,
            |row| row.position,
        ))
    }
}
