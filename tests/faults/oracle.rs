//! The comparison of what clients were told with what the log holds.

use std::collections::BTreeMap;
use std::path::Path;

use annal_core::Position;
use annal_log::Log;
use annal_verify::{Checkpoint, SigningKey, verify_export};
use futures::TryStreamExt;
use uuid::Uuid;

use crate::journal::{Entry, Outcome, read_all};

/// How many commands came to which end.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) acknowledged: usize,
    pub(crate) refused: usize,
    /// Never acknowledged, and in the log.
    pub(crate) unknown_there: usize,
    /// Never acknowledged, and not in the log.
    pub(crate) unknown_gone: usize,
    pub(crate) events: u64,
}

pub(crate) fn key() -> SigningKey {
    SigningKey::from_bytes(&[5; 32])
}

/// Compares and verifies everything; a difference is a panic that names it.
pub(crate) async fn judge(log: &Log, journals: &Path, checkpoints: &[Checkpoint]) -> Tally {
    let mut found = commands_of(log).await;
    let mut tally = Tally {
        events: log.head().await.unwrap().position.0,
        ..Tally::default()
    };
    for (id, Entry { events, outcome }) in read_all(journals) {
        let there = found.remove(&id);
        if let Some((first, last, count)) = there {
            assert_eq!(count, events, "{id} is there in part, or more than once");
            assert_eq!(last - first + 1, events, "{id} is not in one piece");
        }
        let ends = there.map(|(first, last, _)| (first, last));
        match outcome {
            Outcome::Acknowledged { first, last } => {
                assert_eq!(ends, Some((first, last)), "{id} was acknowledged");
                tally.acknowledged += 1;
            }
            Outcome::Refused => {
                assert_eq!(ends, None, "{id} was refused");
                tally.refused += 1;
            }
            Outcome::Unknown if there.is_some() => tally.unknown_there += 1,
            Outcome::Unknown => tally.unknown_gone += 1,
        }
    }
    assert_eq!(found, BTreeMap::new(), "commands that nobody meant");
    assert_eq!(log.verify(None).await.unwrap().fault, None);
    judge_offline(log, checkpoints).await;
    tally
}

/// First and last position and the number of events of every command in the log; positions without a gap.
async fn commands_of(log: &Log) -> BTreeMap<Uuid, (u64, u64, u64)> {
    let mut commands = BTreeMap::new();
    let mut at = Position(0);
    loop {
        let events = log.read(at, 5_000).await.unwrap();
        if events.is_empty() {
            return commands;
        }
        for event in events {
            assert_eq!(event.position, at.next(), "a gap");
            at = event.position;
            let entry = commands
                .entry(event.metadata.command_id.0)
                .or_insert((at.0, at.0, 0));
            *entry = (entry.0, at.0, entry.2 + 1);
        }
    }
}

/// Nothing that was signed for on the way has changed since, by the word of the verifier that needs no database.
async fn judge_offline(log: &Log, checkpoints: &[Checkpoint]) {
    let lines: Vec<String> = log.export(Position(0), None).try_collect().await.unwrap();
    let export = lines.join("\n") + "\n";
    let trusted = key().verifying_key();
    let report = verify_export(export.as_bytes(), checkpoints, Some(&trusted)).unwrap();
    assert_eq!(report.fault, None);
    assert_eq!(
        report.vouched,
        checkpoints.last().map_or(0, |last| last.size)
    );
}

/// The oracle itself: it notices each thing that it is there to notice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_oracle_notices_a_loss_a_double_and_a_stranger() {
    use annal_core::{CommandId, Sequence};

    use crate::journal::Journal;
    use crate::writer::{adding, stream};

    let database = annal_stack::testing::TestDatabase::fresh().await;
    annal_log::migrate(database.url()).await.unwrap();
    let log = Log::connect(database.url(), crate::server::ledger())
        .await
        .unwrap();
    let append = adding(&stream(Uuid::new_v4()), Sequence(0), 2);
    let receipt = log.append(append.clone()).await.unwrap();
    let nobody_s = annal_log::Receipt {
        last: Position(3),
        ..receipt.clone()
    };
    let id = append.command_id;
    type Lines<'a> = &'a (dyn Fn(&Journal) + Sync);
    let cases: [(Lines<'_>, Option<&str>); 7] = [
        (
            &|journal| {
                journal.intent(id, 2);
                journal.acknowledged(id, &receipt);
            },
            None,
        ),
        (&|journal| journal.intent(id, 2), None),
        (&|_| (), Some("nobody meant")),
        (
            &|journal| journal.intent(id, 1),
            Some("in part, or more than once"),
        ),
        (
            &|journal| {
                journal.intent(id, 2);
                journal.refused(id);
            },
            Some("was refused"),
        ),
        (
            &|journal| {
                journal.intent(id, 2);
                journal.acknowledged(id, &nobody_s);
            },
            Some("was acknowledged"),
        ),
        (
            &|journal| {
                let lost = CommandId(Uuid::new_v4());
                journal.intent(id, 2);
                journal.intent(lost, 2);
                journal.acknowledged(lost, &receipt);
            },
            Some("was acknowledged"),
        ),
    ];
    for (n, (write, told)) in cases.into_iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        write(&Journal::open(&folder.path().join("journal")));
        let (log, path) = (log.clone(), folder.path().to_owned());
        let judged = tokio::spawn(async move { judge(&log, &path, &[]).await }).await;
        let panicked = judged.err().map(|error| {
            let panic = error.into_panic();
            panic.downcast_ref::<String>().cloned().unwrap_or_default()
        });
        match (told, panicked) {
            (None, None) => {}
            (Some(told), Some(text)) if text.contains(told) => {}
            (told, text) => panic!("case {n}: wanted {told:?}, got {text:?}"),
        }
    }
}
