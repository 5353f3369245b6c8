//! Versions that were approved or rejected, and how long that took.

use annal_core::{PersonId, Phase, Position, RunId, VersionNo};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::Audit;
use crate::answer::Page;
use crate::error::AuditError;
use crate::filter::{DecisionFilter, ONE_BY_ONE, Source, one_more};
use crate::runs::RUNS;
use crate::select::{Query, Snapshot};

/// An approval or a rejection of a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApprovalRow {
    /// Position of its event.
    pub position: Position,
    /// The run.
    pub run_id: RunId,
    /// The phase.
    pub phase: Phase,
    /// The version.
    pub version: VersionNo,
    /// `approve` or `reject`.
    pub verdict: String,
    /// Why; the condition under which no person had to approve.
    pub reason: Option<String>,
    /// Who.
    pub actor_id: PersonId,
    /// Their role then; `engine` where no approval was due.
    pub actor_role: String,
    /// In whose place.
    pub on_behalf_of: Option<PersonId>,
    /// Who had handed the version in.
    pub submitted_by: Option<PersonId>,
    /// When, as the log took it.
    pub submitted_at: Option<DateTime<Utc>>,
    /// Seconds from there to the decision, by the log's clock.
    pub waited_seconds: Option<i64>,
    /// Decisions of the same kind that this person had taken in this phase before, in any run: 0 is somebody new to it.
    pub earlier_by_same_person: u32,
    /// When, as the person says.
    pub effective_at: DateTime<Utc>,
    /// When the log took it.
    pub recorded_at: DateTime<Utc>,
}

/// How fast an approval has to have been.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pace {
    /// At most these seconds after the version was handed in.
    pub within_seconds: Option<u32>,
    /// At least these seconds after it was handed in.
    pub after_seconds: Option<u32>,
}

impl Pace {
    /// Whether every pace will do.
    const fn is_any(self) -> bool {
        self.within_seconds.is_none() && self.after_seconds.is_none()
    }
}

/// So many approvals are looked at for a page of those at some pace.
const WINDOW: u32 = 1_000;

/// How the version was handed in that a decision answers.
const SUBMISSION: &str = "LEFT JOIN LATERAL (
     SELECT f.by, f.recorded_at FROM annal_read.decisions f
     WHERE f.ledger = d.ledger AND f.run_id = d.run_id AND f.subject IS NULL AND f.phase = d.phase
       AND f.version = d.version AND f.what = 'submission' AND f.position < d.position
     ORDER BY f.position DESC LIMIT 1) s ON true
 WHERE true";

/// The count of earlier ones stops here: whoever has done it often is not unusual.
const EARLIER: u32 = 10;

/// What is told of an approval `d` and its submission `s`.
fn columns() -> String {
    format!(
        "d.position, d.run_id, d.phase, d.version, d.verdict, d.reason, d.by AS actor_id, d.role AS actor_role,
         d.on_behalf_of, s.by AS submitted_by, s.recorded_at AS submitted_at,
         extract(epoch FROM d.recorded_at - s.recorded_at)::bigint AS waited_seconds,
         (SELECT count(*) FROM (SELECT FROM annal_read.decisions o
                                WHERE o.ledger = d.ledger AND o.by = d.by AND o.position < d.position
                                  AND o.subject IS NULL AND o.phase = d.phase AND o.what = d.what
                                ORDER BY o.position DESC LIMIT {EARLIER}) earlier) AS earlier_by_same_person,
         d.effective_at, d.recorded_at"
    )
}

impl Audit {
    /// Approvals and rejections of versions in the order in which they were recorded.
    ///
    /// # Errors
    /// [`AuditError::NotPrepared`] or [`AuditError::Database`].
    pub async fn approvals(
        &self,
        filter: &DecisionFilter,
        pace: Pace,
    ) -> Result<Page<ApprovalRow>, AuditError> {
        let mut snapshot = self.snapshot(&["decisions", RUNS]).await?;
        let as_of = filter.until_position(snapshot.position);
        let about_versions = |query: &mut Query| {
            filter.narrow_decisions(query, as_of);
            query.push(" AND subject IS NULL AND what IN ('approval', 'rejection')");
        };
        let window = match pace.is_any() {
            true => filter.limit.saturating_add(1),
            false => WINDOW.max(filter.limit.saturating_add(1)),
        };
        let mut source = Source {
            table: "decisions",
            filter,
            until: as_of,
            runs: snapshot.runs_of(self, filter).await?,
            one_by_one: ONE_BY_ONE,
            more: &about_versions,
            most: format!("LIMIT {window}"),
        };
        snapshot.narrow_runs(self, &mut source, window).await?;
        let doing = "listing the approvals";
        let end = snapshot.end_of(self, &source, window, doing).await?;
        let order = format!(
            "d.{} {}",
            filter.order().replace(", ", ", d."),
            one_more(filter.limit)
        );
        let chosen = match pace.is_any() {
            true => None,
            false => Some(snapshot.paced(self, &source, pace, &order).await?),
        };
        let these = |query: &mut Query| {
            about_versions(query);
            if let Some(chosen) = &chosen {
                query
                    .push(" AND position = ANY(")
                    .push_bind(chosen.clone())
                    .push(")");
            }
        };
        source.more = &these;
        let query = self.select_from(&columns(), &source, SUBMISSION);
        let rows: Vec<ApprovalRow> = snapshot.rows(query, &order, doing).await?;
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

impl Snapshot {
    /// The positions of those of a source's approvals that had some pace. Apart from the columns of a page, this is
    /// answered by the indexes alone.
    async fn paced(
        &mut self,
        audit: &Audit,
        source: &Source<'_>,
        pace: Pace,
        order: &str,
    ) -> Result<Vec<i64>, AuditError> {
        #[derive(Deserialize)]
        struct Place {
            position: i64,
        }
        let mut query = audit.select_from("d.position", source, SUBMISSION);
        let bounds = [("<=", pace.within_seconds), (">=", pace.after_seconds)];
        for (is, seconds) in bounds {
            let Some(seconds) = seconds else { continue };
            query.push(format!(
                " AND d.recorded_at - s.recorded_at {is} make_interval(secs => {seconds})"
            ));
        }
        let doing = "looking for approvals at some pace";
        let places: Vec<Place> = self.rows(query, order, doing).await?;
        Ok(places.into_iter().map(|it| it.position).collect())
    }
}
