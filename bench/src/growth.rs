//! How appends and reconstruction move with the size of the log.

use std::sync::Arc;
use std::time::{Duration, Instant};

use annal_audit::{At, Audit, Snapshots};
use annal_bench::{Size, put, run_of_samples};
use annal_core::version::VersionRef;
use annal_core::{Phase, Position, RunId, Sequence, VersionNo};
use annal_log::{Log, StreamId};
use annal_measure::{Appends, Failure, Load, Spread, Streams};
use clap::Args;
use serde::{Deserialize, Serialize};

use crate::compare;
use crate::ours::Ours;
use crate::record::Records;
use crate::say;
use crate::server::{Filled, Server, backend};

/// How the results' names begin; then comes the number of events.
pub(crate) const RESULT: &str = "growth-";
/// The sizes that are compared.
pub(crate) const SIZES: [u64; 3] = [100_000, 1_000_000, 10_000_000];
/// Callers and events a command.
pub(crate) const LOADS: [(usize, usize); 3] = [(1, 1), (64, 1), (8, 100)];

#[derive(Debug, Args)]
pub(crate) struct Growth {
    /// The filled database that is measured.
    #[arg(long, default_value_t = 1_000_000)]
    events: u64,
    /// Reconstructions of each kind.
    #[arg(long, default_value_t = 200)]
    times: u32,
    /// Samples of the large dossier; 6,800 of them make about 30,000 events.
    #[arg(long, default_value_t = 6_800)]
    samples: usize,
    /// Seconds of each measurement of appends.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Times that appends are measured.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

/// What was measured in a log of some size.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Grown {
    pub(crate) head: u64,
    /// Events of the large dossier.
    pub(crate) large: usize,
    pub(crate) appends: Vec<Appends>,
    pub(crate) shown: Vec<Shown>,
    pub(crate) snapshots: Kept,
}

/// The snapshots of a whole log.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) number: usize,
    /// Together.
    pub(crate) bytes: i64,
    /// To look through the log and make them, in seconds.
    pub(crate) seconds: f64,
}

/// Reconstructions of a version.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Shown {
    pub(crate) of: String,
    /// At which moments.
    pub(crate) moment: String,
    /// Milliseconds.
    pub(crate) time: Spread,
}

/// A moment somewhere in a version's life.
const ANY: &str = "any position";
/// The end of the log, and what the API answers.
const AS_JSON: &str = "latest, as JSON";

/// Far above the runs that the log is filled with.
const LARGE: u64 = 1 << 50;

impl Growth {
    pub(crate) async fn run(&self, on: &Server, records: &Records) -> Result<(), Failure> {
        let filled = on.filled(self.events).await?;
        let head = filled.expect_full().await?.0;
        let (large, events) = self.large(&filled.log).await?;
        say(&format!("the large dossier has {events} events"));
        let snapshots = self.snapshots(&filled).await?;
        let mut shown = Vec::new();
        let usual = run_id(0);
        let kept = Audit::new(&filled.log);
        let alone = kept.clone().from_events_alone();
        for (of, audit, run, version) in [
            ("usual dossier", &kept, usual, 2),
            ("large dossier, version 1", &kept, large, 1),
            ("large dossier, version 2", &kept, large, 2),
            ("version 1 without snapshots", &alone, large, 1),
            ("version 2 without snapshots", &alone, large, 2),
        ] {
            shown.extend(self.show(audit, of, run, version).await?);
        }
        let appends = self.appends(&filled.log, &filled.url).await?;
        let grown = Grown {
            head,
            large: events,
            appends,
            shown,
            snapshots,
        };
        records.keep(&format!("{RESULT}{}", self.events), grown)
    }

    /// The run with the large dossier, and how many events that has.
    async fn large(&self, log: &Log) -> Result<(RunId, usize), Failure> {
        let number = LARGE + self.samples as u64;
        let size = Size {
            attributes: 10,
            samples: self.samples,
        };
        let stream = StreamId::dossier(run_id(number), Phase::SampleSelection);
        let length = async || log.read_stream(&stream, Sequence(0)).await;
        if length().await?.is_empty() {
            put(log, run_of_samples(number, size)).await?;
        }
        Ok((run_id(number), length().await?.len()))
    }

    /// Makes all that are due, from the first event on.
    async fn snapshots(&self, filled: &Filled) -> Result<Kept, Failure> {
        let snapshots = Snapshots::new(&filled.log, filled.projector.pool());
        snapshots.drop_all().await?;
        let began = Instant::now();
        snapshots.catch_up(Position(u64::MAX)).await?;
        let seconds = began.elapsed().as_secs_f64();
        let rows = Audit::new(&filled.log).snapshots().await?;
        let kept = Kept {
            number: rows.len(),
            bytes: rows.iter().map(|it| it.bytes).sum(),
            seconds,
        };
        say(&format!("{kept:?}"));
        Ok(kept)
    }

    async fn show(
        &self,
        audit: &Audit,
        of: &str,
        run: RunId,
        number: u32,
    ) -> Result<Vec<Shown>, Failure> {
        let version = VersionRef {
            run,
            phase: Phase::SampleSelection,
            number: VersionNo(number),
        };
        let whole = audit.show(version, At::Latest).await?;
        let last = audit.log_head().await?.position.0;
        let first = whole.created.position.0;
        let decided = whole.decided.as_ref().map_or(last, |it| it.position.0);
        let mut shown = Vec::new();
        for moment in ["latest", ANY, AS_JSON] {
            let mut times = Vec::new();
            for n in 0..u64::from(self.times) {
                let position = match moment {
                    // Spread over the version's life, in no order that a cache would like.
                    ANY => {
                        first
                            + (decided - first) * (n * 7_919 % u64::from(self.times))
                                / u64::from(self.times)
                    }
                    _ => last,
                };
                let began = Instant::now();
                let at = At::Position(Position(position));
                let it = audit.show(version, at).await?;
                if moment == AS_JSON {
                    std::hint::black_box(serde_json::to_vec(&it)?);
                }
                times.push(began.elapsed());
            }
            let time = Spread::of_times(times);
            say(&format!("{of:<26} {moment:<12} {}", time.times()));
            shown.push(Shown {
                of: of.to_owned(),
                moment: moment.to_owned(),
                time,
            });
        }
        Ok(shown)
    }

    async fn appends(&self, log: &Log, url: &str) -> Result<Vec<Appends>, Failure> {
        let writer = Arc::new(Ours(vec![log.clone()]));
        let (_session, backend) = backend(url).await?;
        let mut measured = Vec::new();
        for _ in 0..self.rounds {
            for (callers, per_command) in LOADS {
                let load = Load {
                    callers,
                    per_command,
                    streams: Streams::New,
                    time: Duration::from_secs_f64(self.seconds),
                };
                let it = annal_measure::append("ours", &writer, load, backend).await?;
                compare::tell(&it);
                measured.push(it);
            }
        }
        Ok(measured)
    }
}

/// The run that the generator makes of a number.
pub(crate) fn run_id(number: u64) -> RunId {
    RunId(uuid::Uuid::from_u128(
        0x0193_0000_0000_7000_8000_0000_0000_0000 + u128::from(number),
    ))
}
