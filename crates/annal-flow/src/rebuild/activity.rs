//! The activity of a rebuild: carries it out and says how far it is.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use temporalio_macros::activities;
use temporalio_sdk::ApplicationFailure;
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use tokio::runtime::Handle;
use tokio_util::task::AbortOnDropHandle;

use super::order::{LedgerReached, RebuildDone, RebuildFailed, RebuildOrder, Rebuilder};

/// What a worker for rebuilds has.
pub(crate) struct RebuildActivities {
    rebuilder: Arc<dyn Rebuilder>,
    /// Where the rebuilder works: the runtime of its connections.
    at: Handle,
}

/// How often a rebuild says that it lives, and how far it is.
const BEAT: Duration = Duration::from_secs(1);

/// How far it is in each ledger.
type Reached = Arc<Mutex<BTreeMap<String, LedgerReached>>>;

impl RebuildActivities {
    pub(crate) fn new(rebuilder: Arc<dyn Rebuilder>, at: Handle) -> Self {
        Self { rebuilder, at }
    }

    /// Ends with this future, also when the worker breaks off.
    fn begin(&self, order: RebuildOrder, reached: &Reached) -> Work<RebuildDone> {
        let (rebuilder, reached) = (self.rebuilder.clone(), reached.clone());
        AbortOnDropHandle::new(self.at.spawn(async move {
            let tell = |it: LedgerReached| {
                let mut reached = reached.lock().unwrap_or_else(PoisonError::into_inner);
                reached.insert(it.ledger.clone(), it);
            };
            rebuilder.rebuild(&order, &tell).await
        }))
    }

    /// Takes back what was built, and says that it was cancelled.
    async fn give_up(&self, projection: String, work: Work<RebuildDone>) -> ActivityError {
        work.abort();
        // It ended by being aborted.
        let _ = work.await;
        let rebuilder = self.rebuilder.clone();
        let gone = self
            .at
            .spawn(async move { rebuilder.give_up(&projection).await });
        match gone.await {
            Ok(Ok(())) => ActivityError::cancelled(),
            Ok(Err(no)) => as_failure(no),
            Err(no) => as_failure(broken(&no)),
        }
    }
}

type Work<T> = AbortOnDropHandle<Result<T, RebuildFailed>>;

#[activities]
impl RebuildActivities {
    #[activity(name = "rebuild_projection")]
    pub(crate) async fn rebuild_projection(
        self: Arc<Self>,
        ctx: ActivityContext,
        order: RebuildOrder,
    ) -> Result<RebuildDone, ActivityError> {
        let reached = Reached::default();
        let projection = order.projection.clone();
        let mut work = self.begin(order, &reached);
        let mut beat = tokio::time::interval(BEAT);
        loop {
            tokio::select! {
                biased;
                ended = &mut work => {
                    return ended.unwrap_or_else(|no| Err(broken(&no))).map_err(as_failure);
                }
                () = ctx.cancelled() => return Err(self.give_up(projection, work).await),
                _ = beat.tick() => ctx.record_heartbeat(positions(&reached)).await?,
            }
        }
    }
}

fn positions(reached: &Reached) -> Vec<LedgerReached> {
    let reached = reached.lock().unwrap_or_else(PoisonError::into_inner);
    reached.values().cloned().collect()
}

fn broken(no: &tokio::task::JoinError) -> RebuildFailed {
    RebuildFailed {
        code: "rebuild_broken".to_owned(),
        message: format!("the rebuild broke off: {no}"),
        try_again: true,
        examples: Vec::new(),
    }
}

fn as_failure(no: RebuildFailed) -> ActivityError {
    let failure = ApplicationFailure::builder(no.clone())
        .type_name(no.code.clone())
        .non_retryable(!no.try_again)
        .details(no)
        .build();
    ActivityError::application(failure)
}
