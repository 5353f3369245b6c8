//! How appends and reconstruction move with the size of the log.

use std::sync::Arc;
use std::time::{Duration, Instant};

use annal_audit::{At, Audit};
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
use crate::server::{Server, backend};

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

/// Far above the runs that the log is filled with.
const LARGE: u64 = 1 << 50;

impl Growth {
    pub(crate) async fn run(&self, on: &Server, records: &Records) -> Result<(), Failure> {
        let filled = on.filled(self.events).await?;
        let head = filled.expect_full().await?.0;
        let (large, events) = self.large(&filled.log).await?;
        say(&format!("the large dossier has {events} events"));
        let mut shown = Vec::new();
        let usual = run_id(0);
        for (of, run, version) in [
            ("usual dossier", usual, 2),
            ("large dossier, version 1", large, 1),
            ("large dossier, version 2", large, 2),
        ] {
            shown.extend(self.show(&filled.log, of, run, version).await?);
        }
        let appends = self.appends(&filled.log, &filled.url).await?;
        let grown = Grown {
            head,
            large: events,
            appends,
            shown,
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

    async fn show(
        &self,
        log: &Log,
        of: &str,
        run: RunId,
        number: u32,
    ) -> Result<Vec<Shown>, Failure> {
        let audit = Audit::new(log);
        let version = VersionRef {
            run,
            phase: Phase::SampleSelection,
            number: VersionNo(number),
        };
        let whole = audit.show(version, At::Latest).await?;
        let (first, last) = (whole.created.position.0, log.head().await?.position.0);
        let decided = whole.decided.as_ref().map_or(last, |it| it.position.0);
        let mut shown = Vec::new();
        for moment in ["latest", "any position"] {
            let mut times = Vec::new();
            for n in 0..u64::from(self.times) {
                let position = match moment {
                    "latest" => last,
                    // Spread over the version's life, in no order that a cache would like.
                    _ => {
                        first
                            + (decided - first) * (n * 7_919 % u64::from(self.times))
                                / u64::from(self.times)
                    }
                };
                let began = Instant::now();
                audit
                    .show(version, At::Position(Position(position)))
                    .await?;
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
fn run_id(number: u64) -> RunId {
    RunId(uuid::Uuid::from_u128(
        0x0193_0000_0000_7000_8000_0000_0000_0000 + u128::from(number),
    ))
}
