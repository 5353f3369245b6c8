//! A PostgreSQL of this test alone, with the settings of a production server, that may be killed.

use std::path::Path;
use std::time::{Duration, Instant};

use annal_core::LedgerId;
use annal_log::Log;
use annal_stack::{Needs, Settings, Stack, Surroundings};
use rustix::process::{Pid, Signal, kill_process};
use sqlx::postgres::PgPoolOptions;
use sqlx::{Executor, PgPool};
use tempfile::TempDir;

/// The longest that anything here is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Server {
    folder: TempDir,
    stack: Option<Stack>,
    pub(crate) url: String,
}

impl Server {
    /// A server with an empty log.
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // The user that runs PostgreSQL for root has to reach it.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(folder.path(), open).unwrap();
        let stack = up(folder.path()).await;
        let url = stack.database_url().to_owned();
        annal_log::migrate(&url).await.unwrap();
        let server = Self {
            folder,
            stack: Some(stack),
            url,
        };
        assert_eq!(server.log().await.settings().await.unwrap(), []);
        server
    }

    /// Where journals may go.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) async fn log(&self) -> Log {
        Log::connect(&self.url, ledger()).await.unwrap()
    }

    /// Connections of the administrator. The server may be down; then they come when it is up.
    pub(crate) fn admin(&self) -> PgPool {
        let pool = PgPoolOptions::new().acquire_timeout(PATIENCE);
        pool.connect_lazy(&self.url).unwrap()
    }

    /// Kills all of it at once, as a crash of the machine's memory would, and starts it again.
    pub(crate) async fn kill(&mut self) {
        for pid in processes_of(self.folder.path()) {
            signal(pid, Signal::KILL);
        }
        self.again().await;
    }

    /// The fast shutdown that an administrator orders, and a start.
    pub(crate) async fn shut_down(&mut self) {
        let file = self
            .folder
            .path()
            .join("stack/postgres/data/postmaster.pid");
        let text = std::fs::read_to_string(file).unwrap();
        signal(text.lines().next().unwrap().parse().unwrap(), Signal::INT);
        self.again().await;
    }

    /// Whether no process of it is left.
    pub(crate) fn is_gone(&self) -> bool {
        processes_of(self.folder.path()).is_empty()
    }

    /// Starts it again, once it is gone.
    pub(crate) async fn again(&mut self) {
        until("the server is gone", async || {
            processes_of(self.folder.path()).is_empty().then_some(())
        })
        .await;
        drop(self.stack.take());
        let stack = up(self.folder.path()).await;
        assert_eq!(stack.database_url(), self.url);
        self.stack = Some(stack);
    }

    pub(crate) async fn stop(mut self) {
        if let Some(stack) = self.stack.take() {
            stack.stop().await.unwrap();
        }
    }
}

pub(crate) fn ledger() -> LedgerId {
    LedgerId::new("main").unwrap()
}

async fn up(folder: &Path) -> Stack {
    let mut surroundings = Surroundings::of_this_process();
    surroundings.database_url = None;
    let settings = Settings {
        surroundings,
        ..Settings::new(folder.join("stack"), Needs { temporal: false })
    };
    Stack::start_with(settings, &|_| ()).await.unwrap()
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
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The backend that an append runs in and that waits at the brake.
pub(crate) async fn braked_backend(admin: &PgPool) -> i32 {
    until("an append waits at the brake", async || {
        let waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'advisory' AND backend_xid IS NOT NULL LIMIT 1";
        sqlx::query_scalar(waiting).fetch_optional(admin).await.ok().flatten()
    })
    .await
}

/// Runs a statement as soon as the server lets it.
pub(crate) async fn execute(admin: &PgPool, statement: &str) {
    until(statement, async || admin.execute(statement).await.ok()).await;
}

/// The processes that run on this folder, as their command lines or open logs tell.
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
