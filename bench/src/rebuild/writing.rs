//! What somebody who appends notices of a rebuild of all projections.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use annal_measure::{Failure, Spread, Writer};
use annal_projector::RebuildOptions;
use serde::{Deserialize, Serialize};

use crate::ours::Ours;
use crate::say;
use crate::server::Filled;

/// Times of appends in milliseconds, one event each, by one writer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Writing {
    pub(crate) events: u64,
    /// While nothing else was done.
    pub(crate) alone: Spread,
    /// From the beginning of the rebuild to its end.
    pub(crate) during: Spread,
    /// How long the rebuild took, in seconds.
    pub(crate) rebuild_seconds: f64,
}

/// Between two appends of the writer.
const PAUSE: Duration = Duration::from_millis(5);

pub(super) async fn during_a_rebuild(
    filled: &Filled,
    options: &RebuildOptions,
) -> Result<Writing, Failure> {
    let over = AtomicBool::new(false);
    let a_while = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        over.store(true, Ordering::Relaxed);
    };
    let (alone, ()) = tokio::join!(write(filled, &over), a_while);
    over.store(false, Ordering::Relaxed);
    let began = Instant::now();
    let rebuild = async {
        let done = filled.projector.rebuild(&[], options, |_| ()).await;
        over.store(true, Ordering::Relaxed);
        done
    };
    let (during, done) = tokio::join!(write(filled, &over), rebuild);
    done?;
    let writing = Writing {
        events: filled.events,
        alone: alone?,
        during: during?,
        rebuild_seconds: began.elapsed().as_secs_f64(),
    };
    say(&format!(
        "appends alone            {}",
        writing.alone.times()
    ));
    say(&format!(
        "appends during a rebuild {}",
        writing.during.times()
    ));
    Ok(writing)
}

/// One append after the other until told to end.
async fn write(filled: &Filled, over: &AtomicBool) -> Result<Spread, Failure> {
    let writer = Ours(vec![filled.log.clone()]);
    let mut stream = writer.stream();
    let mut times = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let began = Instant::now();
        writer.write(&mut stream, 1).await?;
        times.push(began.elapsed());
        tokio::time::sleep(PAUSE).await;
    }
    Ok(Spread::of_times(times))
}
