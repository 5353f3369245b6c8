//! Decisions through Temporal, from the caller's request to the answer, and the same with the workflow left out.

mod bank;
mod direct;

use std::time::{Duration, Instant};

use annal_core::dossier::DossierCommand as Do;
use annal_core::item::{DecisionLevel, ItemVerdict, Verdict};
use annal_core::{ItemId, Phase};
use annal_measure::{Failure, Spread};
use clap::Args;
use futures::{StreamExt, TryStreamExt, stream};

use crate::decided::{Decided, RESULT, Way};
use crate::record::Records;
use crate::say;
use crate::server::Server;
use bank::Bank;

/// Whoever changes a decision has to say why, and the bulk commands change each other's.
const WHY: Option<&str> = Some("not typical");

#[derive(Debug, Args)]
pub(crate) struct Decisions {
    /// Decisions one by one.
    #[arg(long, default_value_t = 200)]
    single: usize,
    /// Callers that decide one by one at the same time, each in a run of its own.
    #[arg(long, default_value_t = 8)]
    callers: usize,
    /// Decisions in one command, which are then taken back and taken again.
    #[arg(long, default_value_t = 2_000)]
    bulk: usize,
    /// Bulk commands.
    #[arg(long, default_value_t = 10)]
    bulks: usize,
}

impl Decisions {
    pub(crate) async fn run(&self, on: &Server, records: &Records) -> Result<(), Failure> {
        let bank = Bank::found(on).await?;
        let samples = self.single.max(self.bulk);
        let run = bank.run_with_samples(samples).await?;
        let single = self.one_by_one(&bank, &run).await?;
        tell("single", &single);
        let in_bulk = self.in_bulk(&bank, &run).await?;
        tell("bulk", &in_bulk);
        let at_once = self.at_once(&bank).await?;
        tell("at once", &at_once);
        bank.close().await?;
        let (direct_single, direct_bulk) =
            direct::measure(on, self.single, self.bulk, self.bulks).await?;
        tell("direct, single", &direct_single);
        tell("direct, bulk", &direct_bulk);
        let decided = Decided {
            single,
            callers: self.callers,
            at_once,
            bulk: self.bulk,
            in_bulk,
            direct_single,
            direct_bulk,
        };
        records.keep(RESULT, decided)
    }

    async fn one_by_one(&self, bank: &Bank, run: &bank::Run) -> Result<Way, Failure> {
        let mut times = Vec::new();
        // The first ones fill caches.
        for (number, item) in run.items.iter().take(self.single).enumerate() {
            let time = bank
                .decide(run, std::slice::from_ref(item), Verdict::Approve)
                .await?;
            if number >= self.single / 10 {
                times.push(time);
            }
        }
        Ok(way(times, 1))
    }

    async fn in_bulk(&self, bank: &Bank, run: &bank::Run) -> Result<Way, Failure> {
        let items: Vec<ItemId> = run.items.iter().take(self.bulk).cloned().collect();
        let mut times = Vec::new();
        for number in 0..self.bulks {
            let verdict = [Verdict::Reject, Verdict::Approve][number % 2];
            times.push(bank.decide(run, &items, verdict).await?);
        }
        Ok(way(times, items.len()))
    }

    async fn at_once(&self, bank: &Bank) -> Result<Way, Failure> {
        let each = (self.single / 2).max(10);
        let mut runs = Vec::new();
        for _ in 0..self.callers {
            runs.push(bank.run_with_samples(each).await?);
        }
        let began = Instant::now();
        let times: Vec<Vec<Duration>> = stream::iter(&runs)
            .map(|run| async move {
                let mut times = Vec::new();
                for item in run.items.iter().take(each) {
                    times.push(
                        bank.decide(run, std::slice::from_ref(item), Verdict::Approve)
                            .await?,
                    );
                }
                Ok::<_, Failure>(times)
            })
            .buffer_unordered(self.callers)
            .try_collect()
            .await?;
        let seconds = began.elapsed().as_secs_f64();
        let times: Vec<Duration> = times.into_iter().flatten().collect();
        Ok(Way {
            rate: count(times.len()) / seconds,
            time: Spread::of_times(times),
        })
    }
}

/// Of commands that were sent one after the other.
fn way(times: Vec<Duration>, decisions: usize) -> Way {
    let seconds: f64 = times.iter().map(Duration::as_secs_f64).sum();
    Way {
        rate: count(times.len() * decisions) / seconds,
        time: Spread::of_times(times),
    }
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn count(number: usize) -> f64 {
    number as f64
}

fn tell(name: &str, way: &Way) {
    say(&format!(
        "{name:<16} {:>8.0} decisions/s  {}",
        way.rate,
        way.time.times()
    ));
}

/// A tester's decision on samples.
fn decide(items: &[ItemId], verdict: Verdict) -> Do {
    let decision = |item: &ItemId| ItemVerdict {
        item: item.clone(),
        verdict,
    };
    Do::Decide {
        version: None,
        level: DecisionLevel::Tester,
        decisions: items.iter().map(decision).collect(),
    }
}

/// Where all of this is decided.
const PHASE: Phase = Phase::SampleSelection;
