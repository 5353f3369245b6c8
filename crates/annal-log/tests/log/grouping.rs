use annal_core::{Position, Sequence};
use annal_log::{Append, AppendError, LogError};
use futures::future::join_all;

use crate::support::{Fresh, adding, stream};

/// All of these are in the queue before the writing task runs, so they travel in one batch.
#[tokio::test]
async fn each_command_of_a_batch_gets_its_own_outcome() {
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;
    let (a, b) = (stream("a"), stream("b"));
    let first = adding(&a, 0, 2);
    let same_again = first.clone();
    let reused = Append {
        content_hash: [8; 32],
        ..first.clone()
    };
    let late = adding(&a, 0, 1);
    let next = adding(&a, 2, 1);
    let mut half = adding(&b, 0, 1);
    half.streams.extend(adding(&a, 0, 1).streams);
    let after_half = adding(&b, 0, 1);
    let mut broken = adding(&stream("c"), 0, 1);
    broken.streams[0].events[0].payload = "no json".to_owned();
    let sent = [
        first,
        same_again,
        reused.clone(),
        late,
        next,
        half,
        after_half,
        broken,
    ];

    let outcomes = join_all(sent.into_iter().map(|append| log.append(append))).await;

    let places = |index: usize| {
        let receipt = outcomes[index].as_ref().unwrap();
        (receipt.first.0, receipt.last.0, receipt.repeated)
    };
    let conflict = |expected, actual| {
        Err(AppendError::Conflict {
            stream: a.clone(),
            expected: Sequence(expected),
            actual: Sequence(actual),
        })
    };
    assert_eq!(places(0), (1, 2, false));
    assert_eq!(places(1), (1, 2, true));
    assert_eq!(
        outcomes[2],
        Err(AppendError::Reused {
            command_id: reused.command_id
        })
    );
    assert_eq!(outcomes[3], conflict(0, 2));
    assert_eq!(places(4), (3, 3, false));
    assert_eq!(outcomes[5], conflict(0, 3));
    assert_eq!(places(6), (4, 4, false));
    assert!(matches!(
        &outcomes[7],
        Err(AppendError::Log(LogError::Refused { .. }))
    ));
    assert_eq!(log.head().await.unwrap().position, Position(4));
    assert_eq!(log.verify(None).await.unwrap().fault, None);
    fresh.end().await;
}

/// The same without the broken one, so that the database decides on the batch as a whole, and in one transaction.
#[tokio::test]
async fn a_batch_is_one_transaction() {
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;
    let warm_up = log.append(adding(&stream("first"), 0, 1));
    let rest = (0..50).map(|n| {
        let expected = if n % 5 == 4 { 7 } else { 0 };
        log.append(adding(&stream(n), expected, 1))
    });

    let (_, outcomes) = futures::join!(warm_up, join_all(rest));

    assert_eq!(
        outcomes.iter().filter(|outcome| outcome.is_err()).count(),
        10
    );
    let transactions: i64 =
        sqlx::query_scalar("SELECT count(DISTINCT xmin::text) FROM annal.events")
            .fetch_one(log.pool())
            .await
            .unwrap();
    assert!(
        transactions <= 2,
        "{transactions} transactions for 41 commands sent at once"
    );
    assert_eq!(log.head().await.unwrap().position, Position(41));
    fresh.end().await;
}
