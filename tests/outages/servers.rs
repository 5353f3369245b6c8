//! A PostgreSQL and a Temporal server of this test alone, each of which may be killed and is started again where it was.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use annal_stack::{Needs, Settings, Stack, Surroundings};
use rustix::process::{Pid, Signal, kill_process};

const PATIENCE: Duration = Duration::from_secs(90);

pub(crate) struct Servers {
    folder: PathBuf,
    pub(crate) database_url: String,
    pub(crate) temporal: String,
    /// Two stacks, so that one server can be let go while the other one is held.
    postgres: Option<Stack>,
    temporal_stack: Option<Stack>,
}

impl Servers {
    pub(crate) async fn start(folder: &Path) -> Self {
        // The user that runs PostgreSQL for root has to reach it.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(folder, open).unwrap();
        let mut servers = Self {
            folder: folder.to_owned(),
            database_url: String::new(),
            temporal: String::new(),
            postgres: None,
            temporal_stack: None,
        };
        servers.start_postgres().await;
        servers.start_temporal().await;
        servers
    }

    pub(crate) async fn kill_postgres(&mut self) {
        kill(&self.folder.join("log-server")).await;
        self.start_postgres().await;
    }

    pub(crate) async fn kill_temporal(&mut self) {
        kill(&self.folder.join("temporal-server")).await;
        self.start_temporal().await;
    }

    pub(crate) async fn kill_both(&mut self) {
        kill(&self.folder.join("log-server")).await;
        kill(&self.folder.join("temporal-server")).await;
        self.start_postgres().await;
        self.start_temporal().await;
    }

    pub(crate) async fn stop(self) {
        for stack in [self.postgres, self.temporal_stack].into_iter().flatten() {
            stack.stop().await.unwrap();
        }
    }

    async fn start_postgres(&mut self) {
        drop(self.postgres.take());
        let stack = up(&self.folder.join("log-server"), None).await;
        let url = stack.database_url().to_owned();
        assert!(self.database_url.is_empty() || self.database_url == url);
        self.database_url = url;
        self.postgres = Some(stack);
    }

    async fn start_temporal(&mut self) {
        drop(self.temporal_stack.take());
        let database = Some(self.database_url.clone());
        let stack = up(&self.folder.join("temporal-server"), database).await;
        let target = stack.temporal().unwrap().target.clone();
        assert!(self.temporal.is_empty() || self.temporal == target);
        self.temporal = target;
        self.temporal_stack = Some(stack);
    }
}

/// PostgreSQL where no database is given, else Temporal.
async fn up(folder: &Path, database: Option<String>) -> Stack {
    let needs = Needs {
        temporal: database.is_some(),
    };
    let mut surroundings = Surroundings::of_this_process();
    surroundings.database_url = database;
    surroundings.temporal_address = None;
    let settings = Settings {
        surroundings,
        ..Settings::new(folder, needs)
    };
    Stack::start_with(settings, &|_| ()).await.unwrap()
}

/// `kill -9` of every process that runs on a folder, and the wait for their end.
async fn kill(folder: &Path) {
    for pid in processes_of(folder) {
        signal(pid, Signal::KILL);
    }
    until("the server is gone", async || {
        processes_of(folder).is_empty().then_some(())
    })
    .await;
}

/// A process that is gone already is as good.
pub(crate) fn signal(pid: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid) {
        let _ = kill_process(pid, signal);
    }
}

/// Asks again and again until there is an answer.
pub(crate) async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// As their command lines or open logs tell.
fn processes_of(folder: &Path) -> Vec<i32> {
    let marker = folder.canonicalize().unwrap();
    let name = marker.to_string_lossy().into_owned();
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let runs_here = |number: &i32| {
        let line = std::fs::read(format!("/proc/{number}/cmdline")).unwrap_or_default();
        let output = std::fs::read_link(format!("/proc/{number}/fd/1")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(&name) || output.starts_with(&marker)
    };
    let mine = i32::try_from(std::process::id()).unwrap();
    numbers
        .filter(|number| *number != mine)
        .filter(runs_here)
        .collect()
}
