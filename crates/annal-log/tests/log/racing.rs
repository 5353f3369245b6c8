use std::collections::BTreeSet;

use annal_core::{Position, Sequence};
use annal_log::{AppendError, Log};
use futures::future::join_all;

use crate::support::{Fresh, adding, main_ledger, stream};

/// Writers in several processes: each `Log` has a group commit of its own.
async fn several(fresh: &Fresh, count: usize) -> Vec<Log> {
    join_all((0..count).map(|_| async { Log::connect(&fresh.url, main_ledger()).await.unwrap() }))
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn positions_are_dense_under_64_writers() {
    let fresh = Fresh::migrated().await;
    let logs = several(&fresh, 4).await;
    let writers = (0..64).map(|writer| {
        let log = logs[writer % logs.len()].clone();
        tokio::spawn(async move {
            let mine = stream(writer);
            let mut places = Vec::new();
            for round in 0..5 {
                let receipt = log.append(adding(&mine, round * 2, 2)).await.unwrap();
                places.extend(receipt.first.0..=receipt.last.0);
            }
            places
        })
    });

    let taken: Vec<u64> = join_all(writers)
        .await
        .into_iter()
        .flat_map(Result::unwrap)
        .collect();

    let all: BTreeSet<u64> = taken.iter().copied().collect();
    assert_eq!(taken.len(), 640);
    assert_eq!(all, (1..=640).collect());
    let read = logs[0].read(Position(0), 1_000).await.unwrap();
    assert_eq!(read.len(), 640);
    assert!(read.is_sorted_by_key(|recorded| recorded.recorded_at));
    assert_eq!(logs[0].verify(None).await.unwrap().fault, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_writers_on_one_expected_sequence_one_wins() {
    let fresh = Fresh::migrated().await;
    let logs = several(&fresh, 4).await;
    let contested = stream("contested");
    let writers = (0..64).map(|writer| {
        let log = logs[writer % logs.len()].clone();
        let append = adding(&contested, 0, 3);
        tokio::spawn(async move { log.append(append).await })
    });

    let outcomes: Vec<_> = join_all(writers)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();

    let conflict = AppendError::Conflict {
        stream: contested.clone(),
        expected: Sequence(0),
        actual: Sequence(3),
    };
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    let lost = outcomes
        .iter()
        .filter(|outcome| outcome.as_ref() == Err(&conflict));
    assert_eq!(lost.count(), 63);
    assert_eq!(logs[0].head().await.unwrap().position, Position(3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_command_sent_by_64_at_once_is_carried_out_once() {
    let fresh = Fresh::migrated().await;
    let logs = several(&fresh, 4).await;
    let append = adding(&stream("a"), 0, 2);
    let senders = (0..64).map(|sender| {
        let (log, append) = (logs[sender % logs.len()].clone(), append.clone());
        tokio::spawn(async move { log.append(append).await.unwrap() })
    });

    let receipts: Vec<_> = join_all(senders)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();

    assert_eq!(
        receipts.iter().filter(|receipt| !receipt.repeated).count(),
        1
    );
    assert!(
        receipts
            .iter()
            .all(|receipt| (receipt.first.0, receipt.last.0) == (1, 2))
    );
    assert_eq!(logs[0].head().await.unwrap().position, Position(2));
}

/// A reader that has seen a position has seen all before it, at every moment of a race.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_never_sees_a_gap() {
    let fresh = Fresh::migrated().await;
    let logs = several(&fresh, 3).await;
    let writers: Vec<_> = (0..24)
        .map(|writer| {
            let log = logs[writer % 2].clone();
            tokio::spawn(async move {
                for round in 0..10 {
                    log.append(adding(&stream(writer), round, 1)).await.unwrap();
                }
            })
        })
        .collect();

    let mut seen = 0;
    while seen < 240 {
        for recorded in logs[2].read(Position(seen), 1_000).await.unwrap() {
            assert_eq!(recorded.position.0, seen + 1);
            seen += 1;
        }
    }
    for writer in writers {
        writer.await.unwrap();
    }
}
