//! No question reads the log, or a large table, from end to end.

use std::time::{Duration, Instant};

use annal_audit::{Audit, DecisionFilter, Pace, TimelineFilter};
use annal_core::version::VersionRef;
use annal_core::{Phase, Role, VersionNo};
use sqlx::{Connection, PgConnection};

use crate::runs::two_runs;
use crate::support;
use crate::support::story::{item, person};
use crate::{all, run_of};

/// With scans switched off in the whole database none is left where an index serves, so any that is counted is a
/// question without one.
#[tokio::test]
async fn no_question_scans_the_log_or_a_large_table() {
    let (prepared, _) = two_runs().await;
    let mut session = PgConnection::connect(&prepared.url).await.unwrap();
    let name: String = sqlx::query_scalar("SELECT current_database()")
        .fetch_one(&mut session)
        .await
        .unwrap();
    sqlx::raw_sql(&format!(
        "ALTER DATABASE \"{name}\" SET enable_seqscan = off"
    ))
    .execute(&mut session)
    .await
    .unwrap();
    let log = annal_log::Log::connect(&prepared.url, support::main_ledger())
        .await
        .unwrap();
    let before = scans(&mut session).await;
    ask_everything(&Audit::new(&log)).await;
    // What a session counted shows when it is over. The scan that is made then is counted after those of the questions.
    over(&log, &mut session).await;
    sqlx::raw_sql("SET enable_indexscan = off; SET enable_bitmapscan = off; SET enable_indexonlyscan = off; SELECT count(reason) FROM annal.events")
        .execute(&mut session)
        .await
        .unwrap();
    sqlx::raw_sql("SELECT pg_stat_force_next_flush()")
        .execute(&mut session)
        .await
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let after = scans(&mut session).await;
        let more: Vec<_> = after.iter().filter(|it| !before.contains(it)).collect();
        if more.iter().any(|it| it.0 == "annal.events") {
            let own = before
                .iter()
                .find(|it| it.0 == "annal.events")
                .map_or(0, |it| it.1)
                + 1;
            assert_eq!(
                more,
                [&("annal.events".to_owned(), own)],
                "before: {before:?}"
            );
            return;
        }
        assert!(
            Instant::now() < deadline,
            "the scan made here is not counted: {after:?}"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Waits until the sessions that were asked, those without sequential scans, are gone. The server's own (autovacuum)
/// come and go as they like. A session on its way back while its pool is closed may be put back into the closed pool,
/// where it stays; so the pool is closed until none is left.
async fn over(log: &annal_log::Log, session: &mut PgConnection) {
    let deadline = Instant::now() + Duration::from_secs(20);
    let asked = "SELECT count(*) FROM pg_stat_activity
                 WHERE datname = current_database() AND application_name = 'annal' AND backend_start > $1";
    let started: chrono::DateTime<chrono::Utc> = sqlx::query_scalar(
        "SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()",
    )
    .fetch_one(&mut *session)
    .await
    .unwrap();
    loop {
        log.pool().close().await;
        let left: i64 = sqlx::query_scalar(asked)
            .bind(started)
            .fetch_one(&mut *session)
            .await
            .unwrap();
        if left == 0 {
            return;
        }
        assert!(
            Instant::now() < deadline,
            "the sessions that were asked do not end: {left}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn scans(session: &mut PgConnection) -> Vec<(String, i64)> {
    sqlx::raw_sql("SELECT pg_stat_clear_snapshot()")
        .execute(&mut *session)
        .await
        .unwrap();
    sqlx::query_as(
        "SELECT schemaname || '.' || relname, seq_scan FROM pg_stat_all_tables
         WHERE schemaname || '.' || relname IN ('annal.events', 'annal_read.decisions', 'annal_read.refusals',
             'annal_read.texts', 'annal_read.version_items', 'annal_read.workflow_steps', 'annal_read.test_results',
             'annal_read.workflow_executions', 'annal_read.version_history') ORDER BY 1",
    )
    .fetch_all(session)
    .await
    .unwrap()
}

async fn ask_everything(audit: &Audit) {
    let run = run_of(0);
    let filters = [
        all(),
        DecisionFilter {
            run: Some(run),
            ..all()
        },
        DecisionFilter {
            report: Some("Report 1".into()),
            ..all()
        },
        DecisionFilter {
            person: Some(person("olga-0")),
            ..all()
        },
        DecisionFilter {
            phase: Some(Phase::Scoping),
            role: Some(Role::Tester),
            ..all()
        },
        DecisionFilter {
            since: Some(support::moment(0)),
            until: Some(chrono::Utc::now()),
            ..all()
        },
        DecisionFilter {
            effective_since: Some(support::moment(0)),
            ..all()
        },
        DecisionFilter {
            run: Some(run),
            item: Some(item("sample:1")),
            ..all()
        },
        DecisionFilter {
            overrides: true,
            ..all()
        },
        DecisionFilter {
            what: Some("approval".into()),
            ..all()
        },
    ];
    for filter in &filters {
        audit.decisions(filter).await.unwrap();
        audit.refusals(filter).await.unwrap();
        audit.approvals(filter, Pace::default()).await.unwrap();
        audit.four_eyes(filter, false).await.unwrap();
        audit.late(filter).await.unwrap();
        audit.search("boundary", filter).await.unwrap();
    }
    for filter in [
        TimelineFilter {
            run: Some(run),
            ..TimelineFilter::default()
        },
        TimelineFilter {
            person: Some(person("olga-0")),
            ..TimelineFilter::default()
        },
        TimelineFilter {
            run: Some(run),
            item: Some(item("sample:1")),
            ..TimelineFilter::default()
        },
        TimelineFilter {
            run: Some(run),
            phase: Some(Phase::Scoping),
            ..TimelineFilter::default()
        },
    ] {
        audit.timeline(&filter).await.unwrap();
    }
    audit.lineage(run, "section:1").await.unwrap();
    audit.metrics(run).await.unwrap();
    audit.summary(run).await.unwrap();
    let version = VersionRef {
        run,
        phase: Phase::SampleSelection,
        number: VersionNo(2),
    };
    audit.show(version, annal_audit::At::Latest).await.unwrap();
}
