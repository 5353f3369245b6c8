//! Rebuilds as jobs, in the production shape: a projector with a login of its own takes them, people ask with a login that
//! may not fold. The projector is killed in the middle of one.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use std::time::{Duration, Instant};

use annal_core::LedgerId;
use annal_flow::RebuildJobs;
use annal_log::Log;
use annal_stack::{Needs, Settings, Stack};
use serde_json::Value;
use sqlx::{Connection, PgConnection};
use support::{Home, Running};

const LOGINS: &str = "
    CREATE ROLE annal_runtime NOLOGIN;
    CREATE ROLE annal_projector NOLOGIN;
    CREATE ROLE annal_worker LOGIN PASSWORD 'w' IN ROLE annal_runtime;
    CREATE ROLE annal_projector_login LOGIN PASSWORD 'p' IN ROLE annal_projector;";
const NAME: &str = "version_items";

#[tokio::test(flavor = "multi_thread")]
async fn a_job_survives_its_projector_and_is_given_up_only_when_told() {
    let home = Home::new();
    let settings = Settings::new(home.path().join("home"), Needs { temporal: true });
    let stack = Stack::start_with(settings, &|_| ()).await.unwrap();
    let admin = stack.database_url().to_owned();
    let mut session = PgConnection::connect(&admin).await.unwrap();
    sqlx::raw_sql(LOGINS).execute(&mut session).await.unwrap();
    let temporal = stack.temporal().unwrap().target.clone();
    let at = |url: &str| {
        let mut home = Home::new();
        home.at("DATABASE_URL", url);
        home.at("TEMPORAL_ADDRESS", &temporal);
        home
    };
    let person = at(&with_login(&admin, "annal_worker:w"));
    let projector = at(&with_login(&admin, "annal_projector_login:p"));
    at(&admin).json(&["migrate"]);
    let log = Log::connect(&admin, "main".parse::<LedgerId>().unwrap())
        .await
        .unwrap();
    let (_, head) = annal_bench::fill(&log, 0, 2_000).await.unwrap();
    let head = head.0;
    let mut first = Running::start(&projector, &["projector"]);

    let (code, message) = person.refused(6, &["projections", "rebuild", "version_item", "--job"]);
    assert!(
        code == "projection_unknown" && message.contains(NAME),
        "{message}"
    );
    let (code, message) = person.refused(5, &["projections", "rebuild", NAME]);
    assert!(
        code == "projector_forbidden" && message.contains("--job"),
        "{message}"
    );

    person.json(&[
        "projections",
        "rebuild",
        NAME,
        "--job",
        "--detach",
        "--chunk",
        "1",
    ]);
    let before = until(&person, |status| reached(status) > head / 10);
    assert_eq!(before["jobs"][0]["attempt"], 1);
    let (code, _) = person.refused(3, &["projections", "rebuild", NAME, "--job"]);
    assert_eq!(code, "rebuild_running");
    first.kill();
    let left = cursor(&mut session).await;
    assert!(left > 0 && left < head, "{left} of {head}");

    let _second = Running::start(&projector, &["projector"]);
    until(&person, |status| {
        status["jobs"].as_array().unwrap().is_empty()
    });
    let jobs = RebuildJobs::connect(&temporal, "default").await.unwrap();
    let done = jobs.ended(NAME).await.unwrap();
    assert!(
        done.events <= head - left,
        "it began anew: {done:?}, {left} of {head}"
    );
    assert_eq!(
        count(
            &mut session,
            "SELECT count(*) FROM annal_read.projection_rebuilds"
        )
        .await,
        0
    );
    let compared = person.json(&["projections", "compare", NAME, "--job"]);
    let row = &compared["rows"][0];
    assert!(
        row["compared"] == true && row["only_live"] == 0 && row["only_rebuilt"] == 0,
        "{row}"
    );

    person.json(&[
        "projections",
        "rebuild",
        NAME,
        "--job",
        "--detach",
        "--chunk",
        "1",
    ]);
    until(&person, |status| reached(status) > 0);
    person.json(&["projections", "cancel", NAME]);
    let status = person.json(&["projections", "status"]);
    assert_eq!(status["jobs"].as_array().unwrap().len(), 0, "{status}");
    assert_eq!(status["rebuilds"].as_array().unwrap().len(), 0, "{status}");

    sqlx::raw_sql(
        "UPDATE annal_read.version_items SET tester_by = 'forged' WHERE item = 'sample:1'",
    )
    .execute(&mut session)
    .await
    .unwrap();
    let (code, _) = person.refused(3, &["projections", "rebuild", NAME, "--job"]);
    assert_eq!(code, "rebuild_differs");
    // No job runs any more; what it left is given up by who may write the tables.
    projector.json(&["projections", "cancel", NAME]);
    for compared in [
        person.refused(3, &["projections", "compare", NAME, "--job"]),
        at(&admin).refused(3, &["projections", "compare", NAME]),
    ] {
        assert_eq!(compared.0, "rebuild_differs");
    }
    let words = [
        "projections",
        "rebuild",
        NAME,
        "--job",
        "--allow-differences",
    ];
    assert!(person.json(&words)["rows"][0]["only_live"].as_u64() > Some(0));
    drop(log);
    stack.stop().await.unwrap();
}

/// What the job's heartbeat said last.
fn reached(status: &Value) -> u64 {
    status["jobs"][0]["reached"][0]["position"]
        .as_u64()
        .unwrap_or_default()
}

fn until(home: &Home, condition: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + Duration::from_secs(90);
    loop {
        let status = home.json(&["projections", "status"]);
        if condition(&status) {
            return status;
        }
        assert!(
            Instant::now() < deadline,
            "the job does not get there: {status}"
        );
    }
}

async fn cursor(session: &mut PgConnection) -> u64 {
    let cursor = "SELECT position FROM annal_read.projection_rebuild_cursors WHERE ledger = 'main'";
    u64::try_from(count(session, cursor).await).unwrap()
}

async fn count(session: &mut PgConnection, query: &str) -> i64 {
    sqlx::query_scalar(query).fetch_one(session).await.unwrap()
}

fn with_login(url: &str, login: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap();
    let (_, place) = rest.split_once('@').unwrap();
    format!("{scheme}://{login}@{place}")
}
