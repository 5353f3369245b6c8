//! How fast the projections are rebuilt.

use std::collections::BTreeMap;
use std::time::Instant;

use annal_projector::{Progress, Projection, RebuildOptions};
use clap::Args;
use sqlx::{Connection, PgConnection};

use crate::database::Database;
use crate::spread::{Spread, say};
use crate::{Failure, peer};

#[derive(Debug, Args)]
pub(crate) struct Rebuild {
    /// Only these projections.
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Measurements of each.
    #[arg(long, default_value_t = 3)]
    times: u32,
    /// Events in one transaction.
    #[arg(long, default_value_t = 50_000)]
    chunk: u32,
    /// Projections at the same time, when all are rebuilt.
    #[arg(long, default_value_t = 2)]
    workers: usize,
    /// Events for the peer; 0 leaves it out.
    #[arg(long, default_value_t = 50_000)]
    peer_events: u64,
}

impl Rebuild {
    pub(crate) async fn run(&self, on: &Database) -> Result<(), Failure> {
        self.copy(on).await?;
        let known = Projection::builtin();
        let chosen = known.iter().map(|it| it.name.as_str());
        let chosen: Vec<&str> = match self.names.is_empty() {
            true => chosen.collect(),
            false => self.names.iter().map(String::as_str).collect(),
        };
        for name in &chosen {
            self.each(on, &[name], 1, name).await?;
        }
        if self.names.is_empty() {
            let label = format!("all {}, {} at once", chosen.len(), self.workers);
            self.each(on, &chosen, self.workers, &label).await?;
        }
        if self.peer_events > 0 {
            peer::replay(on, self.peer_events, self.times).await?;
        }
        Ok(())
    }

    /// Reading all rows and throwing them away: no rebuild that reads them can be faster on one core.
    async fn copy(&self, on: &Database) -> Result<(), Failure> {
        let mut session = PgConnection::connect(&on.url).await?;
        let mut rates = Spread::default();
        for _ in 0..self.times {
            let began = Instant::now();
            sqlx::raw_sql("COPY annal.events TO '/dev/null'")
                .execute(&mut session)
                .await?;
            rates.add(rate(on.head.0, began));
        }
        say(&format!("{:<24} {}", "COPY to /dev/null", rates.rate()));
        Ok(())
    }

    async fn each(
        &self,
        on: &Database,
        names: &[&str],
        workers: usize,
        label: &str,
    ) -> Result<(), Failure> {
        let (mut folds, mut wholes) = (Spread::default(), Spread::default());
        for _ in 0..self.times {
            let options = RebuildOptions {
                chunk: self.chunk,
                workers,
                ..RebuildOptions::default()
            };
            let began = Instant::now();
            // What follows the first arrival is the little that was written since.
            let mut arrived = BTreeMap::new();
            let note = |it: Progress| {
                if it.position == it.target {
                    arrived.entry(it.projection).or_insert_with(Instant::now);
                }
            };
            let done = on.projector.rebuild(names, &options, note).await?;
            wholes.add(rate(on.head.0, began));
            let folded = arrived.values().max().copied().unwrap_or(began);
            folds.add(rate_over(on.head.0, folded - began));
            if let Some(other) = done
                .iter()
                .find(|it| !it.compared || !it.differences.is_empty())
            {
                return Err(
                    format!("{} was not equal to the live table: {other:?}", other.name).into(),
                );
            }
        }
        say(&format!(
            "{label:<24} fold {}   with indexes, comparison and swap {}",
            folds.rate(),
            wholes.rate()
        ));
        Ok(())
    }
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn rate_over(events: u64, time: std::time::Duration) -> f64 {
    events as f64 / time.as_secs_f64()
}

/// Events a second since a moment.
pub(crate) fn rate(events: u64, began: Instant) -> f64 {
    rate_over(events, began.elapsed())
}
