//! Generated runs into a log.

use annal_core::Position;
use annal_log::{Append, AppendError, Log, LogError};
use futures::{StreamExt, TryStreamExt, stream};

use crate::story::{ORDINARY, run};

/// Runs that are written at the same time, so that their appends share round trips.
const AT_ONCE: usize = 48;

/// Appends runs from number `first` on until the log holds `events`; returns the next number and the log's head. Runs are
/// written whole.
///
/// # Errors
/// The first append that fails.
pub async fn fill(log: &Log, first: u64, events: u64) -> Result<(u64, Position), AppendError> {
    let mut number = first;
    loop {
        let head = log.head().await.map_err(AppendError::Log)?.position;
        if head.0 >= events {
            return Ok((number, head));
        }
        let runs = (events - head.0).div_ceil(events_of(number));
        stream::iter((number..number + runs).map(Ok))
            .try_for_each_concurrent(AT_ONCE, |number| async move {
                // The rules are run on threads of their own, beside the writing.
                let written = tokio::task::spawn_blocking(move || run(number, ORDINARY)).await;
                let closed = |_| LogError::Closed {
                    doing: "generating a run",
                };
                put(log, written.map_err(closed)?).await
            })
            .await?;
        number += runs;
    }
}

fn events_of(number: u64) -> u64 {
    let commands = run(number, ORDINARY);
    let streams = commands.iter().flat_map(|it| &it.streams);
    streams.map(|it| it.events.len() as u64).sum::<u64>().max(1)
}

/// Appends a run's commands one after the other.
///
/// # Errors
/// The first append that fails.
pub async fn put(log: &Log, commands: Vec<Append>) -> Result<(), AppendError> {
    let mut commands = stream::iter(commands);
    while let Some(command) = commands.next().await {
        log.append(command).await?;
    }
    Ok(())
}
