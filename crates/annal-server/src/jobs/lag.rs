//! How far the projections were of late: looked at now and then, kept in memory, for a chart and a rate.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use annal_core::Position;
use annal_projector::{ProjectionStatus, Projector};
use chrono::{DateTime, Utc};

use super::{Task, locked};

const LOOK: Duration = Duration::from_secs(2);
/// An hour of them.
const KEPT: usize = 1_800;

/// The projections at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sample {
    pub(crate) at: DateTime<Utc>,
    /// Where the ledger ended.
    pub(crate) head: Position,
    /// Where each projection was.
    pub(crate) positions: BTreeMap<String, Position>,
}

impl Sample {
    /// Events that the one furthest behind had still to fold.
    pub(crate) fn lag(&self) -> u64 {
        let behind = self.positions.values().min().unwrap_or(&self.head);
        self.head.0.saturating_sub(behind.0)
    }

    fn of(status: &[ProjectionStatus]) -> Option<Self> {
        Some(Self {
            at: Utc::now(),
            head: status.first()?.head,
            positions: status
                .iter()
                .map(|it| (it.name.clone(), it.position))
                .collect(),
        })
    }
}

/// The samples of one ledger. The watching ends with this value.
#[derive(Debug)]
pub(crate) struct Lag {
    samples: Arc<Mutex<VecDeque<Sample>>>,
    _watch: Task,
}

impl Lag {
    pub(crate) fn watch(projector: Projector) -> Self {
        let samples = Arc::<Mutex<VecDeque<Sample>>>::default();
        let watch = watch(projector, Arc::clone(&samples));
        Self {
            samples,
            _watch: Task::new(watch),
        }
    }

    /// From the oldest to the newest.
    pub(crate) fn samples(&self) -> Vec<Sample> {
        locked(&self.samples).iter().cloned().collect()
    }
}

async fn watch(projector: Projector, samples: Arc<Mutex<VecDeque<Sample>>>) {
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        look.tick().await;
        // A database that does not answer leaves a gap; the pages that ask it say so.
        let Ok(status) = projector.status().await else {
            continue;
        };
        let Some(sample) = Sample::of(&status) else {
            continue;
        };
        let mut samples = locked(&samples);
        if samples.len() >= KEPT {
            samples.pop_front();
        }
        samples.push_back(sample);
    }
}

/// Events a second that a projection folded over the last minute; none while less is known.
pub(crate) fn rate(samples: &[Sample], projection: &str) -> Option<f64> {
    const MINUTE: chrono::TimeDelta = chrono::TimeDelta::minutes(1);
    let last = samples.last()?;
    let first = samples.iter().find(|it| last.at - it.at <= MINUTE)?;
    let seconds = (last.at - first.at).as_seconds_f64();
    let position = |it: &Sample| it.positions.get(projection).map(|it| it.0);
    let folded = position(last)?.checked_sub(position(first)?)?;
    #[expect(
        clippy::cast_precision_loss,
        reason = "a minute's events are far below 2^52"
    )]
    let rate = folded as f64 / seconds;
    (seconds > 0.0).then_some(rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(second: i64, head: u64, at: u64) -> Sample {
        Sample {
            at: DateTime::from_timestamp(second, 0).unwrap(),
            head: Position(head),
            positions: [
                ("runs".to_owned(), Position(at)),
                ("steps".to_owned(), Position(head)),
            ]
            .into(),
        }
    }

    #[test]
    fn the_lag_is_that_of_the_last_and_the_rate_that_of_the_last_minute() {
        let samples = [sample(0, 10, 0), sample(100, 90, 20), sample(130, 100, 80)];
        assert_eq!(samples[2].lag(), 20);
        assert_eq!(rate(&samples, "runs"), Some(2.0), "60 in 30 seconds");
        assert_eq!(rate(&samples[..1], "runs"), None);
        assert_eq!(rate(&samples, "unknown"), None);
    }
}
