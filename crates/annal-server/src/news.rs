//! That something happened in a ledger, told to all who listen: however many pages are open, the log is followed once.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use annal_core::{Position, RunId};
use annal_log::{Log, LogError};
use futures::StreamExt as _;
use tokio::sync::{OnceCell, broadcast};

use crate::jobs::Task;
use crate::reached::Reached;

/// The read models of a change are waited for as long before it is told: who then looks has to see it.
const PATIENCE: Duration = Duration::from_secs(2);
/// Events that are told as one.
const AT_ONCE: usize = 500;
/// Who does not listen for so many changes hears that there were some, not which.
const BEHIND: usize = 64;
/// After an error that no waiting mends, the log is looked at again.
const AGAIN: Duration = Duration::from_secs(10);

/// Something happened.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    /// Up to here.
    pub(crate) last: Position,
    /// In these runs.
    runs: Arc<BTreeSet<RunId>>,
}

impl Change {
    /// Whether something happened in this run; in any, where none is named.
    pub(crate) fn is_about(&self, run: Option<RunId>) -> bool {
        run.is_none_or(|run| self.runs.contains(&run))
    }
}

/// The changes of one ledger. Nobody follows the log until somebody listens. Cheap to clone.
#[derive(Clone)]
pub(crate) struct News {
    log: Log,
    reached: Reached,
    telling: Arc<OnceCell<Telling>>,
}

struct Telling {
    listeners: broadcast::Sender<Change>,
    _task: Task,
}

impl News {
    pub(crate) fn new(log: Log, reached: Reached) -> Self {
        Self {
            log,
            reached,
            telling: Arc::default(),
        }
    }

    /// Every change from now on.
    ///
    /// # Errors
    /// [`LogError`] if nobody listened yet and the log does not say where it ends.
    pub(crate) async fn listen(&self) -> Result<broadcast::Receiver<Change>, LogError> {
        let telling = self.telling.get_or_try_init(|| self.begin()).await?;
        Ok(telling.listeners.subscribe())
    }

    async fn begin(&self) -> Result<Telling, LogError> {
        let head = self.log.head().await?.position;
        let listeners = broadcast::Sender::new(BEHIND);
        let (log, reached) = (self.log.clone(), self.reached.clone());
        let telling = tell(log, reached, listeners.clone(), head);
        Ok(Telling {
            listeners,
            _task: Task::new(telling),
        })
    }
}

/// Tells of everything after a position, without end.
async fn tell(
    log: Log,
    reached: Reached,
    listeners: broadcast::Sender<Change>,
    mut after: Position,
) {
    loop {
        let events = log.follow(after).await.ready_chunks(AT_ONCE);
        let mut events = std::pin::pin!(events);
        while let Some(chunk) = events.next().await {
            let mut runs = BTreeSet::new();
            for event in &chunk {
                match event {
                    Ok(event) => {
                        after = event.position;
                        runs.extend(annal_audit::run_of(event));
                    }
                    Err(error) => tracing::warn!(%error, "the log is not followed for pages"),
                }
            }
            if listeners.receiver_count() == 0 {
                continue;
            }
            if let Err(error) = reached.wait_for(after, PATIENCE).await {
                tracing::debug!(%error, "the read models are not waited for");
            }
            let runs = Arc::new(runs);
            // Whoever was there is gone by now, and that is all right.
            let _ = listeners.send(Change { last: after, runs });
        }
        tokio::time::sleep(AGAIN).await;
    }
}
