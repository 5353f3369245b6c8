//! Following the log, standing still before an event that cannot be folded, and new definitions.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::time::Duration;

use annal_core::{Position, RunId};
use annal_log::{EventData, StreamId};
use annal_projector::{
    Projection, ProjectionState, ProjectionStatus, Projector, ProjectorError, RebuildOptions,
};
use sqlx::{Connection, PgConnection};
use support::database::{Prepared, count, tell};
use support::story::{Story, Told};

fn of<'a>(all: &'a [ProjectionStatus], name: &str) -> &'a ProjectionStatus {
    all.iter().find(|it| it.name == name).unwrap()
}

/// A story with, in its middle, a step whose deadline is no time: only workflow_steps reads that. Returns the
/// position of that event, and of the last one.
async fn poisoned(prepared: &Prepared) -> (Position, Position) {
    let (_, last) = tell(prepared, 60).await;
    let payload = r#"{"type":"step_scheduled","step":"x","phase":"scoping","kind":"human","role":null,"due_at":"soon"}"#;
    let bad = Told {
        stream: StreamId::run(RunId(uuid::Uuid::from_u128(3))),
        after: 0,
        event: EventData {
            event_type: "step_scheduled".into(),
            event_version: "1.0".into(),
            payload: payload.into(),
        },
        by: support::story::person("ana"),
    };
    let at = support::append(&prepared.log, 1000, vec![bad]).await;
    assert_eq!(at.0, last.0 + 1);
    let mut other = Story::new(12).of_runs(4..=5);
    let mut head = at;
    for number in 1001..1030 {
        head = support::append(&prepared.log, number, other.next()).await;
    }
    (at, head)
}

#[tokio::test]
async fn an_event_that_cannot_be_folded_stops_only_its_projection() {
    let prepared = Prepared::fresh().await;
    let (bad, head) = poisoned(&prepared).await;
    assert!(head > bad);
    let status = prepared.projector.catch_up(head).await.unwrap();
    for it in &status {
        if it.name == "workflow_steps" {
            assert_eq!(it.position, Position(bad.0 - 1));
            let ProjectionState::Failed {
                error_position,
                error,
                ..
            } = &it.state
            else {
                panic!("{it:?}")
            };
            assert_eq!(*error_position, bad);
            assert!(error.contains("timestamp"), "{error}");
        } else {
            assert_eq!(
                (it.position, &it.state),
                (head, &ProjectionState::Following),
                "{it:?}"
            );
        }
    }
    let steps = count(&prepared, "SELECT count(*) FROM annal_read.workflow_steps").await;
    assert!(steps > 0, "what came before the event is there");

    prepared.projector.retry("workflow_steps").await.unwrap();
    let again = prepared.projector.catch_up(head).await.unwrap();
    assert!(matches!(
        of(&again, "workflow_steps").state,
        ProjectionState::Failed { .. }
    ));
}

#[tokio::test]
async fn an_event_is_skipped_only_by_name_with_a_reason_and_by_rebuilds_too() {
    let prepared = Prepared::fresh().await;
    let (bad, head) = poisoned(&prepared).await;
    let projector = &prepared.projector;
    projector.catch_up(head).await.unwrap();

    let refused = projector.skip("workflow_steps", bad, "ops", " ").await;
    assert_eq!(refused.unwrap_err().code(), "reason_required");
    let refused = projector
        .skip("workflow_steps", Position(1), "ops", "bad date")
        .await;
    assert_eq!(refused.unwrap_err().code(), "projection_not_stopped");
    let refused = projector
        .skip("workflow_step", bad, "ops", "bad date")
        .await;
    assert_eq!(refused.unwrap_err().code(), "projection_unknown");

    let stopped = projector
        .rebuild(&["workflow_steps"], &RebuildOptions::default(), |_| ())
        .await;
    assert!(matches!(stopped, Err(ProjectorError::Stopped { position, .. }) if position == bad.0));

    projector
        .skip("workflow_steps", bad, "ops", "bad date")
        .await
        .unwrap();
    let status = projector.catch_up(head).await.unwrap();
    assert_eq!(of(&status, "workflow_steps").position, head);
    let rebuilt = projector
        .rebuild(&["workflow_steps"], &RebuildOptions::default(), |_| ())
        .await
        .unwrap();
    assert!(rebuilt[0].differences.is_empty());
}

#[tokio::test]
async fn following_keeps_up_with_what_is_appended_and_ends_when_told() {
    let prepared = Prepared::fresh().await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let follower = prepared.projector.clone();
    let following =
        tokio::spawn(async move { follower.follow(async { drop(stopped.await) }).await });
    let (_, last) = tell(&prepared, 20).await;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    loop {
        let status = prepared.projector.status().await.unwrap();
        if status.iter().all(|it| it.position >= last) {
            break;
        }
        assert!(
            tokio::time::Instant::now() < deadline,
            "the follower did not arrive: {status:?}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stop.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(5), following)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn catching_up_goes_to_the_position_asked_for_and_no_further() {
    let prepared = Prepared::fresh().await;
    tell(&prepared, 20).await;
    for it in prepared.projector.catch_up(Position(7)).await.unwrap() {
        assert_eq!(it.position, Position(7), "{it:?}");
        assert!(it.lag > 0);
    }
}

#[tokio::test]
async fn a_new_definition_waits_for_its_rebuild_and_the_old_one_goes_on() {
    let prepared = Prepared::fresh().await;
    let (mut story, last) = tell(&prepared, 20).await;
    prepared.projector.catch_up(last).await.unwrap();
    let mut refusals = Projection::builtin()
        .into_iter()
        .find(|it| it.name == "refusals")
        .unwrap();
    refusals.model = refusals
        .model
        .replace("message      text", "said         text");
    Projector::prepare_all(&prepared.url, std::slice::from_ref(&refusals))
        .await
        .unwrap();

    for number in 20..160 {
        support::append(&prepared.log, number, story.next()).await;
    }
    let status = prepared
        .projector
        .catch_up(Position(u64::MAX))
        .await
        .unwrap();
    assert!(of(&status, "refusals").rebuild_due);
    assert_eq!(of(&status, "refusals").lag, 0);

    let rebuilt = prepared
        .projector
        .rebuild_all(&[refusals], &RebuildOptions::default(), |_| ())
        .await
        .unwrap();
    assert!(rebuilt[0].redefined);
    let refused = "SELECT count(said) FROM annal_read.refusals";
    let told = "SELECT count(*) FROM annal.events WHERE event_type = 'attempt_refused'";
    let told = count(&prepared, told).await;
    assert!(told > 0);
    assert_eq!(count(&prepared, refused).await, told);
    assert!(!of(&prepared.projector.status().await.unwrap(), "refusals").rebuild_due);
}

#[tokio::test]
async fn readers_may_read_the_tables_and_not_write_them() {
    let prepared = Prepared::fresh().await;
    tell(&prepared, 5).await;
    prepared
        .projector
        .rebuild(&["decisions"], &RebuildOptions::default(), |_| ())
        .await
        .unwrap();
    for role in ["annal_auditor", "annal_runtime"] {
        let mut session = PgConnection::connect(&prepared.url).await.unwrap();
        sqlx::raw_sql(&format!("SET ROLE {role}"))
            .execute(&mut session)
            .await
            .unwrap();
        for table in ["decisions", "version_history", "projection_status"] {
            let read = format!("SELECT count(*) FROM annal_read.{table}");
            sqlx::raw_sql(&read).execute(&mut session).await.unwrap();
            let write = format!("DELETE FROM annal_read.{table}");
            let refused = sqlx::raw_sql(&write)
                .execute(&mut session)
                .await
                .unwrap_err();
            let code = refused
                .as_database_error()
                .and_then(sqlx::error::DatabaseError::code)
                .map(|it| it.to_string());
            assert_eq!(code.as_deref(), Some("42501"), "{role} on {table}");
        }
    }
}

/// As in `projections/README.md`.
const ACTS: [(&str, &str); 3] = [
    (
        "model.sql",
        "CREATE TABLE acts (
             ledger           text   NOT NULL,
             person           text   NOT NULL,
             acts             bigint NOT NULL,
             changed_position bigint NOT NULL,
             PRIMARY KEY (ledger, person)
         );",
    ),
    (
        "fold.sql",
        "MERGE INTO acts a
         USING (SELECT ledger, actor_id, count(*) AS acts, max(position) AS changed
                FROM annal.events WHERE ledger = $1 AND position > $2 AND position <= $3
                GROUP BY ledger, actor_id) d
         ON a.ledger = d.ledger AND a.person = d.actor_id
         WHEN MATCHED AND a.changed_position < d.changed THEN
             UPDATE SET acts = a.acts + d.acts, changed_position = d.changed
         WHEN NOT MATCHED THEN INSERT VALUES (d.ledger, d.actor_id, d.acts, d.changed)",
    ),
    (
        "index.sql",
        "CREATE INDEX IF NOT EXISTS acts_many ON acts (ledger, acts);",
    ),
];

#[tokio::test]
async fn a_projection_is_added_by_its_folder() {
    let prepared = Prepared::fresh().await;
    let (_, last) = tell(&prepared, 60).await;
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("acts");
    std::fs::create_dir(&folder).unwrap();
    let missing = Projection::from_folder(&folder).unwrap_err();
    assert_eq!(missing.code(), "projection_unreadable");
    assert!(missing.to_string().contains("model.sql"), "{missing}");
    for (file, sql) in ACTS {
        std::fs::write(folder.join(file), sql).unwrap();
    }
    let acts = Projection::from_folder(&folder).unwrap();
    let all = [Projection::builtin(), vec![acts.clone()]].concat();
    Projector::prepare_all(&prepared.url, &all).await.unwrap();
    prepared.projector.catch_up(Position(10)).await.unwrap();
    prepared.projector.catch_up(last).await.unwrap();
    let acted = "SELECT sum(acts)::bigint FROM annal_read.acts";
    assert_eq!(
        count(&prepared, acted).await,
        i64::try_from(last.0).unwrap()
    );
    let rebuilt = prepared
        .projector
        .rebuild_all(&[acts], &RebuildOptions::default(), |_| ())
        .await
        .unwrap();
    assert!(rebuilt[0].differences.is_empty());
}
