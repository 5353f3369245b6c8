//! What goes on in the background because somebody asked for it, and how far it is.

mod checks;
mod lag;
mod rebuilds;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use annal_core::LedgerId;
use futures::future::join_all;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use crate::app::Ledger;

pub(crate) use checks::{Check, CheckState, Checks};
pub(crate) use lag::{Lag, Sample, rate};
pub(crate) use rebuilds::{Job, JobKind, JobState, Rebuilds};

/// A server does not listen for so long while it looks what waits in its runs.
const AHEAD: Duration = Duration::from_secs(3);

/// All of this server's.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    /// Rebuilds and comparisons of projections.
    pub(crate) rebuilds: Rebuilds,
    /// Verifications of logs.
    pub(crate) checks: Checks,
    lags: BTreeMap<LedgerId, Lag>,
    _looking: Vec<Task>,
}

impl Jobs {
    /// Begins to look how far the projections of these ledgers are, and what waits in their runs.
    pub(crate) async fn watching(ledgers: &BTreeMap<LedgerId, Ledger>) -> Self {
        let lag = |it: &Ledger| (it.id.clone(), Lag::watch(it.projector.clone()));
        let look = |it: Ledger| tokio::spawn(async move { it.duties.look_ahead(&it).await });
        let mut looks: Vec<_> = ledgers.values().cloned().map(look).collect();
        // Who comes first finds it done where that is soon done, in however many ledgers; else it goes on beside them.
        let _ = timeout(AHEAD, join_all(&mut looks)).await;
        Self {
            lags: ledgers.values().map(lag).collect(),
            _looking: looks.iter().map(|it| Task(it.abort_handle())).collect(),
            ..Self::default()
        }
    }

    /// How far a ledger's projections were of late.
    pub(crate) fn lag(&self, ledger: &LedgerId) -> Vec<Sample> {
        self.lags.get(ledger).map(Lag::samples).unwrap_or_default()
    }
}

/// A task that ends with its owner.
#[derive(Debug)]
pub(crate) struct Task(AbortHandle);

impl Task {
    /// Begins it.
    pub(crate) fn new(work: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(tokio::spawn(work).abort_handle())
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What is told of a job is whole even if a task ended badly while it told it.
fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
