//! Batches that are told where the head will be: they are begun before the ones that they follow are over.

use std::time::Duration;

use annal_core::Sequence;
use futures::future::join_all;
use sqlx::{Connection, Executor, PgConnection, PgPool};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::support::{Fresh, adding, stream};

/// The first position of a batch of one command with one event to a stream of its own.
async fn append(to: &mut PgConnection, head: Option<i64>, command: Uuid) -> i64 {
    append_to(to, head, command, &command.to_string(), 0).await
}

/// The same to a stream whose last event is known.
async fn append_to(
    to: &mut PgConnection,
    head: Option<i64>,
    command: Uuid,
    stream: &str,
    last: i64,
) -> i64 {
    sqlx::query_scalar(
        "SELECT first_position FROM annal.append('main', $1, false, ARRAY[$2], ARRAY[decode(repeat('00', 32), 'hex')], \
            '{null}', ARRAY['2026-03-01'::timestamptz], ARRAY[$2], '{NULL}', '{a}', '{A}', '{tester}', '{NULL}', '{NULL}', \
            '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{NULL}', '{test}', '{1}', '{t}', ARRAY[$3], ARRAY[$4], '{1}', '{e}', \
            '{1.0}', '{\"{}\"}')",
    )
    .bind(head)
    .bind(command)
    .bind(stream)
    .bind(last)
    .fetch_one(to)
    .await
    .unwrap()
}

/// The log's first batch, of one event, which is not over.
async fn under_way(fresh: &Fresh) -> PgConnection {
    let mut first = PgConnection::connect(&fresh.url).await.unwrap();
    first.execute("BEGIN").await.unwrap();
    assert_eq!(append(&mut first, Some(0), Uuid::new_v4()).await, 1);
    first
}

/// [`append`] on a connection of its own, after it has been seen to wait for somebody.
async fn waits(fresh: &Fresh, head: Option<i64>, command: Uuid) -> JoinHandle<i64> {
    let mut connection = PgConnection::connect(&fresh.url).await.unwrap();
    let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    let waiting = tokio::spawn(async move { append(&mut connection, head, command).await });
    let admin = fresh.admin().await;
    let blocked = "SELECT cardinality(pg_blocking_pids($1)) > 0";
    while !sqlx::query_scalar::<_, bool>(blocked)
        .bind(pid)
        .fetch_one(&admin)
        .await
        .unwrap()
    {
        assert!(!waiting.is_finished(), "it waits for nobody");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    waiting
}

async fn rows_written(admin: &PgPool) -> i64 {
    // What a session has done is told to others when it ends.
    sqlx::query_scalar(
        "SELECT n_tup_ins FROM pg_stat_user_tables WHERE relid = 'annal.commands'::regclass",
    )
    .fetch_one(admin)
    .await
    .unwrap()
}

async fn deadlocks(admin: &PgPool) -> i64 {
    sqlx::query_scalar("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        .fetch_one(admin)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_waits_for_the_one_that_it_follows() {
    let fresh = Fresh::migrated().await;
    let mut first = under_way(&fresh).await;

    let second = waits(&fresh, Some(1), Uuid::new_v4()).await;
    let third = waits(&fresh, Some(2), Uuid::new_v4()).await;
    first.execute("COMMIT").await.unwrap();

    assert_eq!((second.await.unwrap(), third.await.unwrap()), (2, 3));
    first.close().await.unwrap();
    let admin = fresh.admin().await;
    while rows_written(&admin).await < 3 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(rows_written(&admin).await, 3, "each wrote once");
    assert_eq!(fresh.log().await.verify(None).await.unwrap().checked, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_one_before_takes_back_makes_the_next_begin_earlier() {
    let fresh = Fresh::migrated().await;
    let mut first = under_way(&fresh).await;

    let second = waits(&fresh, Some(1), Uuid::new_v4()).await;
    let third = waits(&fresh, Some(2), Uuid::new_v4()).await;
    first.execute("ROLLBACK").await.unwrap();

    let mut places = [second.await.unwrap(), third.await.unwrap()];
    places.sort_unstable();
    assert_eq!(places, [1, 2]);
    let verified = fresh.log().await.verify(None).await.unwrap();
    assert_eq!((verified.checked, verified.fault), (2, None));
}

/// Its time is from before the other came, and the log's times do not go back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_too_early_begins_again_behind_the_one_that_it_follows() {
    let fresh = Fresh::migrated().await;
    let mut first = under_way(&fresh).await;

    let third = waits(&fresh, Some(2), Uuid::new_v4()).await;
    let second = waits(&fresh, Some(1), Uuid::new_v4()).await;
    first.execute("COMMIT").await.unwrap();

    assert_eq!((second.await.unwrap(), third.await.unwrap()), (2, 3));
    let verified = fresh.log().await.verify(None).await.unwrap();
    assert_eq!((verified.checked, verified.fault), (3, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_held_up_is_not_overtaken_by_the_one_that_follows() {
    let fresh = Fresh::migrated().await;
    let command = Uuid::new_v4();
    let mut in_the_way = PgConnection::connect(&fresh.url).await.unwrap();
    in_the_way.execute("BEGIN").await.unwrap();
    sqlx::query(
        "INSERT INTO annal.commands (ledger, command_id, content_hash, first_position, last_position, reply) \
         VALUES ('main', $1, sha256(''), 1, 1, 'null')",
    )
    .bind(command)
    .execute(&mut in_the_way)
    .await
    .unwrap();

    let first = waits(&fresh, Some(0), command).await;
    let second = waits(&fresh, Some(1), Uuid::new_v4()).await;
    in_the_way.execute("ROLLBACK").await.unwrap();

    assert_eq!((first.await.unwrap(), second.await.unwrap()), (1, 2));
}

/// One holds its command and wants the head, where the other would hold the head and want the command.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_told_and_who_was_not_do_not_wait_for_each_other() {
    let fresh = Fresh::migrated().await;
    let command = Uuid::new_v4();
    let mut first = under_way(&fresh).await;
    let told = waits(&fresh, Some(1), command).await;
    let untold = waits(&fresh, None, command).await;
    first.execute("COMMIT").await.unwrap();

    assert_eq!((told.await.unwrap(), untold.await.unwrap()), (2, 2));
    assert_eq!(deadlocks(&fresh.admin().await).await, 0);
}

/// Through one log, whose batches overlap: what is sent twice at once gets one place, and nobody is a victim.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_sent_twice_at_once_is_written_once() {
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;
    for round in 0..6 {
        let appends: Vec<_> = (0..120)
            .map(|n| adding(&stream(format!("{round} {n}")), 0, 1))
            .collect();
        let backwards = appends.iter().rev().cloned();
        let sent = appends.iter().cloned().chain(backwards).map(|append| {
            let log = log.clone();
            tokio::spawn(async move { log.append(append).await.unwrap() })
        });
        let receipts: Vec<_> = join_all(sent)
            .await
            .into_iter()
            .map(Result::unwrap)
            .collect();
        for (n, receipt) in receipts.iter().take(120).enumerate() {
            let again = &receipts[239 - n];
            assert_eq!(receipt.first, again.first);
            assert_ne!(receipt.repeated, again.repeated);
        }
    }
    assert_eq!(deadlocks(&fresh.admin().await).await, 0);
    let verified = log.verify(None).await.unwrap();
    assert_eq!((verified.checked, verified.fault), (720, None));
}

/// The database's only session: the others told what they had read and written before they were gone.
async fn alone(fresh: &Fresh) -> PgConnection {
    let mut alone = PgConnection::connect(&fresh.url).await.unwrap();
    let others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                  AND backend_type = 'client backend' AND pid <> pg_backend_pid()";
    while sqlx::query_scalar::<_, i64>(others)
        .fetch_one(&mut alone)
        .await
        .unwrap()
        > 0
    {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    alone
}

/// The plan for it is made when the table is empty, and is to be as good when it is not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_a_stream_is_found_by_one_look() {
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;
    for round in 0..150 {
        let sent = (0..4).map(|n| log.append(adding(&stream(n), round * 2, 2)));
        join_all(sent)
            .await
            .into_iter()
            .for_each(|sent| drop(sent.unwrap()));
        log.append(adding(&stream("one"), round, 1)).await.unwrap();
    }
    assert_eq!(
        log.read_stream(&stream("one"), Sequence(0))
            .await
            .unwrap()
            .len(),
        150
    );
    drop(log);

    let read = "SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = 'events_pkey' \
         AND (SELECT n_tup_ins FROM pg_stat_user_tables WHERE relid = 'annal.events'::regclass) >= 1350";
    let mut alone = alone(&fresh).await;
    let read: i64 = sqlx::query_scalar(read)
        .fetch_one(&mut alone)
        .await
        .unwrap();
    assert!(read < 1_350, "{read} entries of events_pkey were read");
}

/// A session makes the plan for it once, whatever the log holds at that moment. While all indexes are a page or two, the
/// one that has the answer looks no cheaper than the others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_a_stream_is_found_by_its_key_whenever_a_session_began() {
    const SESSIONS: i64 = 200;
    let fresh = Fresh::migrated().await;
    for last in 0..SESSIONS {
        let mut session = PgConnection::connect(&fresh.url).await.unwrap();
        append_to(&mut session, None, Uuid::new_v4(), "long", last).await;
        append(&mut session, None, Uuid::new_v4()).await;
        session.close().await.unwrap();
    }

    let read = "SELECT indexrelname::text, idx_tup_read FROM pg_stat_user_indexes
                WHERE relid = 'annal.events'::regclass AND idx_tup_read > 0";
    let mut alone = alone(&fresh).await;
    let read: Vec<(String, i64)> = sqlx::query_as(read).fetch_all(&mut alone).await.unwrap();
    assert_eq!(read, [("events_slices".to_owned(), SESSIONS - 1)]);
}
