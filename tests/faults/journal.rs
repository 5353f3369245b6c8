//! What a client wrote down about its commands.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::Mutex;

use annal_core::CommandId;
use annal_log::Receipt;
use uuid::Uuid;

/// One client's journal. A line is written with one call, so a killed client leaves whole lines.
pub(crate) struct Journal(Mutex<File>);

/// What became of a command, as its client knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The client never heard: it was killed, or gave up.
    Unknown,
    /// The log said where the events are.
    Acknowledged { first: u64, last: u64 },
    /// The log said that nothing was written.
    Refused,
}

/// A command as the journal has it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) events: u64,
    pub(crate) outcome: Outcome,
}

impl Journal {
    pub(crate) fn open(path: &Path) -> Self {
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .unwrap();
        Self(Mutex::new(file))
    }

    pub(crate) fn intent(&self, id: CommandId, events: u64) {
        self.line(&format!("intent {id} {events}\n"));
    }

    pub(crate) fn acknowledged(&self, id: CommandId, receipt: &Receipt) {
        self.line(&format!("done {id} {} {}\n", receipt.first, receipt.last));
    }

    pub(crate) fn refused(&self, id: CommandId) {
        self.line(&format!("refused {id}\n"));
    }

    fn line(&self, line: &str) {
        self.0.lock().unwrap().write_all(line.as_bytes()).unwrap();
    }
}

/// All journals of a folder together.
pub(crate) fn read_all(folder: &Path) -> BTreeMap<Uuid, Entry> {
    let mut entries = BTreeMap::new();
    for file in fs::read_dir(folder).unwrap() {
        for line in fs::read_to_string(file.unwrap().path()).unwrap().lines() {
            let words: Vec<&str> = line.split(' ').collect();
            let id: Uuid = words[1].parse().unwrap();
            let number = |n: usize| words[n].parse::<u64>().unwrap();
            if words[0] == "intent" {
                let entry = Entry {
                    events: number(2),
                    outcome: Outcome::Unknown,
                };
                assert!(entries.insert(id, entry).is_none(), "{id} was meant twice");
                continue;
            }
            let entry = entries.get_mut(&id).expect("the intent comes first");
            entry.outcome = match words[0] {
                "done" => Outcome::Acknowledged {
                    first: number(2),
                    last: number(3),
                },
                "refused" => Outcome::Refused,
                other => panic!("'{other}' in a journal"),
            };
        }
    }
    entries
}
