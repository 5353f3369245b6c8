//! The one place where decisions meet the log: load the run, ask the core, append once.

mod automatic;
mod error;
mod people;
mod record;

use std::sync::Arc;

use annal_core::case::Outcome;
use annal_core::{Case, RunId};
use annal_log::{AppendError, Log};
use chrono::{DateTime, Utc};

pub(crate) use error::DeskError;
use record::Entry;
pub(crate) use record::engine;

use crate::act::{Answer, Cause, Progress, Settled, Verdict};
use crate::cases::{Cases, Slot};
use crate::prepare::Files;

/// Where in Temporal somebody works at the desk.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// The workflow.
    pub(crate) workflow_id: String,
    /// Its execution.
    pub(crate) run_id: String,
    /// The activity.
    pub(crate) activity: String,
    /// Which try, from 1.
    pub(crate) attempt: u32,
}

/// Carries out commands on the runs of one ledger.
pub(crate) struct Desk {
    log: Log,
    cases: Cases,
    files: Files,
    clock: Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>,
}

/// What was decided on a case, ready to be recorded.
struct Decided {
    outcome: Outcome,
    verdict: Verdict,
}

/// A run is decided again this often when others are quicker; each time somebody else got on, so this ends.
const TRIES: usize = 20;

impl Desk {
    pub(crate) fn new(log: Log) -> Self {
        Self {
            files: Files::new(log.clone()),
            cases: Cases::new(log.clone()),
            log,
            clock: Arc::new(wall_clock),
        }
    }

    fn now(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    /// The run as it stands. Nobody else in this process decides on it while the slot is held.
    async fn load(&self, run: RunId) -> Result<tokio::sync::OwnedMutexGuard<Slot>, DeskError> {
        Ok(self.cases.load(run).await?)
    }

    /// Decides and appends until no other process was in between, and says where the run stands then.
    async fn settle(
        &self,
        run: RunId,
        entry: &Entry,
        place: &Place,
        decide: impl Fn(&Case) -> Result<Decided, DeskError>,
    ) -> Result<Answer, DeskError> {
        let mut slot = self.load(run).await?;
        for _ in 0..TRIES {
            let decided = decide(&slot.case)?;
            let append = entry.append(run, &slot, place, &decided)?;
            match self.log.append(append).await {
                Ok(receipt) => {
                    slot.catch_up(&self.log, run).await?;
                    let settled = Settled {
                        verdict: serde_json::from_value(receipt.reply)?,
                        first: receipt.first,
                        last: receipt.last,
                        repeated: receipt.repeated,
                    };
                    let progress = slot.progress(entry.as_cause());
                    return Ok(Answer { settled, progress });
                }
                Err(AppendError::Conflict { .. }) => slot.catch_up(&self.log, run).await?,
                Err(AppendError::Reused { command_id }) => {
                    return Err(DeskError::Reused(command_id));
                }
                Err(AppendError::Log(error)) => return Err(error.into()),
            }
        }
        Err(DeskError::Crowded { run })
    }

    async fn stand(&self, run: RunId, cause: Cause) -> Result<Progress, DeskError> {
        Ok(self.load(run).await?.progress(cause))
    }
}

/// The time of activities, which are not replayed; the only place where this crate asks for it.
#[expect(
    clippy::disallowed_methods,
    reason = "an activity's result is kept, so a replay does not ask again"
)]
fn wall_clock() -> DateTime<Utc> {
    Utc::now()
}
