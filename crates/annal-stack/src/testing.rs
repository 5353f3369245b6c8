//! Real servers for tests: an empty database and an empty Temporal namespace for each test, on servers that all tests share.
//!
//! The servers live in the target folder and are shared by all test programs of one `cargo test` run, and by runs at the same time. They
//! wait a few seconds for the next test program before they stop. The environment's `DATABASE_URL` and `TEMPORAL_ADDRESS`
//! are not used: tests must never touch a server that somebody works with.
//!
//! A server that cannot be had is a panic: a test that did not run must not look like one that passed.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use sqlx::{Connection as _, PgConnection};
use tokio::sync::OnceCell;

use crate::postgres::with_database;
use crate::progress::Progress;
use crate::{Needs, Settings, Stack, StackError, Surroundings, temporal};

/// Test programs run one after the other, with programs that need no server in between.
const LINGER: Duration = Duration::from_secs(10);
const OBJECT_IN_USE: &str = "55006";

/// A database of one test. It is dropped with this value.
#[derive(Debug)]
pub struct TestDatabase {
    url: String,
    maintenance: String,
    name: String,
}

/// A Temporal namespace of one test, on a running server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestTemporal {
    /// `host:port` of the server.
    pub target: String,
    /// A namespace that no other test uses, so that workers on the same task queue do not take each other's work.
    pub namespace: String,
}

/// An empty database on a PostgreSQL server that is shared by all tests.
pub async fn database() -> TestDatabase {
    TestDatabase::fresh().await
}

/// An empty namespace on a Temporal server that is shared by all tests.
pub async fn temporal() -> TestTemporal {
    temporal_with(&[]).await
}

/// An empty namespace with these search attributes, each as `Name=Keyword`.
pub async fn temporal_with(attributes: &[&str]) -> TestTemporal {
    let stack = shared(&TEMPORAL, Needs { temporal: true }).await;
    let target = stack.temporal().expect("it was asked for").target.clone();
    let namespace = unique();
    make_namespace(&target, &namespace, attributes).await;
    TestTemporal { target, namespace }
}

/// Makes a namespace with these search attributes on a server that [`temporal`] told of.
pub async fn make_namespace(target: &str, namespace: &str, attributes: &[&str]) {
    let (address, name) = (target.to_owned(), namespace.to_owned());
    let attributes: Vec<String> = attributes.iter().map(ToString::to_string).collect();
    let make = move || {
        let program = temporal::or_install(&Surroundings::of_this_process(), &silent())?.program;
        let create = [
            "namespace",
            "create",
            "--retention",
            "1d",
            "--namespace",
            &name,
        ];
        let failed = |reason| StackError::Program {
            program: "temporal operator namespace".into(),
            reason,
        };
        temporal::operator(&program, &address, &create).map_err(failed)?;
        temporal::ensure_attributes(&program, &address, &name, &attributes)
    };
    let made = tokio::task::spawn_blocking(make)
        .await
        .expect("the task is not cancelled");
    made.unwrap_or_else(|error| panic!("a namespace on the test server: {error}"));
}

impl TestDatabase {
    /// A database with nothing in it.
    pub async fn fresh() -> Self {
        Self::copy_of("template0").await
    }

    /// A database that begins as `prepare` left another one, which is made once for each test program and copied for
    /// each test: cheaper than running the migrations again. `name` tells one preparation from another.
    pub async fn prepared<F>(name: &str, prepare: impl FnOnce(String) -> F) -> Self
    where
        F: Future<Output = ()>,
    {
        static TEMPLATES: LazyLock<Mutex<HashMap<String, Arc<OnceCell<TestDatabase>>>>> =
            LazyLock::new(Mutex::default);
        let cell = {
            let mut templates = TEMPLATES
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            Arc::clone(templates.entry(name.to_owned()).or_default())
        };
        let template = cell.get_or_init(|| async {
            let database = Self::fresh().await;
            prepare(database.url.clone()).await;
            database
        });
        Self::copy_of(&template.await.name).await
    }

    /// The database's address, with the right to administer it.
    pub fn url(&self) -> &str {
        &self.url
    }

    async fn copy_of(template: &str) -> Self {
        let stack = shared(&POSTGRES, Needs { temporal: false }).await;
        let name = unique();
        let maintenance = with_database(stack.database_url(), "postgres");
        let url = with_database(stack.database_url(), &name);
        let made = copy(&maintenance, &name, template).await;
        made.unwrap_or_else(|error| panic!("a database can be made on the test server: {error}"));
        Self {
            url,
            maintenance,
            name,
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let maintenance = self.maintenance.clone();
        // A thread of its own, because a runtime cannot be entered from within another one.
        let work = move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.map(|runtime| runtime.block_on(run(&maintenance, &statement)))
        };
        // What cannot be dropped goes with the next start of the server, which begins with empty data.
        let _ = std::thread::spawn(work).join();
    }
}

static POSTGRES: OnceCell<Stack> = OnceCell::const_new();
static TEMPORAL: OnceCell<Stack> = OnceCell::const_new();

/// This process's hold on the shared servers. It is never dropped; the end of the process gives it back.
async fn shared(cell: &'static OnceCell<Stack>, needs: Needs) -> &'static Stack {
    let start = async || {
        let mut surroundings = Surroundings::of_this_process();
        surroundings.database_url = None;
        surroundings.temporal_address = None;
        let settings = Settings {
            disposable: true,
            linger: LINGER,
            surroundings,
            ..Settings::new(test_folder(), needs)
        };
        let say = |line: &str| tracing::info!("{line}");
        Stack::start_with(settings, &say)
            .await
            .unwrap_or_else(|error| panic!("the test servers: {error}"))
    };
    cell.get_or_init(start).await
}

/// In the target folder of the running test program; with `cargo clean` it is gone.
fn test_folder() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    let target = program
        .ancestors()
        .find(|folder| folder.join("CACHEDIR.TAG").is_file());
    target
        .map_or_else(std::env::temp_dir, Path::to_path_buf)
        .join("annal-test-servers")
}

/// A name that no other test has had on this server.
fn unique() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    format!(
        "t{}_{}_{}",
        since.as_millis(),
        std::process::id(),
        COUNT.fetch_add(1, Ordering::Relaxed)
    )
}

fn silent() -> Progress {
    let (sender, lines) = tokio::sync::mpsc::unbounded_channel();
    // The other end must stay open: closed, it means that the caller has given up.
    std::mem::forget(lines);
    Progress(sender)
}

/// Copies a template. A pool that was closed a moment ago may still hold a connection to it, so that is waited for.
async fn copy(maintenance: &str, name: &str, template: &str) -> Result<(), sqlx::Error> {
    let statement = format!("CREATE DATABASE {name} TEMPLATE {template}");
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        match run(maintenance, &statement).await {
            Err(sqlx::Error::Database(error))
                if error.code().as_deref() == Some(OBJECT_IN_USE) && Instant::now() < deadline =>
            {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            outcome => return outcome,
        }
    }
}

async fn run(url: &str, statement: &str) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect(url).await?;
    sqlx::query(statement).execute(&mut connection).await?;
    connection.close().await
}
