use std::time::Duration;

use annal_core::Position;
use futures::{Stream, StreamExt, pin_mut};
use tokio::time::timeout;

use crate::support::{Fresh, adding, fill, stream};

const SOON: Duration = Duration::from_secs(20);

async fn next_positions<E: std::fmt::Debug>(
    stream: &mut (impl Stream<Item = Result<annal_core::envelope::Recorded, E>> + Unpin),
    count: usize,
) -> Vec<u64> {
    let mut places = Vec::new();
    while places.len() < count {
        let next = timeout(SOON, stream.next())
            .await
            .expect("an event in time");
        places.push(next.expect("no end").expect("no error").position.0);
    }
    places
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_gets_what_is_there_and_what_comes() {
    let fresh = Fresh::migrated().await;
    let (writer, reader) = (fresh.log().await, fresh.log().await);
    fill(&writer, &stream("a"), 3).await;
    let followed = reader.follow(Position(1)).await;
    pin_mut!(followed);
    assert_eq!(next_positions(&mut followed, 2).await, [2, 3]);

    // More than one page in one go, from another process' point of view.
    writer.append(adding(&stream("a"), 3, 1_200)).await.unwrap();

    assert_eq!(
        next_positions(&mut followed, 1_200).await,
        (4..=1_203).collect::<Vec<_>>()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_survives_a_killed_backend() {
    let fresh = Fresh::migrated().await;
    let (writer, reader) = (fresh.log().await, fresh.log().await);
    fill(&writer, &stream("a"), 1).await;
    let followed = reader.follow(Position(0)).await;
    pin_mut!(followed);
    assert_eq!(next_positions(&mut followed, 1).await, [1]);
    let admin = fresh.admin().await;

    for expected in 1..6_u64 {
        let killed: i64 = sqlx::query_scalar(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
             WHERE datname = current_database() AND application_name = 'annal'",
        )
        .fetch_one(&admin)
        .await
        .unwrap();
        assert!(killed > 0);
        writer
            .append(adding(&stream("a"), expected, 1))
            .await
            .unwrap();
        assert_eq!(next_positions(&mut followed, 1).await, [expected + 1]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_ends_when_the_log_moves_or_the_time_is_over() {
    let fresh = Fresh::migrated().await;
    let (writer, reader) = (fresh.log().await, fresh.log().await);
    fill(&writer, &stream("a"), 2).await;

    assert_eq!(
        reader.wait_for(Position(1), SOON).await.unwrap(),
        Position(2)
    );
    let short = Duration::from_millis(50);
    assert_eq!(
        reader.wait_for(Position(2), short).await.unwrap(),
        Position(2)
    );
    let (moved, _) = futures::join!(
        reader.wait_for(Position(2), SOON),
        writer.append(adding(&stream("a"), 2, 1)),
    );
    assert_eq!(moved.unwrap(), Position(3));
}

/// Whoever appends without this crate sends no notification; a follower asks by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_notices_what_nobody_announced() {
    let fresh = Fresh::migrated().await;
    let reader = fresh.log().await;
    let followed = reader.follow(Position(0)).await;
    pin_mut!(followed);
    let append = r#"SELECT annal.append('main', '[{"command_id":"018f0000-0000-7000-8000-000000000001",
        "content_hash":"0000000000000000000000000000000000000000000000000000000000000000",
        "effective_at":"2026-03-01T00:00:00Z", "correlation_id":"018f0000-0000-7000-8000-000000000002",
        "actor_id":"a", "actor_name":"A", "actor_role":"tester", "engine":"by hand",
        "streams":[{"aggregate_type":"t","aggregate_id":"i","expected":0,"events":1}]}]', '{e}', '{1.0}', '{"{}"}')"#;

    sqlx::query(append).execute(reader.pool()).await.unwrap();

    assert_eq!(next_positions(&mut followed, 1).await, [1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_the_connections_ends_everything_that_waits() {
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;
    fill(&log, &stream("a"), 1).await;
    let followed = log.follow(Position(0)).await;
    pin_mut!(followed);
    assert_eq!(next_positions(&mut followed, 1).await, [1]);
    let closing = async {
        timeout(SOON, log.pool().close())
            .await
            .expect("nothing holds a connection for ever");
    };

    let (waited, next, ()) =
        futures::join!(log.wait_for(Position(1), SOON), followed.next(), closing);

    assert_eq!(waited.unwrap_err().code(), "log_closed");
    assert_eq!(next.unwrap().unwrap_err().code(), "log_closed");
    assert!(followed.next().await.is_none());
    let late = log.append(adding(&stream("a"), 1, 1)).await.unwrap_err();
    assert_eq!(late.code(), "log_closed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_processes_are_told_of_an_append() {
    let fresh = Fresh::migrated().await;
    let mut listener = sqlx::postgres::PgListener::connect(&fresh.url)
        .await
        .unwrap();
    listener.listen("annal").await.unwrap();
    let log = fresh.log().await;

    log.append(adding(&stream("a"), 0, 3)).await.unwrap();

    let heard = timeout(SOON, listener.recv()).await.unwrap().unwrap();
    assert_eq!(heard.payload(), "3 main");
}
