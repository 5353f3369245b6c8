//! A rebuild of all projections that is killed again and again, while people write, follow and read.
//!
//! `ANNAL_REBUILD_EVENTS=1000000 cargo test --release -p annal-projector --test killed -- --nocapture` does it with a
//! large log; `ANNAL_SEED` repeats the same points.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test stops at the first surprise and says what it did; its processes talk over standard output"
)]

mod support;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use annal_bench::{ORDINARY, fill, run};
use annal_core::Position;
use annal_log::Log;
use annal_projector::{Projection, Projector, ProjectorError, RebuildOptions};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sqlx::{Connection, PgConnection};
use support::database::Prepared;

const URL: &str = "ANNAL_REBUILD_URL";
const NAMES: &str = "ANNAL_REBUILD_NAMES";
const KILLS: usize = 20;

/// Where writers are not to wait for longer, on a machine that does nothing else.
const LONG: Duration = Duration::from_millis(100);

fn events() -> u64 {
    variable("ANNAL_REBUILD_EVENTS").unwrap_or(8_000)
}

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|it| it.parse().unwrap())
}

/// The process itself: rebuilds the projections that it is told, and says how far it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a part of the other test, which starts it as a process of its own"]
async fn rebuilding() {
    let Ok(url) = std::env::var(URL) else { return };
    let names = std::env::var(NAMES).unwrap();
    let names: Vec<&str> = names.split(',').collect();
    let projector = Projector::connect(&url, support::main_ledger())
        .await
        .unwrap();
    let options = RebuildOptions {
        // Small enough that there is much to be killed in.
        chunk: u32::try_from(events() / 16).unwrap().clamp(500, 10_000),
        ..RebuildOptions::default()
    };
    // The session of the process that was killed may hold its claim for a moment.
    loop {
        let tell = |it: annal_projector::Progress| println!("at {} {}", it.projection, it.position);
        match projector.rebuild(&names, &options, tell).await {
            Ok(_) => return,
            Err(ProjectorError::Busy(_)) => tokio::time::sleep(Duration::from_millis(20)).await,
            Err(error) => panic!("{error}: {error:?}"),
        }
    }
}

fn process(url: &str, names: &[String]) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "rebuilding", "--ignored", "--nocapture"])
        .env(URL, url)
        .env(NAMES, names.join(","))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Where each successor is, as the processes told.
type Reached = BTreeMap<String, u64>;

/// Follows a process up to a point of the whole way, and kills it there. False if it ended before.
fn kill_at(mut process: Child, point: u64, reached: &mut Reached, late: Duration) -> bool {
    let told = BufReader::new(process.stdout.take().unwrap());
    for line in told.lines() {
        let line = line.unwrap();
        let Some((_, at)) = line.split_once("at ") else {
            continue;
        };
        let (name, position) = at.split_once(' ').unwrap();
        reached.insert(name.to_owned(), position.parse().unwrap());
        if reached.values().sum::<u64>() >= point {
            // A little later it may be at its indexes, its comparison or its swap.
            std::thread::sleep(late);
            process.kill().unwrap();
            process.wait().unwrap();
            return true;
        }
    }
    assert!(process.wait().unwrap().success(), "a rebuild failed");
    false
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_rebuild_killed_at_twenty_points_gives_the_same_tables_while_everybody_works() {
    let events = events();
    let seed = variable("ANNAL_SEED").unwrap_or_else(|| rand::rng().random());
    let mut dice = StdRng::seed_from_u64(seed);
    let prepared = Prepared::fresh().await;
    let began = Instant::now();
    let (_, head) = fill(&prepared.log, 0, events).await.unwrap();
    prepared.projector.catch_up(head).await.unwrap();
    eprintln!(
        "seed {seed}, {} events in {:.1} s",
        head.0,
        began.elapsed().as_secs_f64()
    );

    let stop = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn(write(prepared.log.clone(), stop.clone()));
    let watcher = tokio::spawn(watch(prepared.url.clone(), stop.clone()));
    let reader = tokio::spawn(read(prepared.url.clone(), stop.clone()));
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let follower = prepared.projector.clone();
    let following = tokio::spawn(async move { follower.follow(ended).await });

    let began = Instant::now();
    let mut session = PgConnection::connect(&prepared.url).await.unwrap();
    let start: chrono::DateTime<chrono::Utc> = sqlx::query_scalar("SELECT clock_timestamp()")
        .fetch_one(&mut session)
        .await
        .unwrap();
    let whole = head.0 * Projection::builtin().len() as u64;
    let (mut kills, mut reached) = (0, Reached::new());
    loop {
        let left = not_swapped_since(&mut session, start).await;
        if left.is_empty() {
            break;
        }
        let share = whole / KILLS as u64;
        let point = match kills < KILLS {
            true => share * kills as u64 + dice.random_range(0..share),
            false => u64::MAX,
        };
        let late = Duration::from_millis(dice.random_range(0..40));
        let (url, told) = (prepared.url.clone(), reached);
        let lived = tokio::task::spawn_blocking(move || {
            let mut reached = told;
            let killed = kill_at(process(&url, &left), point, &mut reached, late);
            (killed, reached)
        });
        let killed;
        (killed, reached) = lived.await.unwrap();
        kills += usize::from(killed);
    }
    stop.store(true, Ordering::SeqCst);
    let (written, (longest, in_it)) = writer.await.unwrap();
    let (looks, waits) = watcher.await.unwrap();
    let reads = reader.await.unwrap();
    eprintln!(
        "{kills} kills in {:.1} s; meanwhile {written} appends, the longest {longest:?} for {in_it} events; {looks} looks at the locks, {reads} reads; \
         what long appends were seen waiting for: {waits:?}",
        began.elapsed().as_secs_f64()
    );
    assert_eq!(kills, KILLS);
    assert!(written > 20 && looks > 20 && reads > 20);
    end.send(()).unwrap();
    following.await.unwrap().unwrap();

    // What was killed, taken up, swapped in and followed since is what one undisturbed rebuild makes.
    prepared
        .projector
        .catch_up(Position(u64::MAX))
        .await
        .unwrap();
    let undisturbed = RebuildOptions {
        compare_only: true,
        ..RebuildOptions::default()
    };
    let compared = prepared
        .projector
        .rebuild(&[], &undisturbed, |_| ())
        .await
        .unwrap();
    assert_eq!(compared.len(), Projection::builtin().len());
    for it in compared {
        assert!(it.compared && it.differences.is_empty(), "{it:?}");
    }
    // Beside other tests the machine alone makes a writer wait; whose locks it waits for is watched in any case.
    if variable("ANNAL_REBUILD_EVENTS").is_some() {
        assert!(longest < LONG, "a writer waited for {longest:?}");
    }
}

async fn not_swapped_since(
    session: &mut PgConnection,
    start: chrono::DateTime<chrono::Utc>,
) -> Vec<String> {
    let left =
        "SELECT projection FROM annal_read.projections WHERE made_at < $1 ORDER BY projection";
    let left = sqlx::query_scalar(left).bind(start);
    left.fetch_all(session).await.unwrap()
}

/// Writes whole runs; how many commands, and the longest wait for one, with how many events that had.
async fn write(log: Log, stop: Arc<AtomicBool>) -> (u32, (Duration, usize)) {
    let (mut written, mut longest) = (0, (Duration::ZERO, 0));
    // As fast as people would at the best of times, or the log outgrows what is to be measured.
    let mut pace = tokio::time::interval(Duration::from_millis(50));
    for number in 1 << 20.. {
        for command in run(number, ORDINARY) {
            pace.tick().await;
            if stop.load(Ordering::SeqCst) {
                return (written, longest);
            }
            let events = command.streams.iter().map(|it| it.events.len()).sum();
            let began = Instant::now();
            log.append(command).await.unwrap();
            longest = longest.max((began.elapsed(), events));
            written += 1;
        }
    }
    (written, longest)
}

/// Looks whether a writer waits for a rebuild or a follower, and what locks those hold on the log; how often, and what
/// appends that took long were waiting for instead.
async fn watch(url: String, stop: Arc<AtomicBool>) -> (u32, BTreeMap<String, u32>) {
    let blocked = "SELECT count(*) FROM pg_stat_activity w
         CROSS JOIN unnest(pg_blocking_pids(w.pid)) AS blocker
         JOIN pg_stat_activity p ON p.pid = blocker
         WHERE w.datname = current_database() AND w.application_name = 'annal'
           AND p.application_name = 'annal-projector'";
    let held = "SELECT DISTINCT l.mode FROM pg_locks l
         JOIN pg_stat_activity p ON p.pid = l.pid AND p.application_name = 'annal-projector'
         JOIN pg_class c ON c.oid = l.relation AND c.relnamespace = 'annal'::regnamespace
         WHERE l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
           AND l.mode <> 'AccessShareLock'";
    let long = "SELECT coalesce(wait_event_type || ' ' || wait_event, 'nothing, it works') FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'annal' AND state = 'active'
           AND query LIKE '%annal.append%' AND clock_timestamp() - query_start > '50 ms'";
    let mut session = PgConnection::connect(&url).await.unwrap();
    let (mut looks, mut waits) = (0, BTreeMap::new());
    let mut look = tokio::time::interval(Duration::from_millis(25));
    while !stop.load(Ordering::SeqCst) {
        look.tick().await;
        let waiting: i64 = sqlx::query_scalar(blocked)
            .fetch_one(&mut session)
            .await
            .unwrap();
        assert_eq!(waiting, 0, "a writer waits for a projection");
        let modes: Vec<String> = sqlx::query_scalar(held)
            .fetch_all(&mut session)
            .await
            .unwrap();
        assert!(modes.is_empty(), "a projection holds {modes:?} on the log");
        let waiting = sqlx::query_scalar::<_, String>(long);
        for wait in waiting.fetch_all(&mut session).await.unwrap() {
            *waits.entry(wait).or_insert(0) += 1;
        }
        looks += 1;
    }
    (looks, waits)
}

/// Reads all the time: a table never has fewer rows than before, and is always there.
async fn read(url: String, stop: Arc<AtomicBool>) -> u32 {
    let count = "SELECT (SELECT count(*) FROM annal_read.version_history),
                        (SELECT count(*) FROM annal_read.workflow_transitions)";
    let mut session = PgConnection::connect(&url).await.unwrap();
    let (mut reads, mut before) = (0, (0, 0));
    let mut pause = tokio::time::interval(Duration::from_millis(10));
    while !stop.load(Ordering::SeqCst) {
        pause.tick().await;
        let now: (i64, i64) = sqlx::query_as(count).fetch_one(&mut session).await.unwrap();
        assert!(
            now.0 >= before.0 && now.1 >= before.1,
            "{before:?}, then {now:?}"
        );
        (before, reads) = (now, reads + 1);
    }
    reads
}
