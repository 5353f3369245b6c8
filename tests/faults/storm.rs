//! Faults at random, one after the other, while three processes write and one reader follows.

use std::collections::BTreeMap;
use std::time::Instant;

use annal_core::Position;
use annal_log::Log;
use annal_verify::Checkpoint;
use futures::{StreamExt, pin_mut};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rustix::process::Signal;
use sqlx::PgPool;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::brake::{self, Held};
use crate::oracle::{judge, key};
use crate::proxy::{self, Losses};
use crate::server::{PATIENCE, Server, braked_backend, signal, until};
use crate::writer::Writer;

const FAULTS: usize = 40;
const WRITERS: usize = 3;
/// The log grows by so many events between two faults.
const BREATH: u64 = 15;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    /// `kill -9` of the one backend that has inserted and not yet committed. PostgreSQL then restarts all backends.
    Backend,
    /// `kill -9` of every process of the server.
    Server,
    /// The fast shutdown of an administrator.
    Shutdown,
    /// `kill -9` of a writing process.
    Writer,
    /// A commit whose answer is lost with the connection.
    Answer,
    /// A writing process that stands still while others go on, and then wakes.
    Stopped,
}

/// How often each comes, of forty.
const MIX: [(Fault, usize); 6] = [
    (Fault::Backend, 10),
    (Fault::Server, 7),
    (Fault::Shutdown, 3),
    (Fault::Writer, 8),
    (Fault::Answer, 8),
    (Fault::Stopped, 4),
];

struct Storm {
    server: Server,
    log: Log,
    admin: PgPool,
    way: String,
    losses: Losses,
    journals: std::path::PathBuf,
    writers: Vec<Writer>,
    dice: StdRng,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_acknowledged_event_is_there_once_whatever_dies() {
    let seed = setting("ANNAL_SEED").unwrap_or_else(rand::random);
    let faults = setting("ANNAL_FAULTS").map_or(FAULTS, |n| usize::try_from(n).unwrap());
    eprintln!("ANNAL_SEED={seed} ANNAL_FAULTS={faults}");
    let began = Instant::now();
    let mut storm = Storm::begin(seed).await;
    let reader = Reader::follow(storm.server.log().await);
    let mut happened: BTreeMap<Fault, usize> = BTreeMap::new();
    let mut checkpoints: Vec<Checkpoint> = Vec::new();
    for fault in storm.plan(faults) {
        storm.breathe().await;
        storm.strike(fault).await;
        *happened.entry(fault).or_default() += 1;
        if happened.values().sum::<usize>().is_multiple_of(10) {
            storm.sign(&mut checkpoints).await;
        }
    }
    storm.breathe().await;

    let Storm {
        server,
        log,
        losses,
        journals,
        writers,
        ..
    } = storm;
    for writer in writers {
        writer.finish();
    }
    let head = log.head().await.unwrap().position;
    reader.arrive(head).await;
    let tally = judge(&log, &journals, &checkpoints).await;
    eprintln!(
        "{happened:?}, {} answers lost, {tally:?}, {:?}",
        losses.lost(),
        began.elapsed()
    );
    assert_eq!(happened.values().sum::<usize>(), faults);
    assert_eq!(
        losses.lost(),
        happened.get(&Fault::Answer).copied().unwrap_or(0)
    );
    assert!(tally.acknowledged > 0);
    log.pool().close().await;
    server.stop().await;
}

impl Storm {
    async fn begin(seed: u64) -> Self {
        let server = Server::start().await;
        let admin = server.admin();
        brake::install(&admin).await;
        let (way, losses) = proxy::before(&server.url).await;
        let journals = server.folder().join("journals");
        std::fs::create_dir(&journals).unwrap();
        let mut storm = Self {
            log: server.log().await,
            server,
            admin,
            way,
            losses,
            journals,
            writers: Vec::new(),
            dice: StdRng::seed_from_u64(seed),
        };
        for _ in 0..WRITERS {
            storm.add_writer();
        }
        storm
    }

    fn add_writer(&mut self) {
        let seed = self.dice.random();
        let writer = Writer::start(&self.way, &self.journals, seed);
        self.writers.push(writer);
    }

    /// The mix, as often as it takes, in an order of the dice.
    fn plan(&mut self, faults: usize) -> Vec<Fault> {
        let mix = MIX.iter().flat_map(|(fault, times)| vec![*fault; *times]);
        let mut plan: Vec<Fault> = mix.cycle().take(faults).collect();
        for last in (1..plan.len()).rev() {
            plan.swap(last, self.dice.random_range(0..=last));
        }
        plan
    }

    /// Waits until the writers are at work again.
    async fn breathe(&self) {
        let head = async || self.log.head().await.ok().map(|head| head.position.0);
        let before = until("the head", head).await;
        until("the log grows", async || {
            (head().await? >= before + BREATH).then_some(())
        })
        .await;
    }

    async fn strike(&mut self, fault: Fault) {
        match fault {
            Fault::Backend => {
                let url = self.server.url.clone();
                let held = until("the brake", async || Held::hold(&url).await).await;
                signal(braked_backend(&self.admin).await, Signal::KILL);
                held.release().await;
            }
            Fault::Server => self.server.kill().await,
            Fault::Shutdown => self.server.shut_down().await,
            Fault::Writer => {
                let victim = self.dice.random_range(0..self.writers.len());
                self.writers.swap_remove(victim).kill();
                self.add_writer();
            }
            Fault::Answer => {
                let before = self.losses.lost();
                self.losses.lose_one();
                until("an answer is lost", async || {
                    (self.losses.lost() > before).then_some(())
                })
                .await;
            }
            Fault::Stopped => {
                let sleeper = self.dice.random_range(0..self.writers.len());
                self.writers[sleeper].signal(Signal::STOP);
                self.breathe().await;
                self.writers[sleeper].signal(Signal::CONT);
            }
        }
    }

    /// Takes a checkpoint that goes on from the last, and proves that it does.
    async fn sign(&self, checkpoints: &mut Vec<Checkpoint>) {
        let trusted = key().verifying_key();
        let next = until("a checkpoint", async || {
            self.log.checkpoint(checkpoints.last(), &key()).await.ok()
        })
        .await;
        if let Some(last) = checkpoints.last() {
            let proof = until("a proof", async || {
                self.log.prove_consistency(last, &next).await.ok()
            })
            .await;
            proof.verify(&trusted).unwrap();
        }
        checkpoints.push(next);
    }
}

/// Follows the log from its beginning through every fault, and stops at the first event out of order.
struct Reader {
    seen: watch::Receiver<Position>,
    task: JoinHandle<()>,
}

impl Reader {
    fn follow(log: Log) -> Self {
        let (tell, seen) = watch::channel(Position(0));
        let task = tokio::spawn(async move {
            let events = log.follow(Position(0)).await;
            pin_mut!(events);
            while let Some(event) = events.next().await {
                let event = event.unwrap();
                assert_eq!(event.position, tell.borrow().next(), "the reader skipped");
                tell.send_replace(event.position);
            }
        });
        Self { seen, task }
    }

    async fn arrive(mut self, head: Position) {
        let arrived = timeout(PATIENCE, self.seen.wait_for(|seen| *seen >= head)).await;
        assert!(
            matches!(arrived, Ok(Ok(_))),
            "the reader stopped before the head"
        );
        self.task.abort();
    }
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}
