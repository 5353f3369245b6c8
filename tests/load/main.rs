//! Many at once, from a process of their own: people who read and people who decide, against `annal up`. Whatever was
//! acknowledged is in the log afterwards, and nothing is answered with a server's error.
//!
//! `ANNAL_LOAD_READERS`, `ANNAL_LOAD_DECIDERS` and `ANNAL_LOAD_SECONDS` make it as large as it is wanted; it prints how
//! long pages and decisions took.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod crowd;
mod journal;
mod people;
#[path = "../support/mod.rs"]
mod support;

use std::io::{BufRead, BufReader};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use crowd::{Decider, Reader, Took};
use support::Home;

/// `annal up`, killed with this value.
struct Up(std::process::Child);

impl Drop for Up {
    fn drop(&mut self) {
        // The servers' supervisors see to it that nothing is left.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn what_was_acknowledged_under_load_is_in_the_log_and_no_server_error_is_seen() {
    let (readers, deciders) = (asked("READERS", 20), asked("DECIDERS", 4));
    let lasting = Duration::from_secs(asked("SECONDS", 8) as u64);
    let home = Home::new();
    let mut child = home.spawn(&["up", "--listen", "127.0.0.1:0", "--json"]);
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let _up = Up(child);
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    let told: serde_json::Value = serde_json::from_str(&line).unwrap();
    let text = |name: &str| told[name].as_str().unwrap().to_owned();
    let (server, database) = (text("server"), text("database_url"));

    let people = people::with_tokens(&database, readers, deciders);
    let deciding: Vec<_> = people
        .deciders
        .iter()
        .map(|it| Decider::opens_a_run(&server, it))
        .collect();
    let (stop, start) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(Barrier::new(readers + deciders + 1)),
    );
    let decided: Vec<_> = deciding
        .into_iter()
        .map(|it| it.begins(&start, &stop))
        .collect();
    let reading = people
        .readers
        .iter()
        .map(|it| Reader::new(&server, it).begins(&start, &stop));
    let read: Vec<_> = reading.collect();
    start.wait();
    std::thread::sleep(lasting);
    stop.store(true, Ordering::Relaxed);

    let pages: Took = read.into_iter().map(|it| it.join().unwrap()).sum();
    let mut acts = Took::default();
    let mut acknowledged = Vec::new();
    for it in decided {
        let (took, journal) = it.join().unwrap();
        acts = acts + took;
        acknowledged.extend(journal);
    }
    journal::is_in_the_log(&database, &acknowledged);
    told_to_the_reader(&format!("{readers} people read for {lasting:?}: {pages}"));
    told_to_the_reader(&format!("{deciders} people decided: {acts}"));
    assert_eq!((pages.errors(), acts.errors()), (0, 0), "server errors");
    assert!(
        acknowledged.len() >= deciders,
        "everybody decided something"
    );
}

#[expect(clippy::print_stdout, reason = "what was measured is shown")]
fn told_to_the_reader(line: &str) {
    println!("{line}");
}

fn asked(name: &str, usual: usize) -> usize {
    let value = std::env::var(format!("ANNAL_LOAD_{name}")).ok();
    value.and_then(|it| it.parse().ok()).unwrap_or(usual)
}
