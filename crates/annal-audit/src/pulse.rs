//! How much was decided when, and how the phases go over all runs: what charts show.

use annal_core::{Phase, Position, RunId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::Audit;
use crate::answer::Answer;
use crate::error::AuditError;
use crate::select::to_bigint;

/// What was decided in a stretch of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beat {
    /// When the stretch begins.
    pub from: DateTime<Utc>,
    /// When it ends.
    pub until: DateTime<Utc>,
    /// Decisions of the first level: of testers and data owners, and what was handed in.
    pub first_level: u32,
    /// Decisions of the second level that let something pass: approvals, acceptances, signatures.
    pub passed: u32,
    /// Decisions of the second level that do not: rejections, what was sent back.
    pub rejected: u32,
}

/// How a phase goes over all runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PhasePace {
    /// The phase.
    pub phase: Phase,
    /// Versions made.
    pub versions: u32,
    /// Of these, revisions of another.
    pub revisions: u32,
    /// Versions that a person approved.
    pub approved: u32,
    /// Seconds from handing in to approval: half of the versions took no longer.
    pub median_seconds_to_approve: Option<f64>,
}

impl PhasePace {
    /// Share of versions that are revisions; none without a version.
    #[must_use]
    pub fn revision_rate(&self) -> Option<f64> {
        (self.versions > 0).then(|| f64::from(self.revisions) / f64::from(self.versions))
    }
}

/// A chart of a large log tells of its newest decisions: these many positions.
const REACH: u64 = 100_000;

#[derive(Deserialize)]
struct Moment {
    recorded_at: DateTime<Utc>,
}

#[derive(Deserialize)]
struct Count {
    slot: usize,
    first_level: u32,
    passed: u32,
    rejected: u32,
}

impl Audit {
    /// Decisions by time, in `slots` stretches of equal length from the first to the last; of one run or of all. In a
    /// log of more than 100,000 events that of all tells of the newest 100,000.
    ///
    /// # Errors
    /// [`AuditError::NotPrepared`] or [`AuditError::Database`].
    pub async fn pulse(&self, run: Option<RunId>, slots: u32) -> Result<Answer<Beat>, AuditError> {
        let mut snapshot = self.snapshot(&["decisions"]).await?;
        let head = snapshot.position;
        let narrow = match run {
            Some(run) => format!("run_id = '{run}'"),
            None => format!(
                "position > {}",
                to_bigint(Position(head.0.saturating_sub(REACH)))
            ),
        };
        // The log's clock goes with its positions, and these are indexed.
        let (mut ends, doing) = (Vec::new(), "looking when was decided");
        for order in ["position LIMIT 1", "position DESC LIMIT 1"] {
            let mut query = self.select("recorded_at FROM annal_read.decisions");
            query.push(" AND ").push(&narrow);
            let found: Vec<Moment> = snapshot.rows(query, order, doing).await?;
            ends.extend(found.into_iter().map(|it| it.recorded_at));
        }
        let [first, last] = ends[..] else {
            return Ok(self.answer(head, Vec::new()));
        };
        let mut beats = stretches(first, last, slots.max(1));
        // Each stretch but the first by its beginning: what lies before the second is in the first.
        let begins = beats.iter().skip(1).map(|it| it.from.to_rfc3339());
        let begins: Vec<_> = begins.collect();
        let mut query = self.select(&format!(
            "width_bucket(recorded_at, '{{{}}}'::timestamptz[]) AS slot,
             count(*) FILTER (WHERE NOT second) AS first_level,
             count(*) FILTER (WHERE second AND NOT against) AS passed,
             count(*) FILTER (WHERE second AND against) AS rejected
             FROM (SELECT *,
                          coalesce(level = 'report_owner', false)
                              OR what IN ('approval', 'rejection', 'signature', 'document_review', 'test_review') AS second,
                          verdict IN ('reject', 'send_back', 'sent_back', 'request_changes', 'decline') AS against
                   FROM annal_read.decisions) d",
            begins.join(","),
        ));
        query.push(" AND ").push(&narrow).push(" GROUP BY slot");
        let counts: Vec<Count> = snapshot
            .rows(query, "slot", "counting decisions by time")
            .await?;
        for it in counts {
            if let Some(beat) = beats.get_mut(it.slot) {
                (beat.first_level, beat.passed, beat.rejected) =
                    (it.first_level, it.passed, it.rejected);
            }
        }
        Ok(self.answer(head, beats))
    }

    /// How each phase goes, over all runs or in one.
    ///
    /// # Errors
    /// [`AuditError::NotPrepared`] or [`AuditError::Database`].
    pub async fn paces(&self, run: Option<RunId>) -> Result<Answer<PhasePace>, AuditError> {
        let mut snapshot = self.snapshot(&["version_history"]).await?;
        let by_a_person = "status IN ('approved', 'superseded') AND without_approval IS NULL";
        let mut query = self.select(&format!(
            "phase, count(*) AS versions, count(*) FILTER (WHERE origin = 'revision') AS revisions,
             count(*) FILTER (WHERE {by_a_person}) AS approved,
             percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM decided_at - submitted_at))
                 FILTER (WHERE {by_a_person}) AS median_seconds_to_approve
             FROM annal_read.version_history"
        ));
        if let Some(run) = run {
            query.push(" AND run_id = ").push_bind(run.0);
        }
        query.push(" GROUP BY phase");
        let mut rows: Vec<PhasePace> = snapshot
            .rows(query, "phase", "measuring the phases")
            .await?;
        rows.sort_by_key(|it| it.phase);
        Ok(self.answer(snapshot.position, rows))
    }
}

/// From the first to the last moment, the last included.
fn stretches(first: DateTime<Utc>, last: DateTime<Utc>, slots: u32) -> Vec<Beat> {
    let whole = (last - first).num_microseconds().unwrap_or(0).max(0) + 1;
    let width = chrono::TimeDelta::microseconds(whole.div_euclid(i64::from(slots)) + 1);
    let beat = |slot: u32| {
        let from = first + width * i32::try_from(slot).unwrap_or(i32::MAX);
        Beat {
            from,
            until: from + width,
            first_level: 0,
            passed: 0,
            rejected: 0,
        }
    };
    (0..slots).map(beat).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_touch_and_hold_both_ends() {
        let first = DateTime::UNIX_EPOCH;
        let last = first + chrono::TimeDelta::seconds(10);
        let beats = stretches(first, last, 4);
        assert_eq!(beats.len(), 4);
        assert_eq!(beats[0].from, first);
        assert!(beats[3].until > last);
        assert!(beats.windows(2).all(|it| it[0].until == it[1].from));
        assert_eq!(stretches(first, first, 3).len(), 3, "a single moment, too");
    }
}
