//! A second process that uses a stack: this test program again, running only its `second_process` test.

#![allow(dead_code, reason = "each test program uses a part")]
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::zombie_processes,
    reason = "all of this is test code"
)]

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use annal_stack::{Needs, Settings, Stack, Surroundings};
use sqlx::{Connection as _, PgConnection, Row as _};

pub(crate) const FOLDER: &str = "ANNAL_STACK_TEST_FOLDER";
pub(crate) const TEMPORAL: &str = "ANNAL_STACK_TEST_TEMPORAL";

/// A folder that the user who runs PostgreSQL for root can reach.
pub(crate) fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// Settings that no variable of the environment can point at somebody's real server.
pub(crate) fn settings(folder: &Path, temporal: bool) -> Settings {
    let mut surroundings = Surroundings::of_this_process();
    surroundings.database_url = None;
    surroundings.temporal_address = None;
    Settings {
        surroundings,
        ..Settings::new(folder, Needs { temporal })
    }
}

pub(crate) async fn start(folder: &Path, temporal: bool) -> Stack {
    Stack::start_with(settings(folder, temporal), &|line| println!("{line}"))
        .await
        .unwrap_or_else(|error| panic!("{error}"))
}

/// The body of the `second_process` test: use the stack until standard input ends.
pub(crate) async fn hold() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let stack = start(Path::new(&folder), std::env::var_os(TEMPORAL).is_some()).await;
    println!("\nup {} {}", stack.database_url(), stack.started_here());
    let wait = tokio::task::spawn_blocking(|| std::io::stdin().lock().lines().count());
    wait.await.unwrap();
    stack.stop().await.unwrap();
}

/// Another process that holds the stack of a folder.
pub(crate) struct SecondProcess {
    pub(crate) child: Child,
    pub(crate) url: String,
    pub(crate) started_here: bool,
}

impl SecondProcess {
    pub(crate) fn start(folder: &Path, temporal: bool) -> Self {
        Self::start_as(folder, temporal, None, &std::env::current_exe().unwrap())
    }

    pub(crate) fn start_as(
        folder: &Path,
        temporal: bool,
        user: Option<(u32, u32)>,
        program: &Path,
    ) -> Self {
        let mut command = Command::new(program);
        command
            .args(["--exact", "second_process", "--ignored", "--nocapture"])
            .env(FOLDER, folder);
        if temporal {
            command.env(TEMPORAL, "yes");
        }
        if let Some((uid, gid)) = user {
            command
                .uid(uid)
                .gid(gid)
                .current_dir("/")
                .env("HOME", "/nonexistent")
                .env("ANNAL_CACHE", folder.join("cache"));
        }
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        while let Some(Ok(line)) = lines.next() {
            if let Some((url, started_here)) = line
                .strip_prefix("up ")
                .and_then(|rest| rest.split_once(' '))
            {
                // Read on, or its next line breaks the pipe.
                std::thread::spawn(move || lines.count());
                return Self {
                    child,
                    url: url.to_owned(),
                    started_here: started_here == "true",
                };
            }
            said = said + &line + "\n";
        }
        panic!("the second process ended: {said}");
    }

    /// Lets it stop in order and waits for it.
    pub(crate) fn end(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
    }

    /// As `kill -9` does it: it gets no chance to clean up.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// The process ids that run on this folder, as their command lines or open logs tell.
pub(crate) fn processes_of(folder: &Path) -> Vec<(i32, String)> {
    let marker = folder
        .canonicalize()
        .unwrap_or_else(|_| folder.to_path_buf())
        .to_string_lossy()
        .into_owned();
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let mine = i32::try_from(std::process::id()).unwrap();
    let found = numbers
        .filter(|number| *number != mine)
        .filter_map(|number| {
            let line = std::fs::read(format!("/proc/{number}/cmdline")).ok()?;
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            let output = std::fs::read_link(format!("/proc/{number}/fd/1")).unwrap_or_default();
            (line.contains(&marker) || output.starts_with(&marker)).then_some((number, line))
        });
    found.collect()
}

/// Waits until nothing runs on the folder any more, for twenty seconds at most.
pub(crate) fn wait_until_gone(folder: &Path) {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let left = processes_of(folder);
        if left.is_empty() {
            return;
        }
        assert!(Instant::now() < deadline, "still there: {left:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub(crate) async fn execute(url: &str, sql: &str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

pub(crate) async fn number(url: &str, sql: &str) -> i64 {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let row = sqlx::query(sql).fetch_one(&mut connection).await.unwrap();
    row.get(0)
}
