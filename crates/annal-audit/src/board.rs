//! Where runs stand, many at a time: for lists of runs, and for what may wait for somebody.

use annal_core::{PersonId, Phase, Position, RunId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::Audit;
use crate::answer::Page;
use crate::error::AuditError;
use crate::filter::one_more;
use crate::runs::{PHASES, PhaseRow, RUNS, RunRow, STEPS, StepRow};
use crate::select::{Snapshot, to_bigint};
use crate::spans::push_seen_by;

/// Which runs are listed. Everything that is set has to hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoardFilter {
    /// On whose register this person stands.
    pub person: Option<PersonId>,
    /// `open`, `completed` or `cancelled`.
    pub status: Option<String>,
    /// Whose report's or cycle's name holds this text, whatever its case.
    pub text: Option<String>,
    /// Opened before this position: the cursor of the page before.
    pub before: Option<Position>,
    /// Rows of a page.
    pub limit: u32,
}

impl Default for BoardFilter {
    fn default() -> Self {
        Self {
            person: None,
            status: None,
            text: None,
            before: None,
            limit: 50,
        }
    }
}

/// A run, with where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BoardRow {
    /// The run.
    #[serde(flatten)]
    pub run: RunRow,
    /// Position of the event that opened it.
    pub opened_position: Position,
    /// Position of its last event, of the run or of one of its dossiers.
    pub changed_position: Position,
    /// The phases that it has reached, in their order.
    #[serde(default)]
    pub phases: Vec<PhaseRow>,
    /// People's steps that are open, the earliest deadline first.
    #[serde(default)]
    pub waiting: Vec<StepRow>,
}

/// A phase or a step, with the run that it belongs to.
#[derive(Deserialize)]
struct Of<T> {
    run_id: RunId,
    #[serde(flatten)]
    row: T,
}

/// A run in which something may wait for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DutyRow {
    /// The run.
    pub run_id: RunId,
    /// The report.
    pub report: String,
    /// The test cycle.
    pub cycle: String,
    /// The earliest deadline among its people's steps that are open; none if none of them has one.
    pub due_at: Option<DateTime<Utc>>,
    /// Position of the event that opened it.
    pub opened_position: Position,
    /// Position of its last event, of the run or of one of its dossiers.
    pub changed_position: Position,
}

impl Audit {
    /// Runs, the newest first. The page's `next` is the next one's [`BoardFilter::before`].
    ///
    /// # Errors
    /// [`AuditError::NotPrepared`] or [`AuditError::Database`].
    pub async fn runs(&self, filter: &BoardFilter) -> Result<Page<RunRow>, AuditError> {
        let mut snapshot = self.snapshot(&[RUNS, PEOPLE]).await?;
        let page = self.listed(&mut snapshot, filter).await?;
        Ok(page.map(|row| row.run))
    }

    /// The runs whose id begins with these characters, the newest first.
    ///
    /// # Errors
    /// [`AuditError::NotPrepared`] or [`AuditError::Database`].
    pub async fn runs_beginning_with(&self, prefix: &str) -> Result<Vec<RunId>, AuditError> {
        #[derive(Deserialize)]
        struct Found {
            run_id: RunId,
        }
        let mut snapshot = self.snapshot(&[RUNS]).await?;
        let mut query = self.select("run_id FROM annal_read.workflow_executions");
        query
            .push(" AND starts_with(run_id::text, ")
            .push_bind(prefix.to_owned())
            .push(")");
        let doing = "looking for a run by its id's beginning";
        let found: Vec<Found> = snapshot.rows(query, "opened_position DESC", doing).await?;
        Ok(found.into_iter().map(|it| it.run_id).collect())
    }

    /// Runs with where they stand, the newest first. The page's `next` is the next one's [`BoardFilter::before`].
    ///
    /// # Errors
    /// [`AuditError::NotPrepared`] or [`AuditError::Database`].
    pub async fn board(&self, filter: &BoardFilter) -> Result<Page<BoardRow>, AuditError> {
        let mut snapshot = self.snapshot(&[RUNS, PHASES, STEPS, PEOPLE]).await?;
        let mut page = self.listed(&mut snapshot, filter).await?;
        let runs: Vec<_> = page.rows.iter().map(|row| row.run.run_id.0).collect();

        let mut query = self.select("* FROM annal_read.workflow_phases");
        query
            .push(" AND run_id = ANY(")
            .push_bind(runs.clone())
            .push(")");
        let phases: Vec<Of<PhaseRow>> = snapshot.rows(query, "phase", "listing the phases").await?;
        let mut query = self.select("* FROM annal_read.workflow_steps");
        query.push(" AND run_id = ANY(").push_bind(runs).push(")");
        query.push(" AND kind = 'human' AND status IN ('scheduled', 'started')");
        let order = "due_at NULLS LAST, scheduled_position";
        let steps: Vec<StepRow> = snapshot.rows(query, order, "listing the steps").await?;

        let place = |run: RunId| page.rows.iter().position(|row| row.run.run_id == run);
        let phases: Vec<_> = phases
            .into_iter()
            .map(|it| (place(it.run_id), it.row))
            .collect();
        let steps: Vec<_> = steps.into_iter().map(|it| (place(it.run_id), it)).collect();
        for (place, phase) in phases {
            if let Some(place) = place {
                page.rows[place].phases.push(phase);
            }
        }
        for (place, step) in steps {
            if let Some(place) = place {
                page.rows[place].waiting.push(step);
            }
        }
        for row in &mut page.rows {
            row.phases.sort_by_key(|it| it.phase);
        }
        Ok(page)
    }

    /// A page of runs, without their phases and steps.
    async fn listed(
        &self,
        snapshot: &mut Snapshot,
        filter: &BoardFilter,
    ) -> Result<Page<BoardRow>, AuditError> {
        let mut query = self.select("* FROM annal_read.workflow_executions r");
        if let Some(person) = &filter.person {
            push_seen_by(&mut query, person);
        }
        if let Some(status) = &filter.status {
            query.push(" AND status = ").push_bind(status.clone());
        }
        if let Some(text) = &filter.text {
            query
                .push(" AND strpos(lower(report || ' ' || cycle), lower(")
                .push_bind(text.clone())
                .push(")) > 0");
        }
        if let Some(before) = filter.before {
            query
                .push(" AND opened_position < ")
                .push_bind(to_bigint(before));
        }
        let order = format!("opened_position DESC {}", one_more(filter.limit));
        let rows: Vec<BoardRow> = snapshot.rows(query, &order, "listing the runs").await?;
        let ledger = self.log.ledger().clone();
        Ok(Page::cut(
            ledger,
            snapshot.position,
            rows,
            filter.limit,
            |row| row.opened_position,
        ))
    }

    /// Open runs on whose register a person stands, the one with the earliest deadline first, after the first so many.
    /// What of it waits for this person in particular, the runs themselves tell.
    ///
    /// # Errors
    /// [`AuditError::NotPrepared`] or [`AuditError::Database`].
    pub async fn duties(
        &self,
        person: &PersonId,
        skip: u32,
        limit: u32,
    ) -> Result<Vec<DutyRow>, AuditError> {
        let mut snapshot = self.snapshot(&[RUNS, STEPS, PEOPLE]).await?;
        let mut query = self.select(
            "run_id, report, cycle, opened_position, changed_position,
             (SELECT min(s.due_at) FROM annal_read.workflow_steps s
              WHERE s.ledger = r.ledger AND s.run_id = r.run_id AND s.kind = 'human'
                AND s.status IN ('scheduled', 'started')) AS due_at
             FROM annal_read.workflow_executions r",
        );
        query.push(" AND status = 'open'");
        push_seen_by(&mut query, person);
        let order = format!("due_at NULLS LAST, opened_position OFFSET {skip} LIMIT {limit}");
        snapshot
            .rows(query, &order, "looking for what waits for somebody")
            .await
    }

    /// The phases that a run has reached, in their order.
    ///
    /// # Errors
    /// [`AuditError::UnknownRun`], [`AuditError::NotPrepared`] or [`AuditError::Database`].
    pub async fn phases(&self, run: RunId) -> Result<Vec<PhaseRow>, AuditError> {
        let mut snapshot = self.snapshot(&[RUNS, PHASES]).await?;
        self.run_row(&mut snapshot, run).await?;
        self.phase_rows(&mut snapshot, run).await
    }
}

const PEOPLE: &str = "run_people";

impl BoardRow {
    /// Where a phase stands; none if the run has not reached it.
    #[must_use]
    pub fn phase(&self, phase: Phase) -> Option<&PhaseRow> {
        self.phases.iter().find(|it| it.phase == phase)
    }
}
