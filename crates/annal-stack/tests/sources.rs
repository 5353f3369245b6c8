//! Where servers come from, and what is said when they cannot be had.

#![allow(clippy::unwrap_used, reason = "all of this is test code")]

mod support;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use annal_stack::{Needs, Settings, Stack, StackError, testing};

/// A machine with nothing on it and no way out.
fn bare(folder: &Path, temporal: bool) -> Settings {
    let mut settings = Settings {
        needs: Needs { temporal },
        ..support::settings(folder, temporal)
    };
    let closed = closed_address();
    settings.surroundings.path = Vec::new();
    settings.surroundings.postgres_folders = vec!["/nowhere/*/bin".into()];
    settings.surroundings.cache = folder.join("cache");
    settings.surroundings.maven = vec![format!("http://{closed}/maven")];
    settings.surroundings.go_proxies = vec![format!("http://{closed}/go")];
    settings.surroundings.temporal_archives = format!("http://{closed}/archives");
    settings
}

/// An address where nobody listens.
fn closed_address() -> std::net::SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
}

#[tokio::test]
async fn addresses_in_the_environment_come_first() {
    let (database, temporal) = tokio::join!(testing::database(), testing::temporal());
    let folder = support::folder();
    let unused = folder.path().join("unused");
    let mut settings = bare(&unused, true);
    settings.surroundings.database_url = Some(database.url().to_owned());
    settings.surroundings.temporal_address = Some(temporal.target.clone());
    settings
        .surroundings
        .temporal_namespace
        .clone_from(&temporal.namespace);
    let stack = Stack::start_with(settings, &|line| panic!("nothing takes time, but: {line}"))
        .await
        .unwrap();
    assert_eq!(stack.database_url(), database.url());
    assert_eq!(
        stack
            .temporal()
            .map(|address| (&address.target, &address.namespace)),
        Some((&temporal.target, &temporal.namespace))
    );
    assert!(!stack.started_here());
    stack.stop().await.unwrap();
    assert!(!unused.exists());
    assert_eq!(support::number(database.url(), "SELECT 1::bigint").await, 1);
}

#[tokio::test]
async fn an_address_that_does_not_answer_is_named_without_its_password() {
    let folder = support::folder();
    let closed = closed_address();
    let mut settings = bare(folder.path(), false);
    settings.surroundings.database_url = Some(format!("postgres://someone:secret@{closed}/annal"));
    let error = Stack::start_with(settings, &|_| {}).await.unwrap_err();
    assert_eq!(error.code(), "stack_elsewhere");
    let text = error.to_string();
    assert!(
        text.contains("DATABASE_URL")
            && text.contains(&closed.to_string())
            && !text.contains("secret"),
        "{text}"
    );
}

#[tokio::test]
async fn without_any_postgres_everything_tried_is_listed() {
    let folder = support::folder();
    let began = Instant::now();
    let settings = bare(folder.path(), false);
    let maven = settings.surroundings.maven[0].clone();
    let error = Stack::start_with(settings, &|_| {}).await.unwrap_err();
    let StackError::NoPostgres { tried } = &error else {
        panic!("{error}")
    };
    assert_eq!(tried.len(), 3, "{tried:?}");
    let text = error.to_string();
    for part in [
        "on PATH",
        "/nowhere/*/bin",
        &maven,
        "DATABASE_URL",
        "apt-get install postgresql",
    ] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
    assert!(began.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn without_any_temporal_everything_tried_is_listed() {
    let database = testing::database().await;
    let folder = support::folder();
    let mut settings = bare(folder.path(), true);
    settings.surroundings.database_url = Some(database.url().to_owned());
    let error = Stack::start_with(settings, &|_| {}).await.unwrap_err();
    let StackError::NoTemporal { tried } = &error else {
        panic!("{error}")
    };
    assert_eq!(tried.len(), 4, "{tried:?}");
    let text = error.to_string();
    for part in [
        "`temporal` on PATH",
        "`go` on PATH",
        "own archive",
        "module proxy",
        "TEMPORAL_ADDRESS",
    ] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
}

#[tokio::test]
async fn a_package_with_other_bytes_than_it_should_have_is_not_used() {
    let folder = support::folder();
    let mut settings = bare(folder.path(), false);
    settings.surroundings.maven = vec![format!(
        "http://{}/maven",
        serve_once(b"not what was published")
    )];
    let error = Stack::start_with(settings, &|_| {}).await.unwrap_err();
    assert!(
        error.to_string().contains("not 0dd7b72b") || error.to_string().contains("has SHA-256"),
        "{error}"
    );
    let left = std::fs::read_dir(folder.path().join("cache/postgresql"))
        .unwrap()
        .flatten();
    assert!(
        left.map(|entry| entry.file_name())
            .all(|name| name == "lock" || name.to_string_lossy().ends_with(".unfinished"))
    );
}

#[tokio::test]
async fn giving_up_ends_the_start() {
    let folder = support::folder();
    let owner = support::start(folder.path(), false).await;
    // Somebody who holds the folder's lock for long.
    let lock = std::fs::File::open(folder.path().join("lock")).unwrap();
    lock.lock().unwrap();
    let settings = support::settings(folder.path(), false);
    let waiting = tokio::time::timeout(
        Duration::from_millis(300),
        Stack::start_with(settings, &|_| {}),
    )
    .await;
    assert!(waiting.is_err());
    lock.unlock().unwrap();
    owner.stop().await.unwrap();
    support::wait_until_gone(folder.path());
}

#[tokio::test]
async fn each_test_has_its_own_database_and_it_goes_with_the_test() {
    let (one, two) = tokio::join!(testing::database(), testing::database());
    support::execute(one.url(), "CREATE TABLE mine (n int)").await;
    assert_eq!(
        support::number(
            two.url(),
            "SELECT count(*) FROM pg_tables WHERE tablename = 'mine'"
        )
        .await,
        0
    );
    let name = one.url().rsplit('/').next().unwrap().to_owned();
    let count = format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'");
    assert_eq!(support::number(two.url(), &count).await, 1);
    drop(one);
    assert_eq!(support::number(two.url(), &count).await, 0);
}

#[tokio::test]
async fn a_prepared_database_is_prepared_once_and_copied() {
    let prepare = |url: String| async move {
        support::execute(&url, "CREATE TABLE seed AS SELECT 9::bigint AS n").await;
    };
    let first = testing::TestDatabase::prepared("seed", prepare).await;
    support::execute(first.url(), "UPDATE seed SET n = 10").await;
    let again = |_| async { panic!("prepared twice") };
    let second = testing::TestDatabase::prepared("seed", again).await;
    assert_eq!(support::number(second.url(), "SELECT n FROM seed").await, 9);
}

#[tokio::test]
async fn each_test_has_its_own_temporal_namespace() {
    let (one, two) = tokio::join!(testing::temporal(), testing::temporal());
    assert_eq!(one.target, two.target);
    assert_ne!(one.namespace, two.namespace);
}

/// Answers one HTTP request with these bytes.
fn serve_once(bytes: &'static [u8]) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).unwrap();
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            bytes.len()
        )
        .unwrap();
        stream.write_all(bytes).unwrap();
    });
    address
}
