//! How the phases of a run go.

use std::collections::BTreeMap;

use annal_core::{Phase, RunId};
use serde::{Deserialize, Serialize};

use crate::Audit;
use crate::answer::Answer;
use crate::error::AuditError;
use crate::runs::{StepRow, VersionRow};

/// Numbers of one phase.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PhaseMetrics {
    /// The phase.
    pub phase: Phase,
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
    /// Share of the newest version's items that came from an earlier one; none without items.
    pub carried_forward_share: Option<f64>,
    /// Mean seconds from handing in to approval, over approved versions.
    pub seconds_to_approve: Option<f64>,
    /// Attempts that the rules refused.
    pub refusals: u32,
    /// Failed tries of steps.
    pub retries: u32,
    /// Steps that wait for a person.
    pub waiting: u32,
    /// Of these, past their deadline.
    pub past_deadline: u32,
}

#[derive(Deserialize)]
struct Count {
    phase: Phase,
    what: String,
    number: u32,
}

impl Audit {
    /// Numbers of every phase that a run has reached.
    ///
    /// # Errors
    /// [`AuditError::UnknownRun`], [`AuditError::NotPrepared`] or [`AuditError::Database`].
    pub async fn metrics(&self, run: RunId) -> Result<Answer<PhaseMetrics>, AuditError> {
        let tables = [
            "workflow_executions",
            "workflow_phases",
            "version_history",
            "workflow_steps",
            "decisions",
            "refusals",
        ];
        let mut snapshot = self.snapshot(&tables).await?;
        self.run_row(&mut snapshot, run).await?;
        let phases = self.phase_rows(&mut snapshot, run).await?;
        let versions = self.version_rows(&mut snapshot, run, None).await?;
        let steps = self.step_rows(&mut snapshot, run).await?;
        let mut counts: BTreeMap<(Phase, String), u32> = BTreeMap::new();
        for from in [
            "phase, what, count(*) AS number FROM annal_read.decisions",
            "phase, 'refusal' AS what, count(*) AS number FROM annal_read.refusals",
        ] {
            let mut query = self.select(from);
            query.push(" AND run_id = ").push_bind(run.0);
            query.push(" AND phase IS NOT NULL GROUP BY phase, what");
            let rows: Vec<Count> = snapshot
                .rows(query, "phase", "counting the decisions")
                .await?;
            counts.extend(rows.into_iter().map(|it| ((it.phase, it.what), it.number)));
        }
        let of = |phase: Phase| {
            let versions: Vec<_> = versions.iter().filter(|it| it.phase == phase).collect();
            let steps: Vec<_> = steps.iter().filter(|it| it.phase == phase).collect();
            let count = |what: &str| counts.get(&(phase, what.to_owned())).copied().unwrap_or(0);
            metrics(phase, &versions, &steps, &count)
        };
        let rows = phases.iter().map(|row| of(row.phase)).collect();
        Ok(self.answer(snapshot.position, rows))
    }
}

fn metrics(
    phase: Phase,
    versions: &[&VersionRow],
    steps: &[&StepRow],
    count: &dyn Fn(&str) -> u32,
) -> PhaseMetrics {
    let revisions = number(versions.iter().filter(|it| it.origin == "revision"));
    let waits = |it: &&&StepRow| {
        it.kind == "human" && matches!(it.status.as_str(), "scheduled" | "started")
    };
    let (approvals, rejections) = (count("approval"), count("rejection"));
    PhaseMetrics {
        phase,
        versions: number(versions.iter()),
        revisions,
        submissions: count("submission"),
        approvals,
        rejections,
        withdrawals: count("withdrawal"),
        revision_rate: share(revisions, number(versions.iter())),
        rejection_rate: share(rejections, approvals + rejections),
        carried_forward_share: versions
            .last()
            .and_then(|it| share(it.carried_forward, it.items)),
        seconds_to_approve: seconds_to_approve(versions),
        refusals: count("refusal"),
        retries: steps.iter().map(|it| it.failures).sum(),
        waiting: number(steps.iter().filter(waits)),
        past_deadline: number(
            steps
                .iter()
                .filter(waits)
                .filter(|it| it.timed_out_at.is_some()),
        ),
    }
}

fn number<T>(rows: impl Iterator<Item = T>) -> u32 {
    u32::try_from(rows.count()).unwrap_or(u32::MAX)
}

fn share(part: u32, whole: u32) -> Option<f64> {
    (whole > 0).then(|| f64::from(part) / f64::from(whole))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "seconds of waiting stay far below 2^52"
)]
fn seconds_to_approve(versions: &[&VersionRow]) -> Option<f64> {
    let waited: Vec<f64> = versions
        .iter()
        .filter(|it| matches!(it.status.as_str(), "approved" | "superseded"))
        .filter_map(|it| {
            Some((it.decided_at? - it.submitted_at?).num_milliseconds() as f64 / 1000.0)
        })
        .collect();
    let count = u32::try_from(waited.len())
        .ok()
        .filter(|count| *count > 0)?;
    Some(waited.iter().sum::<f64>() / f64::from(count))
}
