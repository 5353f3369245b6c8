use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::try_join_all;
use serde::{Deserialize, Serialize};

use crate::{Appends, Cpu, Failure, Spread};

/// On which streams callers write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Streams {
    /// Each command begins a stream.
    New,
    /// Each caller goes on with a stream of its own.
    Long,
}

impl std::str::FromStr for Streams {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "new" => Ok(Self::New),
            "long" => Ok(Self::Long),
            other => Err(format!("'{other}' is neither 'new' nor 'long'")),
        }
    }
}

/// What is asked of a writer.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Callers at the same time.
    pub callers: usize,
    /// Events of a command.
    pub per_command: usize,
    /// On which streams.
    pub streams: Streams,
    /// How long is measured.
    pub time: Duration,
}

/// Something that takes commands and answers when their events are on the disk.
pub trait Writer: Send + Sync + 'static {
    /// What a caller knows of the stream that it writes.
    type Stream: Send;

    /// A stream without events.
    fn stream(&self) -> Self::Stream;

    /// Appends so many events to the stream.
    fn write(
        &self,
        stream: &mut Self::Stream,
        events: usize,
    ) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// Before anything is counted: connections are made, statements are prepared, caches are filled.
const WARM_UP: Duration = Duration::from_millis(500);

/// Lets callers write side by side, each one command after the other. `backend` is one of the database server's.
///
/// Counted is what is answered within the time that is measured, whenever it was asked: where a command takes a good part
/// of that time, those under way at its beginning stand for those under way at its end.
///
/// # Errors
/// The first command that fails.
pub async fn append<W: Writer>(
    who: &str,
    writer: &Arc<W>,
    load: Load,
    backend: i32,
) -> Result<Appends, Failure> {
    let begin = Instant::now() + WARM_UP;
    let end = begin + load.time;
    let caller = |_| {
        let writer = Arc::clone(writer);
        tokio::spawn(async move { call(&*writer, load, begin, end).await })
    };
    let callers: Vec<_> = (0..load.callers).map(caller).collect();
    tokio::time::sleep_until(begin.into()).await;
    let before = (Cpu::now(backend)?, begin.elapsed());
    tokio::time::sleep_until(end.into()).await;
    let after = (Cpu::now(backend)?, begin.elapsed());
    let times: Result<Vec<_>, _> = try_join_all(callers).await?.into_iter().collect();
    let times: Vec<Duration> = times?.into_iter().flatten().collect();
    let seconds = load.time.as_secs_f64();
    let watched = (after.1 - before.1).as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let events = (times.len() * load.per_command) as f64;
    Ok(Appends {
        who: who.to_owned(),
        callers: load.callers,
        per_command: load.per_command,
        streams: load.streams,
        seconds,
        rate: events / seconds,
        latency: Spread::of_times(times),
        client_cpu: (after.0.client - before.0.client) / watched,
        server_cpu: (after.0.server - before.0.server) / watched,
    })
}

/// The times of the commands that were answered between `begin` and `end`.
async fn call<W: Writer>(
    writer: &W,
    load: Load,
    begin: Instant,
    end: Instant,
) -> Result<Vec<Duration>, Failure> {
    let mut stream = writer.stream();
    let mut times = Vec::new();
    loop {
        let asked = Instant::now();
        if asked >= end {
            return Ok(times);
        }
        if load.streams == Streams::New {
            stream = writer.stream();
        }
        writer.write(&mut stream, load.per_command).await?;
        let answered = Instant::now();
        if begin <= answered && answered < end {
            times.push(answered - asked);
        }
    }
}
