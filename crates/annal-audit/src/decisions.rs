//! Who decided what, and who was refused.

use annal_core::{CommandId, PersonId, Phase, Position, PrintedName, RunId, VersionNo};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::Audit;
use crate::answer::Page;
use crate::error::AuditError;
use crate::filter::{DecisionFilter, ONE_BY_ONE, Source, one_more};
use crate::runs::RUNS;
use crate::select::{Query, to_bigint};

/// A decision that was taken once, whether it stands or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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
    pub actor_name: PrintedName,
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
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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
    pub actor_name: Option<PrintedName>,
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
    /// Decisions in the order in which they were recorded, those taken back included; in the order in which they were
    /// taken, where the filter asks for that clock.
    ///
    /// # Errors
    /// [`AuditError::NotPrepared`] or [`AuditError::Database`].
    pub async fn decisions(
        &self,
        filter: &DecisionFilter,
    ) -> Result<Page<DecisionRow>, AuditError> {
        let mut snapshot = self.snapshot(&["decisions", RUNS]).await?;
        let as_of = filter.until_position(snapshot.position);
        let mut source = Source {
            table: "decisions",
            filter,
            until: as_of,
            runs: snapshot.runs_of(self, filter).await?,
            one_by_one: ONE_BY_ONE,
            more: &|query| filter.narrow_decisions(query, as_of),
            most: one_more(filter.limit),
        };
        let window = filter.limit.saturating_add(1);
        snapshot.narrow_runs(self, &mut source, window).await?;
        // What was superseded later still stood then.
        let columns = format!(
            "position, run_id, phase, what, version, subject AS item, line_of_business, level, verdict, previous,
             reason, by AS actor_id, name AS actor_name, role AS actor_role, on_behalf_of, effective_at, recorded_at,
             command_id, step_id, activity_name,
             CASE WHEN superseded_at_position <= {as_of} THEN superseded_at_position END AS superseded_at_position,
             coalesce(superseded_at_position > {as_of}, true) AS current",
            as_of = to_bigint(as_of)
        );
        let query = self.select_from(&columns, &source, "");
        let mut rows: Vec<DecisionRow> = snapshot
            .rows(query, filter.order(), "listing the decisions")
            .await?;
        // Opening asks over a connection of its own; two at a time for each question could take all there are.
        drop(snapshot);
        let names = rows.iter_mut().map(|row| &mut row.actor_name);
        self.log.open_names(names).await?;
        let ledger = self.log.ledger().clone();
        Ok(Page::cut(ledger, as_of, rows, filter.limit, |row| {
            row.position
        }))
    }

    /// Refused attempts in the order in which they were recorded. Of the filter, run, report, phase, person, role, code,
    /// both clocks and the page apply.
    ///
    /// # Errors
    /// [`AuditError::NotPrepared`] or [`AuditError::Database`].
    pub async fn refusals(&self, filter: &DecisionFilter) -> Result<Page<RefusalRow>, AuditError> {
        let mut snapshot = self.snapshot(&["refusals", RUNS]).await?;
        let as_of = filter.until_position(snapshot.position);
        let of_code = |query: &mut Query| {
            if let Some(code) = &filter.code {
                query.push(" AND code = ").push_bind(code.clone());
            }
        };
        let mut source = Source {
            table: "refusals",
            filter,
            until: as_of,
            runs: snapshot.runs_of(self, filter).await?,
            one_by_one: ONE_BY_ONE,
            more: &of_code,
            most: one_more(filter.limit),
        };
        let window = filter.limit.saturating_add(1);
        snapshot.narrow_runs(self, &mut source, window).await?;
        let columns =
            "position, run_id, phase, command, code, message, by AS actor_id, name AS actor_name,
             role AS actor_role, reason, command_id, effective_at, recorded_at";
        let query = self.select_from(columns, &source, "");
        let mut rows: Vec<RefusalRow> = snapshot
            .rows(query, filter.order(), "listing the refusals")
            .await?;
        drop(snapshot);
        let names = rows.iter_mut().filter_map(|row| row.actor_name.as_mut());
        self.log.open_names(names).await?;
        let ledger = self.log.ledger().clone();
        Ok(Page::cut(ledger, as_of, rows, filter.limit, |row| {
            row.position
        }))
    }
}
