//! The projector as the one who carries out rebuild jobs: what the workflow side asks for, in the projector's words.

use std::time::{Duration, Instant};

use annal_flow::{LedgerReached, RebuildDone, RebuildFailed, RebuildOrder, Rebuilder, Tell};
use annal_projector::{Progress, Projector, ProjectorError, RebuildOptions, Rebuilt};
use futures::FutureExt;
use futures::future::BoxFuture;

/// Rebuilds with the login of its projector.
pub(crate) struct ByProjector(pub(crate) Projector);

/// How long the session of a rebuild that was broken off may take to end.
const ENDING: Duration = Duration::from_secs(20);

impl Rebuilder for ByProjector {
    fn rebuild<'a>(
        &'a self,
        order: &'a RebuildOrder,
        tell: Tell<'a>,
    ) -> BoxFuture<'a, Result<RebuildDone, RebuildFailed>> {
        async move {
            let options = RebuildOptions {
                chunk: order.chunk,
                allow_differences: order.allow_differences,
                compare_only: order.compare_only,
                ..RebuildOptions::default()
            };
            let tell = |it: Progress| {
                tell(LedgerReached {
                    ledger: it.ledger,
                    position: it.position,
                    target: it.target,
                });
            };
            let name = order.projection.as_str();
            let rebuilt = self.0.rebuild(&[name], &options, tell).await;
            let mut rebuilt = rebuilt.map_err(|no| failed(&no))?;
            Ok(done(rebuilt.remove(0)))
        }
        .boxed()
    }

    fn give_up<'a>(&'a self, projection: &'a str) -> BoxFuture<'a, Result<(), RebuildFailed>> {
        async move {
            let deadline = Instant::now() + ENDING;
            let mut look = tokio::time::interval(Duration::from_millis(50));
            loop {
                look.tick().await;
                match self.0.cancel_rebuild(projection).await {
                    // The session that was broken off still holds its claim for a moment.
                    Err(ProjectorError::Busy(_)) if Instant::now() < deadline => {}
                    ended => return ended.map_err(|no| failed(&no)),
                }
            }
        }
        .boxed()
    }
}

fn done(it: Rebuilt) -> RebuildDone {
    RebuildDone {
        events: it.events,
        redefined: it.redefined,
        compared: it.compared,
        only_live: it.differences.only_live,
        only_rebuilt: it.differences.only_rebuilt,
        examples: it.differences.examples,
        elapsed_ms: it.elapsed_ms,
    }
}

fn failed(no: &ProjectorError) -> RebuildFailed {
    RebuildFailed {
        code: no.code().to_owned(),
        message: no.to_string(),
        try_again: no.is_passing(),
        examples: match no {
            ProjectorError::Differs { differences, .. } => differences.examples.clone(),
            _ => Vec::new(),
        },
    }
}
