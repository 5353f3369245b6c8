//! How phases go: in one run, or over all runs of a report or of the ledger.

use annal_core::{Phase, RunId};
use serde::{Deserialize, Serialize};

use crate::Audit;
use crate::answer::Answer;
use crate::error::AuditError;
use crate::filter::DecisionFilter;
use crate::runs::{RUNS, STEPS};
use crate::spans::ids;

/// Numbers of one phase.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PhaseMetrics {
    /// The phase.
    pub phase: Phase,
    /// Runs that are counted here.
    pub runs: u32,
    /// Versions made.
    pub versions: u32,
    /// Of these, revisions of another.
    pub revisions: u32,
    /// Times that a version was handed in.
    pub submissions: u32,
    /// Approvals.
    pub approvals: u32,
    /// Rejections.
    pub rejections: u32,
    /// Times that a version was taken back.
    pub withdrawals: u32,
    /// Share of versions that are revisions; none without a version.
    pub revision_rate: Option<f64>,
    /// Share of approvals and rejections that are rejections; none without either.
    pub rejection_rate: Option<f64>,
    /// Share of the items of all versions that came along from an earlier one; none without items.
    pub carried_forward_share: Option<f64>,
    /// Mean seconds from handing in to approval, over the approvals that people gave.
    pub seconds_to_approve: Option<f64>,
    /// Attempts that the rules refused.
    pub refusals: u32,
    /// Failed tries of steps.
    pub retries: u32,
    /// Steps that passed their deadline, whether they were done later or not.
    pub timeouts: u32,
    /// Times that the phase was reopened.
    pub reopenings: u32,
    /// Steps that wait for a person now.
    pub waiting: u32,
    /// Of these, past their deadline.
    pub past_deadline: u32,
}

/// Sums over the rows of a phase.
#[derive(Deserialize)]
struct Sums {
    phase: Phase,
    runs: u32,
    versions: u32,
    revisions: u32,
    items_added: u32,
    items_carried: u32,
    submissions: u32,
    withdrawals: u32,
    rejections: u32,
    approvals: u32,
    approvals_by_people: u32,
    approval_wait_us: f64,
    refusals: u32,
    retries: u32,
    timeouts: u32,
    reopenings: u32,
}

/// Steps of a phase that wait for a person.
#[derive(Deserialize)]
struct Open {
    phase: Phase,
    waiting: u32,
    past_deadline: u32,
}

const METRICS: &str = "phase_metrics";
const SUMS: &str = "phase, count(*) AS runs, sum(versions) AS versions, sum(revisions) AS revisions,
    sum(items_added) AS items_added, sum(items_carried) AS items_carried, sum(submissions) AS submissions,
    sum(withdrawals) AS withdrawals, sum(rejections) AS rejections, sum(approvals) AS approvals,
    sum(approvals_by_people) AS approvals_by_people, sum(approval_wait_us) AS approval_wait_us,
    sum(refusals) AS refusals, sum(retries) AS retries, sum(timeouts) AS timeouts, sum(reopenings) AS reopenings
    FROM annal_read.phase_metrics";
const OPEN: &str = "phase, count(*) AS waiting, count(timed_out_at) AS past_deadline
    FROM (SELECT * FROM annal_read.workflow_steps WHERE kind = 'human' AND status IN ('scheduled', 'started')) open";

impl Audit {
    /// Numbers of every phase that a run has reached.
    ///
    /// # Errors
    /// [`AuditError::UnknownRun`], [`AuditError::NotPrepared`] or [`AuditError::Database`].
    pub async fn metrics(&self, run: RunId) -> Result<Answer<PhaseMetrics>, AuditError> {
        let mut snapshot = self.snapshot(&[RUNS]).await?;
        self.run_row(&mut snapshot, run).await?;
        let of_run = DecisionFilter {
            run: Some(run),
            ..DecisionFilter::default()
        };
        self.metrics_over(&of_run).await
    }

    /// Numbers of every phase over many runs. Of the filter, run, report and phase apply.
    ///
    /// # Errors
    /// [`AuditError::NotPrepared`] or [`AuditError::Database`].
    pub async fn metrics_over(
        &self,
        filter: &DecisionFilter,
    ) -> Result<Answer<PhaseMetrics>, AuditError> {
        let mut snapshot = self.snapshot(&[RUNS, METRICS, STEPS]).await?;
        let runs = snapshot.runs_of(self, filter).await?;
        let narrowed = |columns_from: &str| {
            let mut query = self.select(columns_from);
            if let Some(runs) = &runs {
                query
                    .push(" AND run_id = ANY(")
                    .push_bind(ids(runs))
                    .push(")");
            }
            if let Some(phase) = filter.phase {
                query.push(" AND phase = ").push_bind(phase.name());
            }
            query.push(" GROUP BY phase");
            query
        };
        let doing = "counting what happens in the phases";
        let mut sums: Vec<Sums> = snapshot.rows(narrowed(SUMS), "phase", doing).await?;
        let open: Vec<Open> = snapshot.rows(narrowed(OPEN), "phase", doing).await?;
        sums.sort_by_key(|it| it.phase);
        let of_phase = |it: &Sums| {
            let open = open.iter().find(|open| open.phase == it.phase);
            it.metrics(open)
        };
        let rows = sums.iter().map(of_phase).collect();
        Ok(self.answer(snapshot.position, rows))
    }
}

impl Sums {
    fn metrics(&self, open: Option<&Open>) -> PhaseMetrics {
        let waited = self.approval_wait_us / 1_000_000.0;
        PhaseMetrics {
            phase: self.phase,
            runs: self.runs,
            versions: self.versions,
            revisions: self.revisions,
            submissions: self.submissions,
            approvals: self.approvals,
            rejections: self.rejections,
            withdrawals: self.withdrawals,
            revision_rate: share(self.revisions, self.versions),
            rejection_rate: share(self.rejections, self.approvals + self.rejections),
            carried_forward_share: share(self.items_carried, self.items_added + self.items_carried),
            seconds_to_approve: (self.approvals_by_people > 0)
                .then(|| waited / f64::from(self.approvals_by_people)),
            refusals: self.refusals,
            retries: self.retries,
            timeouts: self.timeouts,
            reopenings: self.reopenings,
            waiting: open.map_or(0, |it| it.waiting),
            past_deadline: open.map_or(0, |it| it.past_deadline),
        }
    }
}

fn share(part: u32, whole: u32) -> Option<f64> {
    (whole > 0).then(|| f64::from(part) / f64::from(whole))
}
