//! The production shape without containers: an administrator migrates once; two workers and the projector run with logins
//! of their own that may do no more than they need; people come with a worker's login. One worker is killed.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use annal_core::{LedgerId, Position};
use annal_log::Log;
use annal_stack::{Needs, Settings, Stack};
use serde_json::Value;
use sqlx::{Connection, PgConnection};
use std::time::Duration;
use support::{Home, Running};

/// As `docker/logins.sh` makes them.
const LOGINS: &str = "
    CREATE ROLE annal_runtime NOLOGIN;
    CREATE ROLE annal_projector NOLOGIN;
    CREATE ROLE annal_worker LOGIN PASSWORD 'w' IN ROLE annal_runtime;
    CREATE ROLE annal_projector_login LOGIN PASSWORD 'p' IN ROLE annal_projector;";

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_and_a_projector_with_logins_of_their_own() {
    let home = Home::new();
    let settings = Settings::new(home.path().join("home"), Needs { temporal: true });
    let stack = Stack::start_with(settings, &|_| ()).await.unwrap();
    let admin = stack.database_url().to_owned();
    let mut connection = PgConnection::connect(&admin).await.unwrap();
    sqlx::raw_sql(LOGINS)
        .execute(&mut connection)
        .await
        .unwrap();
    let temporal = stack.temporal().unwrap().target.clone();
    let at = |url: &str| {
        let mut home = Home::new();
        home.at("DATABASE_URL", url);
        home.at("TEMPORAL_ADDRESS", &temporal);
        home
    };
    let worker_login = at(&with_login(&admin, "annal_worker:w"));
    let projector_login = at(&with_login(&admin, "annal_projector_login:p"));

    at(&admin).json(&["migrate"]);
    let mut first = Running::start(&worker_login, &["worker"]);
    let _second = Running::start(&worker_login, &["worker"]);
    let _projector = Running::start(&projector_login, &["projector"]);
    let demo = worker_login.spawn(&["demo", "--json", "--people-only"]);
    let ledger: LedgerId = "main".parse().unwrap();
    let log = Log::connect(&admin, ledger).await.unwrap();
    while log.head().await.unwrap().position < Position(500) {
        let now = log.head().await.unwrap().position;
        log.wait_for(now, Duration::from_secs(10)).await.unwrap();
    }
    first.kill();

    let output = tokio::task::spawn_blocking(move || demo.wait_with_output().unwrap()).await;
    let output = output.unwrap();
    assert!(output.status.success(), "the demo failed");
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    let phases = result["phases"].as_array().unwrap();
    assert!(phases.len() == 9 && phases.iter().all(|it| it["status"] == "completed"));
    let verified = worker_login.json(&["log", "verify"]);
    assert_eq!(verified["intact"], true, "{verified}");
    let versions = worker_login.json(&["versions", "latest"]);
    assert_eq!(versions["rows"].as_array().unwrap().len(), 7);
    // What the logins are for, and nothing else.
    let (code, _) = worker_login.refused(5, &["migrate"]);
    assert!(code.starts_with("log_"), "{code}");
    drop(log);
    stack.stop().await.unwrap();
}

fn with_login(url: &str, login: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap();
    let (_, place) = rest.split_once('@').unwrap();
    format!("{scheme}://{login}@{place}")
}
