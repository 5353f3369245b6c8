//! Generated runs into a log.

use annal_core::Position;
use annal_log::{Append, AppendError, Log};
use futures::{StreamExt, TryStreamExt, stream};

use crate::story::{ORDINARY, run};

/// Runs that are written at the same time, so that their appends share round trips.
const AT_ONCE: usize = 16;

/// Appends runs from number `first` on until the log holds `events`; returns its head. Runs are written whole.
///
/// # Errors
/// The first append that fails.
pub async fn fill(log: &Log, first: u64, events: u64) -> Result<Position, AppendError> {
    let mut number = first;
    loop {
        let head = log.head().await.map_err(AppendError::Log)?.position;
        if head.0 >= events {
            return Ok(head);
        }
        let size: usize = run(number, ORDINARY)
            .iter()
            .flat_map(|it| &it.streams)
            .map(|it| it.events.len())
            .sum();
        let runs = (events - head.0).div_ceil(size.max(1) as u64);
        stream::iter((number..number + runs).map(Ok))
            .try_for_each_concurrent(AT_ONCE, |number| put(log, run(number, ORDINARY)))
            .await?;
        number += runs;
    }
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
