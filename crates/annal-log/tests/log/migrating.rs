use annal_log::{Log, LogError};
use futures::future::try_join_all;

use crate::support::{Fresh, fill, main_ledger, stream};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn migrating_twice_changes_nothing() {
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;
    fill(&log, &stream("a"), 2).await;

    annal_log::migrate(&fresh.url).await.unwrap();

    assert_eq!(log.verify(None).await.unwrap().checked, 2);
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
