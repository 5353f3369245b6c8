//! What goes on in the background because somebody asked for it, and how far it is.

mod checks;
mod lag;
mod rebuilds;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use annal_core::LedgerId;
use tokio::task::AbortHandle;

use crate::app::Ledger;

pub(crate) use checks::{Check, CheckState, Checks};
pub(crate) use lag::{Lag, Sample, rate};
pub(crate) use rebuilds::{Job, JobKind, JobState, Rebuilds};

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
    pub(crate) fn watching<'a>(ledgers: impl Iterator<Item = &'a Ledger> + Clone) -> Self {
        let lag = |it: &Ledger| (it.id.clone(), Lag::watch(it.projector.clone()));
        let look = |ledger: Ledger| async move { ledger.duties.look_ahead(&ledger).await };
        Self {
            lags: ledgers.clone().map(lag).collect(),
            _looking: ledgers.cloned().map(|it| Task::new(look(it))).collect(),
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
