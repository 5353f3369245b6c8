//! The real installs, from the real registries. They download up to 90 MB and build for minutes, so they run only when asked for:
//! `cargo test -p annal-stack --test installs -- --ignored`.

#![allow(clippy::unwrap_used, reason = "all of this is test code")]

mod support;

use std::path::PathBuf;

use annal_stack::{Settings, Stack, testing};

/// This machine with nothing installed on it, as `hidden` says, and an empty cache.
fn empty(folder: &std::path::Path, temporal: bool, hidden: &[&str]) -> Settings {
    let mut settings = support::settings(folder, temporal);
    settings.surroundings.postgres_folders.clear();
    settings.surroundings.cache = folder.join("cache");
    let hides = |folder: &PathBuf| hidden.iter().any(|program| folder.join(program).exists());
    settings.surroundings.path.retain(|folder| !hides(folder));
    settings
}

#[tokio::test]
#[ignore = "downloads 15 MB"]
async fn postgres_comes_from_a_maven_repository() {
    let folder = support::folder();
    let hidden = ["postgres"];
    let stack = Stack::start_with(empty(folder.path(), false, &hidden), &|_| {})
        .await
        .unwrap();
    let version = "SELECT current_setting('server_version_num')::bigint / 10000";
    assert_eq!(support::number(stack.database_url(), version).await, 17);
    assert_eq!(
        support::number(stack.database_url(), "SELECT length(lower('ÄÖ'))::bigint").await,
        2
    );
    stack.stop().await.unwrap();
    let no_network = |mut settings: Settings| {
        settings.surroundings.maven.clear();
        settings
    };
    let again = Stack::start_with(no_network(empty(folder.path(), false, &hidden)), &|_| {}).await;
    again.unwrap().stop().await.unwrap();
}

#[tokio::test]
#[ignore = "downloads 70 MB and builds for minutes"]
async fn temporal_is_built_with_a_go_toolchain_from_the_module_proxy() {
    let database = testing::database().await;
    let folder = support::folder();
    let mut settings = empty(folder.path(), true, &["go", "temporal"]);
    settings.surroundings.database_url = Some(database.url().to_owned());
    // Nobody listens at port 1: the ready-made archive cannot be had.
    settings.surroundings.temporal_archives = "http://127.0.0.1:1".into();
    let stack = Stack::start_with(settings, &|_| {}).await.unwrap();
    assert!(stack.temporal().is_some());
    stack.stop().await.unwrap();
    let left = std::fs::read_dir(folder.path().join("cache/temporal"))
        .unwrap()
        .flatten();
    let mut names: Vec<String> = left
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["lock", "v1.5.1"]);
}
