use annal_core::{Position, Sequence};
use annal_log::{Log, LogError};
use futures::future::try_join_all;
use sqlx::migrate::Migrator;
use sqlx::{Connection, PgConnection};

use crate::support::{Fresh, adding, fill, main_ledger, stream};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn migrating_twice_changes_nothing() {
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;
    fill(&log, &stream("a"), 2).await;

    annal_log::migrate(&fresh.url).await.unwrap();

    assert_eq!(log.verify(None).await.unwrap().checked, 2);
}

/// An append as engines before 0050_typed_append.sql make it.
const AS_BEFORE: &str = r#"SELECT outcome FROM annal.append('main', json_build_array(json_build_object(
    'command_id', $1::uuid, 'content_hash', repeat('00', 32), 'effective_at', '2026-03-01T00:00:00Z',
    'correlation_id', $1::uuid, 'actor_id', 'a', 'actor_name', 'A', 'actor_role', 'tester', 'engine', 'before',
    'reply', json_build_object('said', 'yes'),
    'streams', json_build_array(
        json_build_object('aggregate_type', 't', 'aggregate_id', 'x', 'expected', $2::bigint, 'events', 1),
        json_build_object('aggregate_type', 't', 'aggregate_id', 'y', 'expected', $2::bigint, 'events', 2)))),
    '{e, f, g}', '{1.0, 1.0, 1.0}', '{"{}", "[]", "7"}')"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_was_begun_before_an_upgrade_goes_on_for_old_engines_and_new_ones() {
    for upgrade in [50, 60, 80, 82, 83, 84] {
        goes_on_after(upgrade).await;
    }
}

/// A database as it was before this version, and a connection to it.
async fn before(upgrade: i64) -> (Fresh, PgConnection) {
    static ALL: Migrator = sqlx::migrate!("../../migrations");
    let older = ALL.iter().filter(|it| it.version < upgrade);
    let older = older.cloned().collect();
    let older = Migrator {
        migrations: older,
        ..Migrator::DEFAULT
    };
    let fresh = Fresh::empty().await;
    let mut old = PgConnection::connect(&fresh.url).await.unwrap();
    older.run(&mut old).await.unwrap();
    (fresh, old)
}

async fn goes_on_after(upgrade: i64) {
    let (fresh, mut old) = before(upgrade).await;
    let first = uuid::Uuid::new_v4();
    assert_eq!(append_as_before(&mut old, first, 0).await, "recorded");

    annal_log::migrate(&fresh.url).await.unwrap();

    assert_eq!(append_as_before(&mut old, first, 0).await, "repeated");
    let second = uuid::Uuid::new_v4();
    assert_eq!(append_as_before(&mut old, second, 0).await, "conflict");
    let log = fresh.log().await;
    fill(&log, &stream("a"), 2).await;
    let third = uuid::Uuid::new_v4();
    // 1 of the stream's 1 and 1 of its 2 events: the second stream clashes, and the first is left alone.
    assert_eq!(append_as_before(&mut old, third, 1).await, "conflict");
    assert_eq!(log.head().await.unwrap().position, Position(5));
    let verified = log.verify(None).await.unwrap();
    assert_eq!((verified.checked, verified.fault), (5, None));
}

/// An append as engines before 0081_append_slices.sql make it: two events to one stream.
const TYPED_AS_BEFORE: &str = "SELECT outcome FROM annal.append('main', ARRAY[$1], ARRAY['\\x00'::bytea || $2], ARRAY['null'], \
    ARRAY['2026-03-01'::timestamptz], ARRAY[$1], ARRAY[NULL::uuid], ARRAY['a'], ARRAY['A'], ARRAY['tester'], \
    ARRAY[NULL::text], ARRAY[NULL::text], ARRAY[NULL::text], ARRAY[NULL::text], ARRAY[NULL::text], ARRAY[NULL::text], \
    ARRAY[NULL::integer], ARRAY['before'], ARRAY[1], ARRAY['dossier'], ARRAY['a'], ARRAY[$3], ARRAY[2], \
    ARRAY['e', 'f'], ARRAY['1.0', '1.0'], ARRAY['{}', '[]'])";

async fn append_typed_as_before(database: &mut PgConnection, expected: i64) -> String {
    sqlx::query_scalar(TYPED_AS_BEFORE)
        .bind(uuid::Uuid::new_v4())
        .bind(vec![7_u8; 31])
        .bind(expected)
        .fetch_one(database)
        .await
        .unwrap()
}

/// Its statement was prepared for a function that is another one afterwards. What it wrote before, what it writes
/// after and what newer engines write is one stream.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_that_is_connected_goes_on_through_an_upgrade() {
    for upgrade in [60, 80, 82, 83, 84] {
        let (fresh, mut connected) = before(upgrade).await;
        assert_eq!(append_typed_as_before(&mut connected, 0).await, "recorded");

        annal_log::migrate(&fresh.url).await.unwrap();

        assert_eq!(append_typed_as_before(&mut connected, 1).await, "conflict");
        assert_eq!(append_typed_as_before(&mut connected, 2).await, "recorded");
        let log = fresh.log().await;
        log.append(adding(&stream("a"), 4, 3)).await.unwrap();
        assert_eq!(append_typed_as_before(&mut connected, 7).await, "recorded");
        let read = log.read_stream(&stream("a"), Sequence(1)).await.unwrap();
        let sequences: Vec<u64> = read.iter().map(|event| event.sequence.0).collect();
        assert_eq!(sequences, (2..=9).collect::<Vec<_>>());
        let verified = log.verify(None).await.unwrap();
        assert_eq!((verified.checked, verified.fault), (9, None));
    }
}

async fn append_as_before(database: &mut PgConnection, id: uuid::Uuid, expected: i64) -> String {
    sqlx::query_scalar(AS_BEFORE)
        .bind(id)
        .bind(expected)
        .fetch_one(database)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_may_migrate_at_once() {
    let fresh = Fresh::empty().await;
    try_join_all((0..6).map(|_| annal_log::migrate(&fresh.url)))
        .await
        .unwrap();
    fill(&fresh.log().await, &stream("a"), 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_without_a_log_says_what_to_do() {
    let fresh = Fresh::empty().await;
    let error = Log::connect(&fresh.url, main_ledger()).await.unwrap_err();
    assert_eq!(error.code(), "log_not_migrated");
    assert!(matches!(
        annal_log::create_ledger(&fresh.url, &main_ledger()).await,
        Err(LogError::NotMigrated { .. })
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_not_in_utf8_is_refused() {
    let fresh = Fresh::empty().await;
    let name = format!("annal_latin_{}", uuid::Uuid::new_v4().simple());
    let create = format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'");
    sqlx::query(&create)
        .execute(&fresh.admin().await)
        .await
        .unwrap();
    let (server, _) = fresh.url.rsplit_once('/').unwrap();

    let error = annal_log::migrate(&format!("{server}/{name}"))
        .await
        .unwrap_err();

    assert_eq!(error.code(), "log_migration_failed");
    assert!(error.to_string().contains("LATIN1"), "{error}");
    let drop = format!("DROP DATABASE {name}");
    sqlx::query(&drop)
        .execute(&fresh.admin().await)
        .await
        .unwrap();
}
