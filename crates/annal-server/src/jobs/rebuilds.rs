//! Rebuilds and comparisons of projections that people asked for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use annal_projector::{Progress, Projector, ProjectorError, RebuildOptions, Rebuilt};
use chrono::{DateTime, Utc};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::locked;

/// What is done to a projection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JobKind {
    /// Built anew, compared, and put in the place of the live table.
    Rebuild,
    /// As this, even if the tables differ.
    RebuildAllowingDifferences,
    /// Built anew and compared; the live table stays.
    Compare,
}

/// The newest of its projection in this server.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) kind: JobKind,
    pub(crate) began: DateTime<Utc>,
    pub(crate) state: JobState,
}

/// How it stands.
#[derive(Debug, Clone)]
pub(crate) enum JobState {
    /// Events folded and to fold, over all ledgers.
    Running {
        folded: u64,
        of: u64,
    },
    Done(Rebuilt),
    Failed {
        code: &'static str,
        why: String,
    },
    Cancelled,
}

/// The newest job of each projection.
#[derive(Debug, Default)]
pub(crate) struct Rebuilds(Mutex<BTreeMap<String, Known>>);

#[derive(Debug)]
struct Known {
    job: Arc<Mutex<Job>>,
    task: AbortHandle,
}

/// So long the database may take to notice that a rebuild's session is gone.
const PATIENCE: Duration = Duration::from_secs(15);
const LOOK: Duration = Duration::from_millis(50);

impl Rebuilds {
    pub(crate) fn of(&self, projection: &str) -> Option<Job> {
        let job = locked(&self.0)
            .get(projection)
            .map(|it| Arc::clone(&it.job))?;
        let job = locked(&job).clone();
        Some(job)
    }

    /// Begins one. Where another runs, here or in another process, it ends at once and says so.
    pub(crate) fn begin(&self, projector: &Projector, projection: &str, kind: JobKind) {
        let mut all = locked(&self.0);
        let runs = |it: &Known| matches!(locked(&it.job).state, JobState::Running { .. });
        if all.get(projection).is_some_and(runs) {
            return;
        }
        let job = Arc::new(Mutex::new(Job {
            kind,
            began: Utc::now(),
            state: JobState::Running { folded: 0, of: 0 },
        }));
        let task = run(
            projector.clone(),
            projection.to_owned(),
            kind,
            Arc::clone(&job),
        );
        let task = tokio::spawn(task).abort_handle();
        all.insert(projection.to_owned(), Known { job, task });
    }

    /// Gives one up: ours is broken off, and what it built goes.
    ///
    /// # Errors
    /// [`ProjectorError::Busy`] while another process works on it.
    pub(crate) async fn cancel(
        &self,
        projector: &Projector,
        projection: &str,
    ) -> Result<(), ProjectorError> {
        if let Some(known) = locked(&self.0).get(projection) {
            known.task.abort();
            let mut job = locked(&known.job);
            if matches!(job.state, JobState::Running { .. }) {
                job.state = JobState::Cancelled;
            }
        }
        let deadline = Instant::now() + PATIENCE;
        loop {
            match projector.cancel_rebuild(projection).await {
                Err(ProjectorError::Busy(_)) if Instant::now() < deadline => {
                    tokio::time::sleep(LOOK).await;
                }
                ended => return ended,
            }
        }
    }
}

async fn run(projector: Projector, projection: String, kind: JobKind, job: Arc<Mutex<Job>>) {
    let options = RebuildOptions {
        allow_differences: kind == JobKind::RebuildAllowingDifferences,
        compare_only: kind == JobKind::Compare,
        ..RebuildOptions::default()
    };
    let mut ledgers: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let told = |it: Progress| {
        ledgers.insert(it.ledger, (it.position.0, it.target.0));
        let sum = |(folded, of): (u64, u64), it: &(u64, u64)| (folded + it.0, of + it.1);
        let (folded, of) = ledgers.values().fold((0, 0), sum);
        locked(&job).state = JobState::Running { folded, of };
    };
    let ended = projector
        .rebuild(&[projection.as_str()], &options, told)
        .await;
    let state = match ended {
        Ok(mut done) => match done.pop() {
            Some(rebuilt) => JobState::Done(rebuilt),
            None => JobState::Cancelled,
        },
        Err(no) => JobState::Failed {
            code: no.code(),
            why: no.to_string(),
        },
    };
    locked(&job).state = state;
}

impl Job {
    /// Whether it goes on.
    pub(crate) fn runs(&self) -> bool {
        matches!(self.state, JobState::Running { .. })
    }

    /// Events folded and to fold, while it goes on.
    pub(crate) fn progress(&self) -> (u64, u64) {
        match self.state {
            JobState::Running { folded, of } => (folded, of),
            _ => (0, 0),
        }
    }
}
