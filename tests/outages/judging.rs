//! What the people were told, compared with what the log holds.

use std::collections::BTreeMap;
use std::path::Path;

use annal_core::envelope::Recorded;
use annal_core::{Position, Role};
use annal_log::Log;
use serde_json::Value;
use uuid::Uuid;

/// How many commands came to which end.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) acknowledged: usize,
    /// Never acknowledged, and in the log.
    pub(crate) unknown_there: usize,
    /// Never acknowledged, and not in the log.
    pub(crate) unknown_gone: usize,
    pub(crate) events: usize,
}

/// What a journal says of a command.
enum Told {
    Nothing,
    Done { first: u64, last: u64 },
}

/// Compares and verifies everything; a difference is a panic that names it.
pub(crate) async fn judge(log: &Log, journals: &Path) -> Tally {
    let events = all(log).await;
    let mut tally = Tally {
        events: events.len(),
        ..Tally::default()
    };
    let mut commands: BTreeMap<Uuid, Vec<&Recorded>> = BTreeMap::new();
    for event in &events {
        let id = event.metadata.command_id.0;
        commands.entry(id).or_default().push(event);
    }
    for (id, told) in read(journals) {
        let there = commands.remove(&id);
        let ends = there.map(|events| {
            let (first, last) = (events[0].position.0, events[events.len() - 1].position.0);
            let count = events.len() as u64;
            assert_eq!(last - first + 1, count, "{id} is there in part, or twice");
            (first, last)
        });
        match told {
            Told::Done { first, last } => {
                assert_eq!(ends, Some((first, last)), "{id} was acknowledged");
                tally.acknowledged += 1;
            }
            Told::Nothing if ends.is_some() => tally.unknown_there += 1,
            Told::Nothing => tally.unknown_gone += 1,
        }
    }
    for (id, events) in commands {
        let by_the_engine = events[0].metadata.actor.role == Role::Engine;
        let opening = events[0].event_type == "run_opened";
        assert!(by_the_engine || opening, "{id} was meant by nobody");
    }
    assert_eq!(log.verify(None).await.unwrap().fault, None);
    tally
}

/// All demos play the same people on the same data: the same versions, and as many events of each type.
pub(crate) async fn the_same_came_of_all(log: &Log, results: &[Value]) {
    let events = all(log).await;
    let mut counts = Vec::new();
    for result in results {
        let phases = result["phases"].as_array().unwrap();
        let done = phases.iter().filter(|it| it["status"] == "completed");
        assert_eq!(done.count(), 9, "{result}");
        assert_eq!(result["versions"], results[0]["versions"]);
        let run = result["run_id"].as_str().unwrap();
        let mut count: BTreeMap<&str, usize> = BTreeMap::new();
        for event in events.iter().filter(|it| it.aggregate_id.starts_with(run)) {
            *count.entry(&event.event_type).or_default() += 1;
        }
        // A try that was cut short may be recorded; it is the only trace that an outage may leave.
        count.remove("step_failed");
        counts.push(count);
    }
    assert!(counts[0].values().sum::<usize>() > 2_000, "{:?}", counts[0]);
    assert!(counts.iter().all(|it| *it == counts[0]), "{counts:#?}");
}

async fn all(log: &Log) -> Vec<Recorded> {
    let mut all: Vec<Recorded> = Vec::new();
    loop {
        let at = all.last().map_or(Position(0), |last| last.position);
        let page = log.read(at, 5_000).await.unwrap();
        if page.is_empty() {
            return all;
        }
        for event in page {
            let before = all.last().map_or(Position(0), |last| last.position);
            assert_eq!(event.position, before.next(), "a gap");
            all.push(event);
        }
    }
}

/// All journals of a folder together.
fn read(folder: &Path) -> BTreeMap<Uuid, Told> {
    let mut commands = BTreeMap::new();
    for file in std::fs::read_dir(folder).unwrap() {
        for line in std::fs::read_to_string(file.unwrap().path())
            .unwrap()
            .lines()
        {
            let words: Vec<&str> = line.split(' ').collect();
            let id: Uuid = words[1].parse().unwrap();
            let told = match words[0] {
                "intent" => Told::Nothing,
                "done" => Told::Done {
                    first: words[2].parse().unwrap(),
                    last: words[3].parse().unwrap(),
                },
                other => panic!("'{other}' in a journal: the demo's people break no rule"),
            };
            commands.insert(id, told);
        }
    }
    commands
}
