use annal_core::Position;
use annal_log::{FaultKind, Progress, Scope, Since};

use crate::support::{Fresh, adding, fill, stream};

/// Every column that the hash covers, one at a time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_to_any_column_is_found_where_it_is() {
    let columns = [
        "event_id = gen_random_uuid()",
        "aggregate_type = 'other'",
        "aggregate_id = 'other'",
        "sequence = 40",
        "event_type = 'other'",
        "event_version = '9.9'",
        "payload = '{\"type\":\"item_decided\",\"item\":\"attr-1\"}'",
        "recorded_at = recorded_at + interval '1 microsecond'",
        "effective_at = effective_at - interval '1 day'",
        "correlation_id = gen_random_uuid()",
        "causation_id = gen_random_uuid()",
        "actor_id = 'eve'",
        "actor_name = 'Eve'",
        "actor_role = 'no role at all'",
        "on_behalf_of = 'eve'",
        "reason = NULL",
        "workflow_id = 'w'",
        "workflow_run_id = 'w'",
        "step_id = 'w'",
        "activity_name = 'w'",
        "attempt = 2",
        "engine = 'w'",
        "hash = sha256(hash)",
        "command_id = gen_random_uuid()",
    ];
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;
    fill(&log, &stream("a"), 4).await;
    fresh.keep().await;
    for column in columns {
        fresh
            .tamper(&[&format!(
                "UPDATE annal.events SET {column} WHERE position = 2"
            )])
            .await;
        let verified = log.verify(None).await.unwrap();
        let fault = verified
            .fault
            .unwrap_or_else(|| panic!("{column} went unseen"));
        assert_eq!(
            (fault.position, fault.kind),
            (Position(2), FaultKind::Altered),
            "{column}"
        );
        fresh.restore().await;
        assert_eq!(log.verify(None).await.unwrap().fault, None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleted_swapped_and_added_rows_are_found() {
    let cases: [(&[&str], u64, FaultKind); 7] = [
        (
            &["DELETE FROM annal.events WHERE position = 3"],
            3,
            FaultKind::Missing,
        ),
        (
            &["DELETE FROM annal.events WHERE position = 1"],
            1,
            FaultKind::Missing,
        ),
        (
            &["DELETE FROM annal.events WHERE position >= 5"],
            5,
            FaultKind::Missing,
        ),
        (
            &[
                "UPDATE annal.events SET position = 100 WHERE position = 2",
                "UPDATE annal.events SET position = 2 WHERE position = 4",
                "UPDATE annal.events SET position = 4 WHERE position = 100",
            ],
            2,
            FaultKind::Altered,
        ),
        (
            &[
                "UPDATE annal.events e SET command_id = o.command_id FROM annal.events o \
                 WHERE (e.position, o.position) IN ((3, 4), (4, 3))",
            ],
            3,
            FaultKind::Altered,
        ),
        (
            &[
                "INSERT INTO annal.events SELECT ledger, 7, gen_random_uuid(), aggregate_type, aggregate_id, 7, event_type, \
               event_version, payload, recorded_at, effective_at, command_id, correlation_id, causation_id, actor_id, \
               actor_name, actor_role, on_behalf_of, reason, workflow_id, workflow_run_id, step_id, activity_name, \
               attempt, engine, hash FROM annal.events WHERE position = 6",
            ],
            7,
            FaultKind::BeyondHead,
        ),
        (
            &[
                "DELETE FROM annal.events WHERE position = 6",
                "UPDATE annal.ledgers SET position = 5",
            ],
            5,
            FaultKind::HeadDiffers,
        ),
    ];
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;
    fill(&log, &stream("a"), 6).await;
    fresh.keep().await;
    for (statements, position, kind) in cases {
        fresh.tamper(statements).await;
        let fault = log.verify(None).await.unwrap().fault.expect(statements[0]);
        assert_eq!(
            (fault.position, fault.kind),
            (Position(position), kind),
            "{statements:?}"
        );
        fresh.restore().await;
        assert_eq!(log.verify(None).await.unwrap().fault, None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkpoint_shows_a_chain_that_was_cut_short_with_care() {
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;
    fill(&log, &stream("a"), 3).await;
    let early = log.verify(None).await.unwrap().head;
    for expected in 3..6 {
        log.append(adding(&stream("a"), expected, 1)).await.unwrap();
    }
    let late = log.head().await.unwrap();
    let resumed = log.verify(Some(early)).await.unwrap();
    assert_eq!((resumed.checked, resumed.fault), (3, None));

    // The last two go, and everything that tells of them with them: by itself the log is sound again.
    fresh
        .tamper(&[
            "DELETE FROM annal.events WHERE position > 4",
            "DELETE FROM annal.commands WHERE first_position > 4",
            "UPDATE annal.ledgers l SET position = 4, hash = e.hash FROM annal.events e WHERE e.position = 4",
        ])
        .await;

    assert_eq!(log.verify(None).await.unwrap().fault, None);
    assert_eq!(log.verify(Some(early)).await.unwrap().fault, None);
    let fault = log.verify(Some(late)).await.unwrap().fault.unwrap();
    assert_eq!(
        (fault.position, fault.kind),
        (Position(6), FaultKind::NotTheCheckpoint)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_register_of_commands_that_disagrees_is_found() {
    for (statement, position) in [
        ("DELETE FROM annal.commands WHERE first_position = 2", 2),
        (
            "UPDATE annal.commands SET last_position = 4 WHERE first_position = 3",
            3,
        ),
    ] {
        let fresh = Fresh::migrated().await;
        let log = fresh.log().await;
        fill(&log, &stream("a"), 4).await;
        fresh.tamper(&[statement]).await;
        let fault = log.verify(None).await.unwrap().fault.unwrap();
        assert_eq!(
            (fault.position, fault.kind),
            (Position(position), FaultKind::CommandDiffers),
            "{statement}"
        );
    }
}

/// Any part of the log, also one that cuts a command in two, from any stored hash.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_part_is_verified_and_a_fault_is_found_by_the_parts_that_hold_it() {
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;
    for (expected, count) in [(0, 3), (3, 1), (4, 4)] {
        log.append(adding(&stream("a"), expected, count))
            .await
            .unwrap();
    }
    let part = |after, until| Scope {
        since: Since::Position(Position(after)),
        until: Some(Position(until)),
        jobs: 2,
    };
    for after in 0..=8 {
        for until in after..=8 {
            let verified = log.verify_with(part(after, until), |_| ()).await.unwrap();
            assert_eq!(
                (verified.checked, verified.fault),
                (until - after, None),
                "{after} {until}"
            );
        }
    }
    let beyond = log.verify_with(part(0, 9), |_| ()).await.unwrap_err();
    assert_eq!(beyond.code(), "log_out_of_reach");

    fresh
        .tamper(&["UPDATE annal.events SET reason = 'x' WHERE position = 5"])
        .await;

    for after in 0..=8 {
        for until in after..=8 {
            let fault = log
                .verify_with(part(after, until), |_| ())
                .await
                .unwrap()
                .fault;
            let found = fault.map(|fault| (fault.position.0, fault.kind));
            let inside = after < 5 && until >= 5;
            assert_eq!(
                found,
                inside.then_some((5, FaultKind::Altered)),
                "{after} {until}"
            );
        }
    }
}

/// Several stretches at a time: the first fault wins, wherever the others are, and progress only grows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_of_many_faults_is_named_whatever_runs_beside_it() {
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;
    for round in 0..9 {
        log.append(adding(&stream("a"), round * 1_000, 1_000))
            .await
            .unwrap();
    }
    let mut told = Vec::new();
    let verified = log
        .verify_with(
            Scope {
                jobs: 4,
                ..Scope::default()
            },
            |progress| told.push(progress),
        )
        .await
        .unwrap();
    assert_eq!((verified.checked, verified.fault), (9_000, None));
    assert_eq!(
        told.last(),
        Some(&Progress {
            checked: 9_000,
            of: 9_000
        })
    );
    assert!(told.len() > 1 && told.is_sorted_by_key(|progress| progress.checked));

    // The ends of stretches are where it could go wrong.
    for position in [1_u64, 2_000, 2_001, 4_000, 6_001, 9_000] {
        fresh.keep().await;
        let alter = |position: u64| {
            format!("UPDATE annal.events SET reason = 'x' WHERE position = {position}")
        };
        fresh.tamper(&[&alter(position), &alter(9_000)]).await;
        let fault = log.verify(None).await.unwrap().fault.unwrap();
        assert_eq!(
            (fault.position, fault.kind),
            (Position(position), FaultKind::Altered)
        );
        let delete = format!("DELETE FROM annal.events WHERE position = {position}");
        fresh.tamper(&[&delete]).await;
        let fault = log.verify(None).await.unwrap().fault.unwrap();
        assert_eq!(
            (fault.position, fault.kind),
            (Position(position), FaultKind::Missing)
        );
        fresh.restore().await;
        sqlx::query("DROP TABLE public.kept_events, public.kept_ledgers, public.kept_commands, public.kept_files")
            .execute(&fresh.admin().await)
            .await
            .unwrap();
    }
}
