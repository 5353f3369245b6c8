//! Rebuilding: broken off and taken up again, differing, given up.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::time::Duration;

use annal_core::Position;
use annal_projector::{Projector, ProjectorError, RebuildOptions, Rebuilt};
use sqlx::{Connection, PgConnection};
use support::database::{Prepared, count, tell};

/// A log whose tables were caught up, and then changed by somebody.
async fn forged(change: &str) -> Prepared {
    let prepared = Prepared::fresh().await;
    let (_, last) = tell(&prepared, 40).await;
    prepared.projector.catch_up(last).await.unwrap();
    let mut session = PgConnection::connect(&prepared.url).await.unwrap();
    sqlx::raw_sql(change).execute(&mut session).await.unwrap();
    prepared
}

#[tokio::test]
async fn a_rebuilt_table_that_differs_is_not_swapped_in_unless_that_is_allowed() {
    let prepared = forged("UPDATE annal_read.workflow_executions SET report = 'forged' WHERE run_id = '00000000-0000-0000-0000-000000000001'").await;
    let names = ["workflow_executions"];
    let refused = prepared
        .projector
        .rebuild(&names, &RebuildOptions::default(), |_| ())
        .await;
    let Err(ProjectorError::Differs { differences, .. }) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!((differences.only_live, differences.only_rebuilt), (1, 1));
    let reports = "SELECT count(*) FROM annal_read.workflow_executions WHERE report = 'forged'";
    assert_eq!(count(&prepared, reports).await, 1, "the live table stayed");

    let allowed = RebuildOptions {
        allow_differences: true,
        ..RebuildOptions::default()
    };
    let rebuilt = prepared
        .projector
        .rebuild(&names, &allowed, |_| ())
        .await
        .unwrap();
    assert_eq!(rebuilt[0].differences.only_live, 1);
    assert_eq!(rebuilt[0].events, 0, "the successor was ready");
    assert_eq!(count(&prepared, reports).await, 0);
    let kept = "SELECT count(*) FROM annal_retired.workflow_executions WHERE report = 'forged'";
    assert_eq!(count(&prepared, kept).await, 1, "the old table is kept");
}

#[tokio::test]
async fn a_rebuild_that_was_broken_off_goes_on_from_there_while_everybody_works() {
    let prepared = Prepared::fresh().await;
    let (mut story, last) = tell(&prepared, 120).await;
    let projector = &prepared.projector;
    projector.catch_up(last).await.unwrap();
    let options = RebuildOptions {
        chunk: 20,
        allow_differences: false,
        ..RebuildOptions::default()
    };

    // Broken off in the middle: the call is dropped, as a killed process drops it.
    let (reached, middle) = tokio::sync::oneshot::channel();
    let mut reached = Some(reached);
    let half = last.0 / 2;
    let rebuilding = projector.rebuild(&["version_items"], &options, |progress| {
        if progress.position.0 >= half
            && let Some(reached) = reached.take()
        {
            reached.send(()).unwrap();
        }
    });
    tokio::select! {
        biased;
        _ = middle => {}
        done = rebuilding => panic!("it was to be broken off: {done:?}"),
    }

    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let follower = projector.clone();
    let following = tokio::spawn(async move { follower.follow(stopped).await });
    let log = prepared.log.clone();
    let writing = tokio::spawn(async move {
        for number in 120..200 {
            support::append(&log, number, story.next()).await;
        }
    });
    let (rebuilt, first) = until_free(projector, &options).await;
    assert!(rebuilt.differences.is_empty());
    assert!(
        first.is_some_and(|it| it.0 > half),
        "it began anew: {first:?}"
    );
    writing.await.unwrap();
    stop.send(()).unwrap();
    following.await.unwrap().unwrap();

    projector.catch_up(Position(u64::MAX)).await.unwrap();
    let again = projector.rebuild(&["version_items"], &options, |_| ());
    let differences = again.await.unwrap().remove(0).differences;
    assert!(differences.is_empty(), "what followed the swap fits");
}

/// Rebuilds, waiting for the claim of a session that is just ending; also says where the first chunk ended.
async fn until_free(
    projector: &Projector,
    options: &RebuildOptions,
) -> (Rebuilt, Option<Position>) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    loop {
        let mut first = None;
        let note = |it: annal_projector::Progress| {
            first.get_or_insert(it.position);
        };
        match projector.rebuild(&["version_items"], options, note).await {
            Ok(mut rebuilt) => return (rebuilt.remove(0), first),
            Err(ProjectorError::Busy(_)) => {
                assert!(tokio::time::Instant::now() < deadline, "the claim stays");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn a_rebuild_can_be_given_up() {
    let prepared = forged("DELETE FROM annal_read.workflow_executions").await;
    let names = ["workflow_executions"];
    let refused = prepared
        .projector
        .rebuild(&names, &RebuildOptions::default(), |_| ())
        .await;
    assert_eq!(refused.unwrap_err().code(), "rebuild_differs");
    prepared.projector.cancel_rebuild(names[0]).await.unwrap();
    let left = "SELECT count(*) FROM annal_read.projection_rebuild_cursors";
    assert_eq!(count(&prepared, left).await, 0);
    let unknown = prepared.projector.cancel_rebuild("nothing").await;
    assert_eq!(unknown.unwrap_err().code(), "projection_unknown");
}

#[tokio::test]
async fn a_rebuild_that_has_answered_holds_its_projection_no_longer() {
    let prepared = Prepared::fresh().await;
    let (_, last) = tell(&prepared, 10).await;
    let projector = &prepared.projector;
    projector.catch_up(last).await.unwrap();
    slow_all_to_end(projector).await;
    let compare = RebuildOptions {
        compare_only: true,
        ..RebuildOptions::default()
    };
    // Each call gives up what it compared, and the next begins at once.
    for _ in 0..2 {
        let compared = projector
            .rebuild(&["workflow_executions"], &compare, |_| ())
            .await;
        assert!(compared.unwrap()[0].compared);
    }
}

/// As many sessions as the projector may have; they are back in its pool when this returns.
async fn slow_all_to_end(projector: &Projector) {
    let pool = projector.pool();
    let mut all = Vec::new();
    for _ in 0..pool.options().get_max_connections() {
        let mut session = pool.acquire().await.unwrap();
        slow_to_end(&mut session).await;
        all.push(session);
    }
    drop(all);
    while pool.num_idle() < usize::try_from(pool.size()).unwrap() {
        tokio::task::yield_now().await;
    }
}

/// A session that is closed drops its temporary tables before it lets go of its locks.
async fn slow_to_end(session: &mut PgConnection) {
    let tables = "
        RESET ROLE;
        DO $$ BEGIN
            FOR i IN 1..200 LOOP EXECUTE format('CREATE TEMP TABLE slow_%s (x int)', i); END LOOP;
        END $$;
        SET ROLE annal_projector";
    sqlx::raw_sql(tables).execute(session).await.unwrap();
}
