//! Everything around the log dies while people act: worker, Temporal, PostgreSQL, all three, the projector; a worker
//! stands still and wakes late. Nothing that was acknowledged is lost, nothing is there twice, and every run ends.
//!
//! The people are those of the demo, two runs at a time; their journals are the oracle. `ANNAL_SEED` repeats a run,
//! `ANNAL_OUTAGES` sets how many outages there are: `ANNAL_OUTAGES=200 cargo test -p annal-cli --test outages`.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test stops at the first surprise and says what it did"
)]

mod judging;
mod servers;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use annal_core::Position;
use annal_log::Log;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rustix::process::Signal;
use serde_json::Value;
use servers::{Servers, signal};
use support::Home;

const OUTAGES: usize = 10;
/// Outages while two demos run side by side; then there are two new ones.
const A_ROUND: usize = 10;
const RUNS: usize = 2;
/// The events of one demo, roughly.
const EVENTS: u64 = 2_700;
/// The longest that the log may stand still, whatever happened.
const PATIENCE: Duration = Duration::from_secs(180);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outage {
    Worker,
    Temporal,
    PostgreSql,
    AllThree,
    Projector,
    /// A worker stands still while the other one does its work, and then wakes and goes on with what it was at.
    Stopped,
}

/// How often each comes, of ten.
const MIX: [(Outage, usize); 6] = [
    (Outage::Worker, 2),
    (Outage::Temporal, 2),
    (Outage::PostgreSql, 2),
    (Outage::AllThree, 1),
    (Outage::Projector, 1),
    (Outage::Stopped, 2),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_run_ends_and_every_acknowledged_decision_is_there_once_whatever_dies() {
    let seed = setting("ANNAL_SEED").unwrap_or_else(rand::random);
    let outages = setting("ANNAL_OUTAGES").map_or(OUTAGES, |n| usize::try_from(n).unwrap());
    eprintln!("ANNAL_SEED={seed} ANNAL_OUTAGES={outages}");
    let began = Instant::now();
    let mut scene = Scene::open(seed).await;
    let mut happened: BTreeMap<Outage, usize> = BTreeMap::new();
    for round in scene.plan(outages).chunks(A_ROUND) {
        let results = scene.round(round).await;
        for outage in round {
            *happened.entry(*outage).or_default() += 1;
        }
        judging::the_same_came_of_all(&scene.log, &results).await;
    }
    let tally = judging::judge(&scene.log, &scene.journals).await;
    scene.tables_are_as_rebuilt();
    eprintln!("{happened:?}, {tally:?}, {:?}", began.elapsed());
    assert_eq!(happened.values().sum::<usize>(), outages);
    assert!(tally.acknowledged > 0);
    scene.close().await;
}

/// Servers, two workers, a projector, and people.
struct Scene {
    home: Home,
    servers: Servers,
    log: Log,
    kept: Vec<Kept>,
    /// The people of this round.
    demos: Vec<Process>,
    journals: PathBuf,
    dice: StdRng,
}

/// A process, and the file of what it tells.
struct Process {
    child: Child,
    told: PathBuf,
}

/// A process that is started again when it ends, as a service manager does.
struct Kept {
    words: &'static [&'static str],
    process: Process,
}

/// Places in [`Scene::kept`].
const WORKERS: usize = 2;
const PROJECTOR: usize = 2;

impl Scene {
    async fn open(seed: u64) -> Self {
        let mut home = Home::new();
        let servers = Servers::start(home.path()).await;
        home.at("DATABASE_URL", &servers.database_url);
        home.at("TEMPORAL_ADDRESS", &servers.temporal);
        home.json(&["migrate"]);
        let log = Log::connect(&servers.database_url, "main".parse().unwrap());
        let log = log.await.unwrap();
        assert_eq!(log.settings().await.unwrap(), [], "as in production");
        let words: [&'static [&'static str]; 3] = [&["worker"], &["worker"], &["projector"]];
        let kept = words.map(|words| Kept {
            words,
            process: Process::start(&home, words, Stdio::null()),
        });
        let journals = home.path().join("journals");
        std::fs::create_dir(&journals).unwrap();
        Self {
            home,
            servers,
            log,
            kept: kept.into(),
            demos: Vec::new(),
            journals,
            dice: StdRng::seed_from_u64(seed),
        }
    }

    /// The mix, as often as it takes, in an order of the dice.
    fn plan(&mut self, outages: usize) -> Vec<Outage> {
        let mix = MIX.iter().flat_map(|(outage, times)| vec![*outage; *times]);
        let mut plan: Vec<Outage> = mix.cycle().take(outages).collect();
        for last in (1..plan.len()).rev() {
            plan.swap(last, self.dice.random_range(0..=last));
        }
        plan
    }

    /// Two demos, and outages spread over them: at moments measured in events, not in time.
    async fn round(&mut self, outages: &[Outage]) -> Vec<Value> {
        let before = self.log.head().await.unwrap().position.0;
        let journals = self.begun();
        self.demos = (0..RUNS).map(|_| self.demo()).collect();
        self.all_have_begun(journals + RUNS).await;
        let all = EVENTS * RUNS as u64;
        for (n, outage) in outages.iter().enumerate() {
            let share = all * (n as u64 + 1) / (outages.len() as u64 + 1);
            let at = share.saturating_sub(self.dice.random_range(0..60));
            self.reached(before + at).await;
            self.strike(*outage).await;
        }
        self.reached(before + all * 9 / 10).await;
        let mut results = Vec::new();
        for demo in std::mem::take(&mut self.demos) {
            results.push(self.result(demo).await);
        }
        results
    }

    /// A run is opened once; from then on its people keep their journal and bear with everything.
    async fn all_have_begun(&mut self, journals: usize) {
        let until = Instant::now() + PATIENCE;
        while self.begun() < journals {
            self.see_to();
            assert!(Instant::now() < until, "a run does not begin");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn begun(&self) -> usize {
        std::fs::read_dir(&self.journals).unwrap().count()
    }

    /// The people of one run.
    fn demo(&self) -> Process {
        let journal = self.journals.join(uuid::Uuid::new_v4().to_string());
        let journal = journal.display().to_string();
        let words = ["demo", "--json", "--people-only", "--journal", &journal];
        Process::start(&self.home, &words, Stdio::piped())
    }

    async fn strike(&mut self, outage: Outage) {
        match outage {
            Outage::Worker => {
                let victim = self.dice.random_range(0..WORKERS);
                self.kept[victim].kill();
            }
            Outage::Projector => self.kept[PROJECTOR].kill(),
            Outage::Temporal => self.servers.kill_temporal().await,
            Outage::PostgreSql => self.servers.kill_postgres().await,
            Outage::AllThree => {
                for worker in &mut self.kept[..WORKERS] {
                    worker.kill();
                }
                self.servers.kill_both().await;
            }
            Outage::Stopped => {
                let sleeper = self.dice.random_range(0..WORKERS);
                let pid = self.kept[sleeper].pid();
                signal(pid, Signal::STOP);
                let now = self.head().await;
                self.reached(now + 80).await;
                signal(pid, Signal::CONT);
            }
        }
    }

    /// Waits for the log, or until nobody acts any more, and starts again what has ended meanwhile.
    async fn reached(&mut self, position: u64) {
        let (mut last, mut moved) = (0, Instant::now());
        loop {
            self.see_to();
            let now = self.head().await;
            if now >= position || self.all_are_done() {
                return;
            }
            if now > last {
                (last, moved) = (now, Instant::now());
            }
            if moved.elapsed() > PATIENCE {
                panic!("the log stands still at {now}: {}", self.told().await);
            }
            // An error is an outage; the next look tells.
            let _ = self
                .log
                .wait_for(Position(now), Duration::from_secs(1))
                .await;
        }
    }

    fn all_are_done(&mut self) -> bool {
        let mut demos = self.demos.iter_mut();
        demos.all(|demo| demo.child.try_wait().unwrap().is_some())
    }

    async fn head(&self) -> u64 {
        servers::until("the head", async || {
            self.log.head().await.ok().map(|head| head.position.0)
        })
        .await
    }

    /// What each process said last, and what each session of the database is doing.
    async fn told(&self) -> String {
        let demos = self.demos.iter().map(|demo| demo.last(1));
        let kept = self.kept.iter().map(|kept| {
            let Kept { words, process } = kept;
            let id = process.child.id();
            format!("{} {id}:\n{}", words.join(" "), process.last(5))
        });
        let sessions: Result<Vec<String>, _> = sqlx::query_scalar(SESSIONS)
            .fetch_all(self.log.pool())
            .await;
        let sessions = sessions.unwrap_or_else(|error| vec![error.to_string()]);
        let all: Vec<_> = demos.chain(kept).chain(sessions).collect();
        all.join("\n")
    }

    fn see_to(&mut self) {
        for kept in &mut self.kept {
            if kept.process.child.try_wait().unwrap().is_some() {
                kept.process = Process::start(&self.home, kept.words, Stdio::null());
            }
        }
    }

    async fn result(&mut self, mut demo: Process) -> Value {
        let until = Instant::now() + PATIENCE;
        while demo.child.try_wait().unwrap().is_none() {
            self.see_to();
            let over = Instant::now() > until;
            assert!(!over, "a run does not end: {}", demo.last(1));
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let last = demo.last(1);
        let output = demo.child.wait_with_output().unwrap();
        assert!(output.status.success(), "people gave up: {last}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn tables_are_as_rebuilt(&self) {
        let compared = self.home.json(&["projections", "compare"]);
        let tables = compared["rows"].as_array().unwrap();
        assert!(tables.len() > 10, "{compared}");
        for table in tables {
            assert_eq!(table["compared"], true, "{table}");
            let differences = (&table["only_live"], &table["only_rebuilt"]);
            assert_eq!(differences, (&0.into(), &0.into()), "{table}");
        }
    }

    async fn close(mut self) {
        for kept in &mut self.kept {
            kept.kill();
        }
        self.log.pool().close().await;
        self.servers.stop().await;
    }
}

/// All sessions but this one, and which of them each waits for.
const SESSIONS: &str = "SELECT concat_ws(' ', pid, application_name, state, wait_event_type, wait_event,
    'waits for ' || nullif(pg_blocking_pids(pid), '{}')::text, 'since ' || (clock_timestamp() - state_change), left(query, 80))
    FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY state_change";

impl Process {
    fn start(home: &Home, words: &[&str], stdout: Stdio) -> Self {
        let told = home.path().join(uuid::Uuid::new_v4().to_string());
        let mut command = home.command(words);
        command.stdout(stdout);
        command.stderr(File::create(&told).unwrap());
        let child = command.spawn().unwrap();
        Self { child, told }
    }

    /// The last lines of what it told.
    fn last(&self, lines: usize) -> String {
        let told = std::fs::read_to_string(&self.told).unwrap();
        let all: Vec<_> = told.lines().collect();
        all[all.len().saturating_sub(lines)..].join("\n")
    }
}

impl Kept {
    fn pid(&self) -> i32 {
        i32::try_from(self.process.child.id()).unwrap()
    }

    fn kill(&mut self) {
        // It may have ended by itself already.
        let _ = self.process.child.kill();
        let _ = self.process.child.wait();
    }
}

/// Also when a test stops half-way.
impl Drop for Kept {
    fn drop(&mut self) {
        self.kill();
    }
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}
