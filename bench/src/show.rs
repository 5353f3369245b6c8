//! How long it takes to say what a version was.

use std::time::Instant;

use annal_audit::{At, Audit};
use annal_bench::{Size, put, run_of_samples};
use annal_core::version::VersionRef;
use annal_core::{Phase, Position, RunId, VersionNo};
use clap::Args;

use crate::Failure;
use crate::database::Database;
use crate::spread::{Spread, say};

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// Measurements of each.
    #[arg(long, default_value_t = 200)]
    times: u32,
    /// Samples of the large dossier; 6,800 of them make about 30,000 events.
    #[arg(long, default_value_t = 6_800)]
    samples: usize,
}

/// Far above those that the log is filled with.
const LARGE: u64 = 1 << 50;

impl Show {
    pub(crate) async fn run(&self, on: &Database) -> Result<(), Failure> {
        let large = self.large(on).await?;
        self.of(
            on,
            "dossier of a usual run",
            RunId(uuid::Uuid::from_u128(
                0x0193_0000_0000_7000_8000_0000_0000_0000,
            )),
            2,
        )
        .await?;
        self.of(on, "large dossier, version 1", large, 1).await?;
        self.of(on, "large dossier, version 2", large, 2).await
    }

    async fn large(&self, on: &Database) -> Result<RunId, Failure> {
        let number = LARGE + self.samples as u64;
        let size = Size {
            attributes: 10,
            samples: self.samples,
        };
        let run = RunId(uuid::Uuid::from_u128(
            0x0193_0000_0000_7000_8000_0000_0000_0000 + u128::from(number),
        ));
        let stream = annal_log::StreamId::dossier(run, Phase::SampleSelection);
        if on
            .log
            .read_stream(&stream, annal_core::Sequence(0))
            .await?
            .is_empty()
        {
            put(&on.log, run_of_samples(number, size)).await?;
        }
        let events = on
            .log
            .read_stream(&stream, annal_core::Sequence(0))
            .await?
            .len();
        say(&format!("the large dossier has {events} events"));
        Ok(run)
    }

    async fn of(&self, on: &Database, label: &str, run: RunId, number: u32) -> Result<(), Failure> {
        let audit = Audit::new(&on.log);
        let version = VersionRef {
            run,
            phase: Phase::SampleSelection,
            number: VersionNo(number),
        };
        let whole = audit.show(version, At::Latest).await?;
        let (first, last) = (whole.created.position.0, on.log.head().await?.position.0);
        for (moment, spread_over) in [("latest", false), ("any position", true)] {
            let mut times = Spread::default();
            for n in 0..u64::from(self.times) {
                let end = whole.decided.as_ref().map_or(last, |it| it.position.0);
                let position = match spread_over {
                    true => first + (end - first) * n / u64::from(self.times),
                    false => last,
                };
                let began = Instant::now();
                audit
                    .show(version, At::Position(Position(position)))
                    .await?;
                times.took(began.elapsed());
            }
            say(&format!("{label:<26} {moment:<12} {}", times.times()));
        }
        Ok(())
    }
}
