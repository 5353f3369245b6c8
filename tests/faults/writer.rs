//! A process that writes to the log and keeps a journal: this test program again, running only its `writer` test.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use annal_core::envelope::Metadata;
use annal_core::{Actor, CommandId, PersonId, Role, Sequence};
use annal_log::{Append, AppendError, EventData, Log, StreamAppend, StreamId};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rustix::process::Signal;
use uuid::Uuid;

use crate::journal::Journal;
use crate::server::{ledger, signal, until};

const URL: &str = "ANNAL_FAULTS_URL";
const JOURNAL: &str = "ANNAL_FAULTS_JOURNAL";
const SEED: &str = "ANNAL_FAULTS_SEED";
/// Stands in every append of these tests, and in nothing else that they ask for.
pub(crate) const ENGINE: &str = "annal faults";
/// Streams that one process writes at the same time.
const STREAMS: u64 = 4;

/// A writer under way.
pub(crate) struct Writer(Child);

impl Writer {
    pub(crate) fn start(url: &str, journals: &Path, seed: u64) -> Self {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "writer::writer", "--ignored", "--nocapture"])
            .env(URL, url)
            .env(JOURNAL, journals.join(Uuid::new_v4().to_string()))
            .env(SEED, seed.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn();
        Self(child.unwrap())
    }

    pub(crate) fn signal(&self, what: Signal) {
        signal(i32::try_from(self.0.id()).unwrap(), what);
    }

    pub(crate) fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Lets it finish what it is at.
    pub(crate) fn finish(mut self) {
        drop(self.0.stdin.take());
        assert!(self.0.wait().unwrap().success(), "a writer failed");
    }
}

/// Also when a test stops half-way.
impl Drop for Writer {
    fn drop(&mut self) {
        // It may have ended by itself already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The process itself; it writes until its standard input ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a part of other tests, which start it as a process of its own"]
async fn writer() {
    let Some(url) = std::env::var_os(URL) else {
        return;
    };
    let url = url.into_string().unwrap();
    let journal = PathBuf::from(std::env::var_os(JOURNAL).unwrap());
    let journal = Arc::new(Journal::open(&journal));
    let seed: u64 = std::env::var(SEED).unwrap().parse().unwrap();
    let ended = Arc::new(AtomicBool::new(false));
    let end = ended.clone();
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        end.store(true, Ordering::SeqCst);
    });
    let log = until("a connection", async || {
        Log::connect(&url, ledger()).await.ok()
    })
    .await;
    let streams = (0..STREAMS).map(|n| {
        let dice = StdRng::seed_from_u64(seed.wrapping_add(n));
        tokio::spawn(write(log.clone(), journal.clone(), ended.clone(), dice))
    });
    for stream in futures::future::join_all(streams).await {
        stream.unwrap();
    }
}

/// Appends to a stream of its own. A command without an outcome is sent again, or left alone for good.
async fn write(log: Log, journal: Arc<Journal>, ended: Arc<AtomicBool>, mut dice: StdRng) {
    let stream = stream(Uuid::new_v4());
    let mut sequence = Sequence(0);
    while !ended.load(Ordering::SeqCst) {
        let append = adding(&stream, sequence, dice.random_range(1..=4));
        let (id, events) = (append.command_id, append.streams[0].events.len() as u64);
        journal.intent(id, events);
        loop {
            match log.append(append.clone()).await {
                Ok(receipt) => {
                    journal.acknowledged(id, &receipt);
                    sequence.0 += events;
                    break;
                }
                Err(AppendError::Log(error)) if error.is_transient() => {
                    if dice.random_bool(0.3) {
                        sequence = reached(&log, &stream).await;
                        break;
                    }
                }
                // An earlier command, given up, was carried out after all.
                Err(AppendError::Conflict { actual, .. }) => {
                    journal.refused(id);
                    sequence = actual;
                    break;
                }
                Err(error) => panic!("{id}: {error}"),
            }
        }
    }
}

/// Every call waits between its own tries, so this does not.
async fn reached(log: &Log, stream: &StreamId) -> Sequence {
    for _ in 0..20 {
        if let Ok(events) = log.read_stream(stream, Sequence(0)).await {
            return events.last().map_or(Sequence(0), |event| event.sequence);
        }
    }
    panic!("the stream {stream} cannot be read")
}

pub(crate) fn stream(id: Uuid) -> StreamId {
    StreamId {
        aggregate_type: "dossier".to_owned(),
        aggregate_id: id.to_string(),
    }
}

/// A command that adds events to one stream.
pub(crate) fn adding(to: &StreamId, expected: Sequence, events: usize) -> Append {
    let command_id = CommandId(Uuid::new_v4());
    let event = |n: usize| EventData {
        event_type: "item_decided".to_owned(),
        event_version: "1.0".to_owned(),
        payload: format!(r#"{{"type":"item_decided","item":"attr-{n}"}}"#),
    };
    Append {
        command_id,
        content_hash: [7; 32],
        metadata: Metadata {
            command_id,
            correlation_id: Uuid::new_v4(),
            causation_id: None,
            actor: Actor {
                id: PersonId::new("ana.tester").unwrap(),
                name: "Ana Tester".into(),
                role: Role::Tester,
                on_behalf_of: None,
            },
            reason: None,
            effective_at: chrono::Utc::now(),
            provenance: None,
            engine: ENGINE.to_owned(),
        },
        streams: vec![StreamAppend {
            stream: to.clone(),
            expected,
            events: (0..events).map(event).collect(),
        }],
        reply: serde_json::json!({ "events": events }),
    }
}
