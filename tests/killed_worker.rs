//! The worker is killed again and again while the demo goes on: nothing is lost, nothing is doubled.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use annal_core::{LedgerId, Position};
use annal_log::Log;
use annal_stack::{Needs, Settings, Stack};
use rand::{Rng, SeedableRng};
use serde_json::Value;
use support::Home;

const KILLS: usize = 6;
const PATIENCE: Duration = Duration::from_secs(240);

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_worker_is_replaced_and_the_run_ends_with_the_same_versions() {
    let seed = seed();
    eprintln!("seed {seed}, {KILLS} kills");
    let mut dice = rand::rngs::StdRng::seed_from_u64(seed);
    let mut home = Home::new();
    let stack = servers(home.path()).await;
    // An undisturbed demo beside it is what the disturbed one is compared with.
    let undisturbed = result(home.spawn(&["demo", "--json"]));
    home.at("DATABASE_URL", stack.database_url());
    let temporal = stack.temporal().unwrap();
    home.at("TEMPORAL_ADDRESS", &temporal.target);
    let log = Log::connect(stack.database_url(), "main".parse::<LedgerId>().unwrap())
        .await
        .unwrap();
    let before = log.head().await.unwrap().position;

    let mut worker = home.spawn(&["worker"]);
    let demo = home.spawn(&["demo", "--json", "--people-only"]);
    let expected = undisturbed["events"].as_u64().unwrap();
    for kill in 1..=KILLS {
        // At a random moment of its share of the run, measured in events, not in time.
        let share = expected * kill as u64 / (KILLS as u64 + 1);
        let at = before.0 + share.saturating_sub(dice.random_range(0..40));
        reached(&log, Position(at)).await;
        worker.kill().unwrap();
        worker.wait().unwrap();
        worker = home.spawn(&["worker"]);
    }
    let disturbed = tokio::task::spawn_blocking(move || result(demo))
        .await
        .unwrap();
    worker.kill().unwrap();
    worker.wait().unwrap();

    assert_eq!(disturbed["versions"], undisturbed["versions"]);
    let run = |result: &Value| result["run_id"].as_str().unwrap().to_owned();
    let events = counted(&log).await;
    let of = |result: &Value| {
        let mut counts = events[&run(result)].clone();
        // A try that a kill cut short may be recorded; it is the only trace that a kill may leave.
        counts.remove("step_failed");
        counts
    };
    assert_eq!(of(&disturbed), of(&undisturbed), "seed {seed}");
    drop(log);
    stack.stop().await.unwrap();
}

fn seed() -> u64 {
    let given = std::env::var("ANNAL_SEED").ok();
    given.map_or_else(rand::random, |seed| seed.parse().unwrap())
}

async fn servers(home: &Path) -> Stack {
    let settings = Settings::new(home.join("home"), Needs { temporal: true });
    Stack::start_with(settings, &|_| ()).await.unwrap()
}

fn result(demo: Child) -> Value {
    let output = demo.wait_with_output().unwrap();
    assert!(output.status.success(), "the demo failed");
    serde_json::from_slice(&output.stdout).unwrap()
}

async fn reached(log: &Log, position: Position) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let now = log.head().await.unwrap().position;
        if now >= position {
            return;
        }
        assert!(Instant::now() < deadline, "the log stands still at {now}");
        log.wait_for(now, Duration::from_secs(5)).await.unwrap();
    }
}

/// How many events of each type each run has.
async fn counted(log: &Log) -> BTreeMap<String, BTreeMap<String, usize>> {
    let mut counts: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    let mut after = Position(0);
    loop {
        let page = log.read(after, 10_000).await.unwrap();
        let Some(last) = page.last() else {
            return counts;
        };
        after = last.position;
        for event in page {
            let run = event.aggregate_id.split('/').next().unwrap_or_default();
            let of_run = counts.entry(run.to_owned()).or_default();
            *of_run.entry(event.event_type).or_default() += 1;
        }
    }
}
