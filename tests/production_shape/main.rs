//! The production shape without containers: Temporal's real server with its data in PostgreSQL; an administrator migrates
//! once; two workers and the projector run with logins of their own that may do no more than they need; people come with a
//! worker's login. One worker is killed. What everybody did is a trace, and the events bear its id.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod collector;
mod compose;
#[path = "../support/mod.rs"]
mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Stdio;
use std::time::Duration;

use annal_core::envelope::Recorded;
use annal_core::{LedgerId, Position};
use annal_log::Log;
use annal_stack::{Needs, Settings, Stack, TemporalStore};
use collector::Collector;
use serde_json::Value;
use sqlx::{Connection, PgConnection};
use support::{Home, Running};

/// What PostgreSQL's image runs in production.
const LOGINS: &str = include_str!("../../docker/logins.sh");

#[tokio::test(flavor = "multi_thread")]
async fn temporal_on_postgres_two_workers_and_a_projector_with_logins_of_their_own() {
    let home = Home::new();
    let settings = Settings {
        temporal_store: TemporalStore::PostgreSql,
        ..Settings::new(home.path().join("home"), Needs { temporal: true })
    };
    let stack = Stack::start_with(settings, &|_| ()).await.unwrap();
    let collector = Collector::start().await;
    let admin = stack.database_url().to_owned();
    let mut connection = PgConnection::connect(&admin).await.unwrap();
    sqlx::raw_sql(&logins())
        .execute(&mut connection)
        .await
        .unwrap();
    let temporal = stack.temporal().unwrap().target.clone();
    let at = |url: &str| {
        let mut home = Home::new();
        home.at("DATABASE_URL", url);
        home.at("TEMPORAL_ADDRESS", &temporal);
        home.at(
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            &format!("http://{}", collector.address),
        );
        home.at("OTEL_BSP_SCHEDULE_DELAY", "100");
        home
    };
    let worker_login = at(&with_login(&admin, "annal_worker:worker"));
    let projector_login = at(&with_login(&admin, "annal_projector_login:projector"));

    at(&admin).json(&["migrate"]);
    let mut first = Running::start(&worker_login, &["worker"]);
    let _second = Running::start(&worker_login, &["worker"]);
    let _projector = Running::start(&projector_login, &["projector"]);
    let server_login = at(&with_login(&admin, "annal_server_login:server"));
    let mut server = Running::start(&server_login, &["server", "--listen", "127.0.0.1:0"]);
    let mut demo = worker_login.command(&["demo", "--json", "--people-only"]);
    let demo = demo.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut demo = demo.spawn().unwrap();
    let ledger: LedgerId = "main".parse().unwrap();
    let log = Log::connect(&admin, ledger).await.unwrap();
    // A demo that failed has its say below.
    while log.head().await.unwrap().position < Position(500) && demo.try_wait().unwrap().is_none() {
        let now = log.head().await.unwrap().position;
        log.wait_for(now, Duration::from_secs(10)).await.unwrap();
    }
    first.kill();

    let output = tokio::task::spawn_blocking(move || demo.wait_with_output().unwrap()).await;
    let output = output.unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the demo failed: {complaint}");
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    let phases = result["phases"].as_array().unwrap();
    assert!(phases.len() == 9 && phases.iter().all(|it| it["status"] == "completed"));
    let verified = worker_login.json(&["log", "verify"]);
    assert_eq!(verified["intact"], true, "{verified}");
    let versions = worker_login.json(&["versions", "latest"]);
    assert_eq!(versions["rows"].as_array().unwrap().len(), 7);
    assert_eq!(runs_in_temporals_database(&admin).await, 1);
    // What the logins are for, and nothing else.
    let (code, _) = worker_login.refused(5, &["migrate"]);
    assert!(code.starts_with("log_"), "{code}");
    let page = get(
        server.first_line().strip_prefix("server: http://").unwrap(),
        "/sign-in",
    );
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    one_trace_joins_what_a_person_did_and_what_came_of_it(&log, &collector).await;
    drop(log);
    stack.stop().await.unwrap();
}

async fn one_trace_joins_what_a_person_did_and_what_came_of_it(log: &Log, collector: &Collector) {
    let events = log.read(Position(0), 100_000).await.unwrap();
    let approval = last(&events, "version_approved");
    let trace = approval.metadata.correlation_id;
    let act = &approval.metadata.provenance.as_ref().unwrap().activity_name;
    let [send, workflow, activity] =
        ["send", "workflow", "activity"].map(|it| format!("{it} {act}"));
    let (append, follow_up) = ("append to the log", "activity complete_run");
    let expected = [&send, &workflow, &activity, append, follow_up];
    let spans = collector.trace(trace, &expected).await;

    let named = |name: &str| spans.iter().find(|it| it.name == name).unwrap();
    let sent = &named(&send).span_id;
    assert_eq!(&named(&workflow).parent_span_id, sent);
    assert_eq!(&named(&activity).parent_span_id, sent);
    let working = &named(&activity).span_id;
    let appends = spans.iter().filter(|it| it.name == append);
    assert_eq!(
        appends.filter(|it| &it.parent_span_id == working).count(),
        1
    );
    // The engine went on because of the approval, and what it did is in the same trace.
    assert_eq!(
        last(&events, "run_completed").metadata.correlation_id,
        trace
    );
}

fn last<'a>(events: &'a [Recorded], kind: &str) -> &'a Recorded {
    let mut found = events.iter().filter(|it| it.event_type == kind);
    found.next_back().unwrap()
}

/// How many runs the visibility of Temporal shows, as it lies in PostgreSQL.
async fn runs_in_temporals_database(admin: &str) -> i64 {
    let (server, _) = admin.rsplit_once('/').unwrap();
    let url = format!("{server}/temporal_visibility");
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let count =
        "SELECT count(*) FROM executions_visibility WHERE workflow_type_name = 'report_run'";
    sqlx::query_scalar(count)
        .fetch_one(&mut connection)
        .await
        .unwrap()
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// The statements of the script, with a password for each variable.
fn logins() -> String {
    let (_, statements) = LOGINS.split_once("<<'SQL'\n").unwrap();
    let (statements, _) = statements.split_once("\nSQL").unwrap();
    let mut statements = statements.to_owned();
    for login in ["worker", "projector", "server"] {
        statements = statements.replace(&format!(":'{login}'"), &format!("'{login}'"));
    }
    statements
}

fn with_login(url: &str, login: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap();
    let (_, place) = rest.split_once('@').unwrap();
    format!("{scheme}://{login}@{place}")
}
