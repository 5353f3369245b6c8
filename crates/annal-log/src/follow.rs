//! Following the log as it grows.

use std::time::Duration;

use annal_core::Position;
use annal_core::envelope::Recorded;
use async_stream::stream;
use futures::Stream;
use tokio::time::{Instant, timeout_at};

use crate::error::LogError;
use crate::log::Log;
use crate::row::EventRow;

/// Events fetched at a time.
const PAGE: u32 = 500;

impl Log {
    /// Every event after a position, in order and without end: those that are there, then those to come.
    ///
    /// A lost connection is not the end of it; the stream goes on where it was when the database is back. It ends
    /// only with an error that no waiting mends.
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
                    // The listener lives as long as `log`, so this waits and does not fail.
                    let _ = head.wait_for(|reached| *reached > at).await;
                    continue;
                }
                for row in rows {
                    match EventRow::recorded(row) {
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
        let moved = timeout_at(deadline, head.wait_for(|reached| *reached > after)).await;
        Ok(match moved {
            Ok(Ok(reached)) => *reached,
            Ok(Err(_)) | Err(_) => now,
        })
    }
}
