//! Following the log as it grows.

use std::time::Duration;

use annal_core::Position;
use annal_core::envelope::Recorded;
use async_stream::stream;
use futures::Stream;
use tokio::time::{Instant, timeout_at};

use crate::error::LogError;
use crate::log::Log;
use crate::sealing::opened;

/// Events fetched at a time.
const PAGE: u32 = 500;

impl Log {
    /// Every event after a position, in order and without end: those that are there, then those to come.
    ///
    /// A lost connection is not the end of it; the stream goes on where it was when the database is back. It ends
    /// only with an error that no waiting mends, and with [`LogError::Closed`] when the pool is closed.
    pub async fn follow(
        &self,
        after: Position,
    ) -> impl Stream<Item = Result<Recorded, LogError>> + Send + use<> {
        let log = self.clone();
        let mut head = self.heads().subscribe();
        stream! {
            let mut at = after;
            loop {
                let rows = match log.read_rows(at, PAGE).await {
                    Ok(rows) => rows,
                    Err(error) if error.is_transient() => continue, // `read_rows` has waited between its tries
                    Err(error) => {
                        yield Err(error);
                        return;
                    }
                };
                if rows.is_empty() {
                    let moved = head.wait_for(|reached| *reached > at);
                    if log.pool().close_event().do_until(moved).await.is_err() {
                        yield Err(LogError::Closed { doing: "following the log" });
                        return;
                    }
                    continue;
                }
                let ring = match log.sealing().ring_for(&rows).await {
                    Ok(ring) => ring,
                    Err(error) if error.is_transient() => continue,
                    Err(error) => {
                        yield Err(error);
                        return;
                    }
                };
                for row in rows {
                    match opened(row, &ring) {
                        Ok(recorded) => {
                            at = recorded.position;
                            yield Ok(recorded);
                        }
                        Err(error) => {
                            yield Err(error);
                            return;
                        }
                    }
                }
            }
        }
    }

    /// Waits until the log has an event after a position, or the time is over. Gives the head either way.
    ///
    /// # Errors
    /// [`LogError`] when the database cannot be asked.
    pub async fn wait_for(&self, after: Position, timeout: Duration) -> Result<Position, LogError> {
        let deadline = Instant::now() + timeout;
        let mut head = self.heads().subscribe();
        let now = self.head().await?.position;
        if now > after {
            return Ok(now);
        }
        let moved = head.wait_for(|reached| *reached > after);
        let moved = timeout_at(deadline, self.pool().close_event().do_until(moved)).await;
        match moved {
            Ok(Ok(Ok(reached))) => Ok(*reached),
            Ok(Err(_closed)) => Err(LogError::Closed {
                doing: "waiting for the log to move",
            }),
            Ok(Ok(Err(_))) | Err(_) => Ok(now),
        }
    }
}
