//! How fast the projections are rebuilt, and what writers notice of it.

mod peers;
mod writing;

pub(crate) use peers::REPLAY;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use annal_core::Position;
use annal_measure::{Failure, Spread};
use annal_projector::{Progress, Projection, RebuildOptions};
use clap::Args;
use serde::{Deserialize, Serialize};
use sqlx::{Connection, PgConnection};

use crate::limits::rate;
use crate::record::Records;
use crate::say;
use crate::server::{Filled, Server};

/// The name of the results.
pub(crate) const RESULT: &str = "rebuild";
/// What reading and throwing away is called in the results.
pub(crate) const COPY: &str = "COPY to /dev/null";

#[derive(Debug, Args)]
pub(crate) struct Rebuild {
    /// Only these projections; `all` for all at once, `copy` for the limit, `peers` for the other stores, `writing` for
    /// appends during a rebuild of all.
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// The filled database that is measured.
    #[arg(long, default_value_t = 1_000_000)]
    events: u64,
    /// Measurements of each.
    #[arg(long, default_value_t = 3)]
    times: u32,
    /// Events in one transaction.
    #[arg(long, default_value_t = RebuildOptions::default().chunk)]
    chunk: u32,
    /// Projections at the same time, when all are rebuilt.
    #[arg(long, default_value_t = RebuildOptions::default().workers)]
    workers: usize,
    /// Events for the other stores.
    #[arg(long, default_value_t = 50_000)]
    peer_events: u64,
    /// The program that runs the other stores; without it only `QueryReplay` is measured beside.
    #[arg(long, env = "ANNAL_BENCH_PEERS")]
    peers: Option<PathBuf>,
}

/// What was measured, by name.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Rebuilds {
    pub(crate) rates: BTreeMap<String, Rates>,
    pub(crate) writing: Option<writing::Writing>,
}

/// Events a second of one thing.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Rates {
    pub(crate) events: u64,
    pub(crate) command: String,
    /// Of folding alone, until the successor has every event.
    pub(crate) fold: Spread,
    /// Of the whole job, with indexes, comparison and swap.
    pub(crate) whole: Spread,
}

impl Rebuild {
    pub(crate) async fn run(&self, on: &Server, records: &Records) -> Result<(), Failure> {
        let filled = on.filled(self.events).await?;
        let head = filled.expect_full().await?;
        filled.projector.catch_up(head).await?;
        let known: Vec<String> = Projection::builtin()
            .into_iter()
            .map(|it| it.name)
            .collect();
        let wanted = |word: &str| self.names.is_empty() || self.names.iter().any(|it| it == word);
        let mut rates = BTreeMap::new();
        if wanted("copy") {
            rates.insert(COPY.to_owned(), self.copy(&filled, head).await?);
        }
        for name in known.iter().filter(|name| wanted(name)) {
            let it = self.each(&filled, head, &[name], 1).await?;
            tell(name, &it);
            rates.insert(name.clone(), it);
        }
        if wanted("all") {
            let names: Vec<&str> = known.iter().map(String::as_str).collect();
            let it = self.each(&filled, head, &names, self.workers).await?;
            let label = format!("all {}, {} at once", names.len(), self.workers);
            tell(&label, &it);
            rates.insert(label, it);
        }
        if wanted("peers") {
            rates.extend(peers::replay(self, &filled).await?);
        }
        let writing = match wanted("writing") {
            true => Some(writing::during_a_rebuild(&filled, &self.options(self.workers)).await?),
            false => None,
        };
        keep(records, rates, writing)
    }

    /// Reading all rows and throwing them away: no rebuild that reads them can be faster on one core.
    async fn copy(&self, filled: &Filled, head: Position) -> Result<Rates, Failure> {
        let mut session = PgConnection::connect(&filled.url).await?;
        let mut rates = Vec::new();
        for _ in 0..self.times {
            let began = Instant::now();
            sqlx::raw_sql("COPY annal.events TO '/dev/null'")
                .execute(&mut session)
                .await?;
            rates.push(rate(head.0, began));
        }
        let it = of(head.0, rates.clone(), rates);
        tell(COPY, &it);
        Ok(it)
    }

    async fn each(
        &self,
        filled: &Filled,
        head: Position,
        names: &[&str],
        workers: usize,
    ) -> Result<Rates, Failure> {
        let (mut folds, mut wholes) = (Vec::new(), Vec::new());
        for _ in 0..self.times {
            let began = Instant::now();
            // What follows the first arrival is the little that was written since.
            let mut arrived = BTreeMap::new();
            let note = |it: Progress| {
                if it.position == it.target {
                    arrived
                        .entry(it.projection)
                        .or_insert_with(|| rate(head.0, began));
                }
            };
            let done = filled
                .projector
                .rebuild(names, &self.options(workers), note)
                .await?;
            wholes.push(rate(head.0, began));
            folds.push(arrived.values().copied().fold(f64::MAX, f64::min));
            let differs =
                |it: &&annal_projector::Rebuilt| !it.compared || !it.differences.is_empty();
            if let Some(other) = done.iter().find(differs) {
                return Err(
                    format!("{} was not equal to the live table: {other:?}", other.name).into(),
                );
            }
        }
        Ok(of(head.0, folds, wholes))
    }

    fn options(&self, workers: usize) -> RebuildOptions {
        RebuildOptions {
            chunk: self.chunk,
            workers,
            ..RebuildOptions::default()
        }
    }
}

fn of(events: u64, folds: Vec<f64>, wholes: Vec<f64>) -> Rates {
    let words: Vec<String> = std::env::args().skip(1).collect();
    Rates {
        events,
        command: format!("annal-bench {}", words.join(" ")),
        fold: Spread::of(folds),
        whole: Spread::of(wholes),
    }
}

fn tell(name: &str, it: &Rates) {
    let (fold, whole) = (it.fold.rate(), it.whole.rate());
    say(&format!(
        "{name:<24} fold {fold}   with indexes, comparison and swap {whole}"
    ));
}

/// Older results of what was not measured now stay.
fn keep(
    records: &Records,
    rates: BTreeMap<String, Rates>,
    writing: Option<writing::Writing>,
) -> Result<(), Failure> {
    let older = records.find::<Rebuilds>(RESULT)?;
    let mut all = older.map(|it| it.result).unwrap_or_default();
    all.rates.extend(rates);
    all.writing = writing.or(all.writing);
    records.keep(RESULT, all)
}
