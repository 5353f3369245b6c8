//! A stack's life on real servers: started, shared, stopped, killed, and found again with its data.

#![allow(clippy::unwrap_used, reason = "all of this is test code")]

mod support;

use std::fs;
use std::path::Path;

use support::{SecondProcess, execute, number, processes_of, start, wait_until_gone};

/// Not a test of its own: what [`SecondProcess`] runs.
#[tokio::test]
#[ignore = "run by the other tests as their second process"]
async fn second_process() {
    support::hold().await;
}

#[tokio::test]
async fn a_second_start_finds_the_data_on_the_same_ports() {
    let folder = support::folder();
    let first = start(folder.path(), true).await;
    let (url, temporal) = (
        first.database_url().to_owned(),
        first.temporal().unwrap().clone(),
    );
    assert!(first.started_here());
    execute(&url, "CREATE TABLE kept AS SELECT 42::bigint AS answer").await;
    assert_eq!(
        number(
            &url,
            "SELECT count(*) FROM pg_settings WHERE name = 'data_checksums' AND setting = 'on'"
        )
        .await,
        1
    );
    assert_eq!(
        number(
            &url,
            "SELECT count(*) FROM pg_settings WHERE name = 'fsync' AND setting = 'on'"
        )
        .await,
        1
    );
    first.stop().await.unwrap();
    assert_eq!(processes_of(folder.path()), []);

    let second = start(folder.path(), true).await;
    assert_eq!(
        (second.database_url(), second.temporal()),
        (url.as_str(), Some(&temporal))
    );
    assert_eq!(number(&url, "SELECT answer FROM kept").await, 42);
    second.stop().await.unwrap();
    assert_eq!(processes_of(folder.path()), []);
}

#[tokio::test]
async fn the_database_wants_its_password_and_only_this_user_can_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = support::folder();
    let stack = start(folder.path(), false).await;
    let mut wrong = stack.database_url().to_owned();
    let password = wrong
        .split(':')
        .nth(2)
        .unwrap()
        .split('@')
        .next()
        .unwrap()
        .to_owned();
    wrong = wrong.replace(&password, "guess");
    let refused = <sqlx::PgConnection as sqlx::Connection>::connect(&wrong)
        .await
        .unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("password authentication failed"),
        "{refused}"
    );
    for file in ["stack.json", "postgres/password"] {
        assert_eq!(
            fs::metadata(folder.path().join(file))
                .unwrap()
                .permissions()
                .mode()
                & 0o077,
            0,
            "{file}"
        );
    }
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn a_second_process_uses_the_same_servers_and_leaves_them_running() {
    let folder = support::folder();
    let stack = start(folder.path(), false).await;
    let second = SecondProcess::start(folder.path(), false);
    assert_eq!(
        (second.url.as_str(), second.started_here),
        (stack.database_url(), false)
    );
    second.end();
    let third = SecondProcess::start(folder.path(), false);
    third.kill();
    assert_eq!(number(stack.database_url(), "SELECT 1::bigint").await, 1);
    stack.stop().await.unwrap();
    assert_eq!(processes_of(folder.path()), []);
}

#[tokio::test]
async fn the_servers_outlive_their_starter_while_somebody_uses_them() {
    let folder = support::folder();
    let stack = start(folder.path(), false).await;
    let second = SecondProcess::start(folder.path(), false);
    stack.stop().await.unwrap();
    assert_eq!(number(&second.url, "SELECT 1::bigint").await, 1);
    second.end();
    assert_eq!(processes_of(folder.path()), []);
}

#[tokio::test]
async fn temporal_is_added_to_a_stack_that_was_started_without() {
    let folder = support::folder();
    let reader = start(folder.path(), false).await;
    assert_eq!(reader.temporal(), None);
    let writer = start(folder.path(), true).await;
    assert!(writer.temporal().is_some());
    assert_eq!(writer.database_url(), reader.database_url());
    reader.stop().await.unwrap();
    assert_eq!(number(writer.database_url(), "SELECT 1::bigint").await, 1);
    writer.stop().await.unwrap();
    assert_eq!(processes_of(folder.path()), []);
}

#[tokio::test]
async fn search_attributes_are_made_once_and_added_to_later() {
    let folder = support::folder();
    for attributes in [
        &["Report=Keyword"][..],
        &["Report=Keyword", "Phase=Keyword", "Due=Datetime"],
    ] {
        let mut settings = support::settings(folder.path(), true);
        settings.search_attributes = attributes.iter().map(ToString::to_string).collect();
        let first = annal_stack::Stack::start_with(settings.clone(), &|_| {})
            .await
            .unwrap();
        let again = annal_stack::Stack::start_with(settings, &|_| {})
            .await
            .unwrap();
        again.stop().await.unwrap();
        first.stop().await.unwrap();
    }
}

#[tokio::test]
async fn a_server_that_ended_under_its_users_is_seen_and_started_again() {
    let folder = support::folder();
    let first = start(folder.path(), false).await;
    first.check().unwrap();
    for (pid, _) in processes_of(folder.path()) {
        kill(pid);
    }
    wait_until_gone(folder.path());
    wait_for(|| first.check().is_err());
    assert_eq!(first.check().unwrap_err().code(), "stack_not_up");
    let second = start(folder.path(), false).await;
    assert!(second.started_here());
    second.stop().await.unwrap();
    drop(first);
}

#[tokio::test]
async fn a_deleted_state_file_loses_no_data() {
    let folder = support::folder();
    let first = start(folder.path(), false).await;
    execute(
        first.database_url(),
        "CREATE TABLE kept AS SELECT 8::bigint AS answer",
    )
    .await;
    first.stop().await.unwrap();
    fs::remove_file(folder.path().join("stack.json")).unwrap();
    let second = start(folder.path(), false).await;
    assert_eq!(
        number(second.database_url(), "SELECT answer FROM kept").await,
        8
    );
    second.stop().await.unwrap();
}

#[tokio::test]
async fn nothing_survives_an_owner_that_is_killed() {
    let folder = support::folder();
    let owner = SecondProcess::start(folder.path(), true);
    execute(
        &owner.url,
        "CREATE TABLE kept AS SELECT 7::bigint AS answer",
    )
    .await;
    assert!(
        processes_of(folder.path())
            .iter()
            .any(|(_, line)| line.contains("start-dev"))
    );
    owner.kill();
    wait_until_gone(folder.path());

    let next = start(folder.path(), false).await;
    assert_eq!(
        number(next.database_url(), "SELECT answer FROM kept").await,
        7
    );
    next.stop().await.unwrap();
}

#[tokio::test]
async fn nothing_survives_a_panic() {
    let folder = support::folder();
    let path = folder.path().to_path_buf();
    let failed = tokio::spawn(async move {
        let _stack = tokio::task::spawn_blocking(move || {
            tokio::runtime::Handle::current().block_on(start(&path, false))
        })
        .await
        .unwrap();
        panic!("as a bug would");
    });
    assert!(failed.await.unwrap_err().is_panic());
    wait_until_gone(folder.path());
}

#[tokio::test]
async fn what_is_committed_survives_a_killed_postgres() {
    let folder = support::folder();
    let stack = start(folder.path(), false).await;
    execute(
        stack.database_url(),
        "CREATE TABLE kept AS SELECT generate_series(1, 1000)::bigint AS n",
    )
    .await;
    for (pid, _) in processes_of(folder.path()) {
        kill(pid);
    }
    wait_until_gone(folder.path());
    drop(stack);

    let next = start(folder.path(), false).await;
    assert_eq!(
        number(next.database_url(), "SELECT count(*) FROM kept").await,
        1000
    );
    next.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_whose_supervisor_was_killed_is_replaced() {
    let folder = support::folder();
    let owner = SecondProcess::start(folder.path(), false);
    execute(
        &owner.url,
        "CREATE TABLE kept AS SELECT 3::bigint AS answer",
    )
    .await;
    let supervisors: Vec<i32> = processes_of(folder.path())
        .into_iter()
        .filter(|(_, line)| line.contains("annal-supervise"))
        .map(|(pid, _)| pid)
        .collect();
    assert!(!supervisors.is_empty());
    for pid in &supervisors {
        kill(*pid);
    }
    // A killed process keeps its files for a moment, and who still reads the lease counts as a supervisor.
    wait_for(|| supervisors.iter().all(|pid| is_over(*pid)));
    owner.kill();
    assert!(
        !processes_of(folder.path()).is_empty(),
        "the server is left behind, or this test shows nothing"
    );

    let next = start(folder.path(), false).await;
    assert!(next.started_here());
    assert_eq!(
        number(next.database_url(), "SELECT answer FROM kept").await,
        3
    );
    next.stop().await.unwrap();
    assert_eq!(processes_of(folder.path()), []);
}

#[tokio::test]
async fn a_stale_state_is_recognised() {
    let folder = support::folder();
    start(folder.path(), false).await.stop().await.unwrap();
    let postgres = folder.path().join("postgres");
    // As a crash leaves it, and since then every number was given to another program: to this test.
    let own = std::process::id().to_string();
    fs::write(
        postgres.join("data/postmaster.pid"),
        format!("{own}\n{}\n", postgres.join("data").display()),
    )
    .unwrap();
    fs::write(postgres.join("pid"), &own).unwrap();
    assert!(
        std::process::Command::new("mkfifo")
            .arg(postgres.join("lease"))
            .status()
            .unwrap()
            .success()
    );

    let next = start(folder.path(), false).await;
    assert!(next.started_here());
    next.stop().await.unwrap();

    fs::write(folder.path().join("stack.json"), "{ broken").unwrap();
    let next = start(folder.path(), false).await;
    assert_eq!(number(next.database_url(), "SELECT 1::bigint").await, 1);
    next.stop().await.unwrap();
}

#[tokio::test]
async fn an_ordinary_user_can_do_it_too() {
    if !is_root() {
        return; // then every other test shows it
    }
    let folder = support::folder();
    let program = folder.path().join("second-process");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    const NOBODY: (u32, u32) = (65534, 65534);
    std::os::unix::fs::chown(folder.path(), Some(NOBODY.0), Some(NOBODY.1)).unwrap();
    let stack = folder.path().join("stack");
    let owner = SecondProcess::start_as(&stack, false, Some(NOBODY), &program);
    assert_eq!(number(&owner.url, "SELECT 1::bigint").await, 1);
    owner.end();
    assert_eq!(processes_of(&stack), []);
}

#[tokio::test]
async fn a_folder_that_postgres_cannot_reach_gets_its_data_elsewhere() {
    use std::os::unix::fs::PermissionsExt as _;
    if !is_root() {
        return; // an ordinary user runs PostgreSQL as itself, and reaches its own folders
    }
    let outer = support::folder();
    fs::set_permissions(outer.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let folder = outer.path().join("annal");
    let stack = start(&folder, false).await;
    execute(
        stack.database_url(),
        "CREATE TABLE kept AS SELECT 5::bigint AS answer",
    )
    .await;
    stack.stop().await.unwrap();
    let elsewhere = fs::read_link(folder.join("postgres")).unwrap();
    assert_eq!(processes_of(&elsewhere), []);

    let next = start(&folder, false).await;
    assert_eq!(
        number(next.database_url(), "SELECT answer FROM kept").await,
        5
    );
    next.stop().await.unwrap();

    fs::remove_dir_all(&elsewhere).unwrap();
    let gone = annal_stack::Stack::start_with(support::settings(&folder, false), &|_| {})
        .await
        .unwrap_err();
    assert_eq!(gone.code(), "stack_data_gone");
    assert!(
        gone.to_string().contains(&*elsewhere.to_string_lossy()),
        "{gone}"
    );
}

fn wait_for(condition: impl Fn() -> bool) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while !condition() {
        assert!(
            std::time::Instant::now() < deadline,
            "it does not come about"
        );
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// Gone, or a zombie that nobody has waited for: either has closed its files.
fn is_over(pid: i32) -> bool {
    let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else {
        return true;
    };
    // The state follows the name, which is in parentheses and may hold any character.
    let state = stat.rsplit_once(") ").map(|(_, rest)| rest);
    state.is_some_and(|state| state.starts_with(['Z', 'X']))
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(Path::new("/proc/self")).unwrap().uid() == 0
}

/// A process that went with the one killed before it is as good.
fn kill(pid: i32) {
    std::process::Command::new("kill")
        .args(["-9", &pid.to_string()])
        .output()
        .unwrap();
}
