//! One fault at a time, at a known moment.

use std::time::Duration;

use annal_core::{LedgerId, Position, Sequence};
use annal_log::{AppendError, Log, LogError};
use annal_stack::testing::TestDatabase;
use futures::future::join_all;
use sqlx::postgres::PgPoolOptions;
use sqlx::{Executor, PgPool};
use tokio::time::timeout;
use uuid::Uuid;

use crate::brake::{self, Held};
use crate::server::{PATIENCE, braked_backend, ledger};
use crate::writer::{adding, stream};

/// A database on the shared test server, with the brake.
struct Braked {
    database: TestDatabase,
    log: Log,
    admin: PgPool,
}

async fn begin() -> Braked {
    let database = TestDatabase::fresh().await;
    annal_log::migrate(database.url()).await.unwrap();
    let admin = PgPoolOptions::new()
        .max_connections(3)
        .connect(database.url())
        .await
        .unwrap();
    brake::install(&admin).await;
    let log = Log::connect(database.url(), ledger()).await.unwrap();
    Braked {
        database,
        log,
        admin,
    }
}

/// Readers of every kind, while a transaction has written its events and waits: nobody sees any of it, another ledger
/// goes on, and afterwards nobody has missed anything.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_transaction_never_makes_a_reader_skip() {
    let Braked {
        database,
        log,
        admin,
    } = begin().await;
    log.append(adding(&stream(Uuid::new_v4()), Sequence(0), 2))
        .await
        .unwrap();
    let other = Log::connect(database.url(), ledger()).await.unwrap();
    let held = Held::hold(database.url()).await.unwrap();
    let slow = tokio::spawn({
        let log = log.clone();
        async move {
            log.append(adding(&stream(Uuid::new_v4()), Sequence(0), 3))
                .await
        }
    });
    braked_backend(&admin).await;
    // Another process appends to the same ledger behind it, and cannot overtake it.
    let behind = tokio::spawn({
        let other = other.clone();
        async move {
            other
                .append(adding(&stream(Uuid::new_v4()), Sequence(0), 1))
                .await
        }
    });
    for _ in 0..20 {
        assert_eq!(other.read(Position(0), 100).await.unwrap().len(), 2);
        assert_eq!(other.head().await.unwrap().position, Position(2));
    }
    assert!(!slow.is_finished() && !behind.is_finished());

    held.release().await;

    let slow = slow.await.unwrap().unwrap();
    let behind = behind.await.unwrap().unwrap();
    assert_eq!(
        (slow.first, slow.last, behind.first),
        (Position(3), Position(5), Position(6))
    );
    let read = other.read(Position(2), 100).await.unwrap();
    let positions: Vec<u64> = read.iter().map(|event| event.position.0).collect();
    assert_eq!(positions, [3, 4, 5, 6]);
}

/// The brake stops a ledger's writers alone: another ledger has a head row of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_ledger_holds_up_no_other() {
    let Braked {
        database,
        log,
        admin,
    } = begin().await;
    let name = LedgerId::new("another").unwrap();
    annal_log::create_ledger(database.url(), &name)
        .await
        .unwrap();
    let another = Log::connect(database.url(), name).await.unwrap();
    let mut holder = admin.begin().await.unwrap();
    holder
        .execute("SELECT * FROM annal.ledgers WHERE ledger = 'main' FOR UPDATE")
        .await
        .unwrap();
    let waiting = tokio::spawn({
        let log = log.clone();
        async move {
            log.append(adding(&stream(Uuid::new_v4()), Sequence(0), 1))
                .await
        }
    });
    let append = another.append(adding(&stream(Uuid::new_v4()), Sequence(0), 1));

    assert_eq!(
        timeout(PATIENCE, append).await.unwrap().unwrap().first,
        Position(1)
    );

    assert!(!waiting.is_finished());
    holder.rollback().await.unwrap();
    waiting.await.unwrap().unwrap();
}

/// Deadlock, serialization failure, shutdown by an administrator, no room for connections, no room on the disk, a lock
/// that does not come: each with what PostgreSQL's code for it does to a caller. They pass, and the append is there once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_passing_failure_of_the_database_costs_no_event_and_doubles_none() {
    let Braked {
        database: _database,
        log,
        admin,
    } = begin().await;
    let mut position = 0;
    for code in [
        "40P01", "40001", "57P01", "57P02", "57P03", "53300", "53100", "53200", "55P03", "08006",
    ] {
        brake::fail(&admin, code, 2).await;
        let receipt = log
            .append(adding(&stream(Uuid::new_v4()), Sequence(0), 2))
            .await
            .unwrap();
        assert_eq!(
            (receipt.first.0, receipt.last.0, receipt.repeated),
            (position + 1, position + 2, false),
            "{code}"
        );
        position += 2;
    }
    // One that does not pass is said to be what it is, and is there not at all; sent again later, it is there once.
    brake::fail(&admin, "53100", 1_000).await;
    let append = adding(&stream(Uuid::new_v4()), Sequence(0), 1);
    let error = log.append(append.clone()).await.unwrap_err();
    assert!(
        matches!(
            &error,
            AppendError::Log(LogError::Unreachable { attempts: 5, .. })
        ),
        "{error}"
    );
    assert_eq!(log.head().await.unwrap().position.0, position);
    brake::fail(&admin, "53100", 0).await;
    assert_eq!(
        log.append(append.clone()).await.unwrap().first.0,
        position + 1
    );
    assert!(log.append(append).await.unwrap().repeated);
    assert_eq!(log.verify(None).await.unwrap().fault, None);
}

/// Two transactions that really wait for each other: the append holds the head and waits at the brake, whose holder
/// wants the head.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_deadlock_is_undone_and_the_append_made_again() {
    let Braked {
        database,
        log,
        admin,
    } = begin().await;
    let mut held = Held::hold(database.url()).await.unwrap();
    let append = tokio::spawn({
        let log = log.clone();
        async move {
            log.append(adding(&stream(Uuid::new_v4()), Sequence(0), 2))
                .await
        }
    });
    braked_backend(&admin).await;
    // The other one of the two is patient, so the append is the one that is broken off.
    held.0
        .execute("SET deadlock_timeout = '60s'")
        .await
        .unwrap();
    let head = "SELECT * FROM annal.ledgers WHERE ledger = 'main' FOR UPDATE";
    timeout(PATIENCE, held.0.execute(head))
        .await
        .unwrap()
        .unwrap();
    let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    let counted = crate::server::until("the deadlock is counted", async || {
        let counted: i64 = sqlx::query_scalar(deadlocks).fetch_one(&admin).await.ok()?;
        (counted > 0).then_some(counted)
    });
    assert_eq!(counted.await, 1);
    assert!(!append.is_finished());

    held.release().await;

    let receipt = append.await.unwrap().unwrap();
    assert_eq!(
        (receipt.first, receipt.last, receipt.repeated),
        (Position(1), Position(2), false)
    );
    assert_eq!(log.verify(None).await.unwrap().fault, None);
}

/// Somebody has all connections of the pool. Appends and reads wait, try again, and are done when there is one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exhausted_pool_is_waited_for() {
    let Braked {
        database: _database,
        log,
        ..
    } = begin().await;
    let size = log.pool().options().get_max_connections();
    let taken = join_all((0..size).map(|_| log.pool().acquire())).await;
    let taken: Vec<_> = taken.into_iter().map(Result::unwrap).collect();
    let appends: Vec<_> = (0..8)
        .map(|_| {
            let log = log.clone();
            tokio::spawn(async move {
                log.append(adding(&stream(Uuid::new_v4()), Sequence(0), 1))
                    .await
            })
        })
        .collect();
    let read = log.read(Position(0), 10);
    // Longer than the pool itself waits, so that a try has failed by then.
    assert!(timeout(Duration::from_secs(4), read).await.is_err());
    assert!(appends.iter().all(|append| !append.is_finished()));

    drop(taken);

    for append in appends {
        append.await.unwrap().unwrap();
    }
    assert_eq!(log.head().await.unwrap().position, Position(8));
    assert_eq!(log.verify(None).await.unwrap().fault, None);
}
