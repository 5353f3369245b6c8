//! Snapshots change nothing but the time that an answer takes.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that cannot go on has failed, and says with which dice"
)]

#[path = "../../annal-projector/tests/support/mod.rs"]
mod support;

use annal_audit::{At, Audit, SnapshotRow, Snapshots};
use annal_bench::{Size, put, run};
use annal_core::dossier::DossierEvent;
use annal_core::version::VersionRef;
use annal_core::{Phase, Position, RunId};
use annal_log::{EventData, StreamId};
use rand::{Rng, SeedableRng};
use serde_json::json;
use sqlx::{Connection, PgConnection};
use support::database::Prepared;
use support::story::{Story, Told};

const SMALL: Size = Size {
    attributes: 3,
    samples: 20,
};

/// A story of every command that there is, and a whole run.
async fn lived(seed: u64) -> (Prepared, Position) {
    let prepared = Prepared::fresh().await;
    let mut story = Story::new(seed);
    for number in 0..120 {
        support::append(&prepared.log, number, story.next()).await;
    }
    put(&prepared.log, run(5, SMALL)).await.unwrap();
    let head = prepared.log.head().await.unwrap().position;
    (prepared, head)
}

fn snapshots(prepared: &Prepared, every: u32) -> Snapshots {
    Snapshots::new(&prepared.log, prepared.projector.pool()).every(every)
}

async fn versions(session: &mut PgConnection) -> Vec<VersionRef> {
    let made: Vec<String> = sqlx::query_scalar(
        "SELECT aggregate_id || '@' || (payload->>'version') FROM annal.events
         WHERE event_type = 'version_created' ORDER BY position",
    )
    .fetch_all(session)
    .await
    .unwrap();
    made.iter().map(|it| it.parse().unwrap()).collect()
}

async fn execute(session: &mut PgConnection, statement: &str) {
    sqlx::raw_sql(statement).execute(session).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_version_is_shown_the_same_with_and_without_snapshots_at_any_position() {
    let seed = rand::rng().random();
    eprintln!("seed {seed}");
    let mut dice = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    let (prepared, head) = lived(seed).await;
    let mut session = PgConnection::connect(&prepared.url).await.unwrap();
    let versions = versions(&mut session).await;
    let audit = Audit::new(&prepared.log);
    let alone = audit.clone().from_events_alone();

    // They are made in one go or in many, at this distance or another.
    let mut made = 0;
    for _ in 0..3 {
        let some = snapshots(&prepared, dice.random_range(2..9));
        let until = Position(dice.random_range(1..=head.0 / 2));
        made += some.catch_up(until).await.unwrap();
    }
    made += snapshots(&prepared, 3).catch_up(head).await.unwrap();
    assert!(made > 20, "{made} snapshots are too few to tell");

    let (mut same, mut missing) = (0, 0);
    for _ in 0..400 {
        let version = versions[dice.random_range(0..versions.len())];
        let at = At::Position(Position(dice.random_range(0..=head.0)));
        match (audit.show(version, at).await, alone.show(version, at).await) {
            (Ok(one), Ok(other)) => {
                assert_eq!(one, other, "{version} {at:?}");
                let json = |it| serde_json::to_string(it).unwrap();
                assert_eq!(json(&one), json(&other), "{version} {at:?}");
                same += 1;
            }
            (Err(one), Err(other)) => {
                assert_eq!(one.to_string(), other.to_string());
                missing += 1;
            }
            (one, other) => panic!("{version} {at:?}: {one:?} and {other:?}"),
        }
    }
    assert!(same > 50 && missing > 0, "{same} shown, {missing} missing");
    for version in &versions {
        let by_people = At::Effective {
            time: support::moment(60),
            known_at: None,
        };
        let shown = audit.show(*version, by_people).await.ok();
        assert_eq!(shown, alone.show(*version, by_people).await.ok());
    }
    let verified = audit.verify_snapshots().await.unwrap();
    assert_eq!(verified.differing, []);
    assert!(verified.equal >= made);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_snapshot_is_told_and_mended_and_never_in_the_answer_from_the_events() {
    let (prepared, head) = lived(7).await;
    let kept = snapshots(&prepared, 10);
    kept.catch_up(head).await.unwrap();
    let mut session = PgConnection::connect(&prepared.url).await.unwrap();
    let audit = Audit::new(&prepared.log);
    let last = "SELECT version FROM (SELECT aggregate_id || '@' || version AS version, position
                FROM annal_read.version_snapshots WHERE aggregate_id LIKE '%/sample_selection') s
                ORDER BY position DESC LIMIT 1";
    let version: String = sqlx::query_scalar(last)
        .fetch_one(&mut session)
        .await
        .unwrap();
    let version: VersionRef = version.parse().unwrap();
    let right = audit.show(version, At::Latest).await.unwrap();

    // Another moment of the same version in the place of the newest.
    execute(
        &mut session,
        &format!(
            "UPDATE annal_read.version_snapshots SET state = (
                 SELECT state FROM annal_read.version_snapshots
                 WHERE aggregate_id = '{0}/{1}' AND version = {2} ORDER BY position LIMIT 1)
             WHERE aggregate_id = '{0}/{1}' AND version = {2}",
            version.run, version.phase, version.number
        ),
    )
    .await;
    assert_ne!(
        audit.show(version, At::Latest).await.unwrap(),
        right,
        "it is not read"
    );
    let alone = audit.clone().from_events_alone();
    assert_eq!(alone.show(version, At::Latest).await.unwrap(), right);
    let told = audit.verify_snapshots().await.unwrap().differing;
    assert!(
        !told.is_empty() && told.iter().all(|it| it.0 == version.to_string()),
        "{told:?}"
    );

    // Bytes that are none, and what another program made, are left aside.
    for spoil in [
        "UPDATE annal_read.version_snapshots SET state = '\\x0102'",
        "UPDATE annal_read.version_snapshots SET definition = 'of another program'",
    ] {
        execute(&mut session, spoil).await;
        assert_eq!(
            audit.show(version, At::Latest).await.unwrap(),
            right,
            "{spoil}"
        );
    }

    let dropped = kept.drop_all().await.unwrap();
    assert!(dropped > 0 && audit.snapshots().await.unwrap().is_empty());
    assert_eq!(audit.show(version, At::Latest).await.unwrap(), right);
    let made = kept.catch_up(head).await.unwrap();
    assert_eq!(made, dropped);
    let verified = audit.verify_snapshots().await.unwrap();
    assert!(verified.differing.is_empty() && verified.equal >= made);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_snapshot_holds_a_persons_name_and_only_the_projector_may_write_one() {
    let (prepared, head) = lived(11).await;
    snapshots(&prepared, 2).catch_up(head).await.unwrap();
    let mut session = PgConnection::connect(&prepared.url).await.unwrap();
    let signed: Vec<(String, i64)> = sqlx::query_as(
        "SELECT aggregate_id, min(position) FROM annal.events WHERE event_type = 'section_signed' GROUP BY 1",
    )
    .fetch_all(&mut session)
    .await
    .unwrap();
    assert!(!signed.is_empty());
    let rows = Audit::new(&prepared.log).snapshots().await.unwrap();
    let mut unsigned = 0;
    for (dossier, position) in signed {
        let of = rows.iter().filter(|it| it.version.starts_with(&dossier));
        for it in of {
            assert!(it.position < position, "{it:?} was made after a signature");
            unsigned += 1;
        }
    }
    assert!(
        unsigned > 0,
        "the sections have snapshots until they are signed"
    );

    let refused = sqlx::query("DELETE FROM annal_read.version_snapshots")
        .execute(prepared.log.pool())
        .await
        .unwrap_err();
    assert!(
        refused.to_string().contains("permission denied"),
        "{refused}"
    );
}

/// A report whose first version is signed, taken up again in a second one that grows.
fn signed_and_revised() -> Vec<Told> {
    let run = RunId(uuid::Uuid::from_u128(77));
    let section = |version: u32, number: u32| {
        json!({"type": "item_added", "version": version, "item": format!("section:{number}"),
               "content": {"kind": "section", "title": "Scope", "body": "what was tested"}, "by": "tom"})
    };
    let signed = |number: u32| {
        json!({"type": "section_signed", "version": 1, "section": format!("section:{number}"), "signature": {
            "by": "olga", "printed_name": "Olga Owner", "role": "report_owner", "meaning": "approve",
            "content_hash": "cd".repeat(32), "signed_at": "2026-03-05T12:00:00Z"}})
    };
    let mut events = vec![
        json!({"type": "version_created", "version": 1, "origin": "initial", "inputs": [], "by": "tom"}),
        section(1, 1),
        section(1, 2),
        signed(1),
        signed(2),
        json!({"type": "version_created", "version": 2, "origin": "revision", "parent": 1, "policy": "all", "inputs": [], "by": "tom"}),
    ];
    events.extend((1..=6).map(|number| section(2, number)));
    let told = |(after, event)| Told {
        stream: StreamId::dossier(run, Phase::TestReport),
        after,
        event: EventData::encode(&serde_json::from_value::<DossierEvent>(event).unwrap()).unwrap(),
        by: "tom".parse().unwrap(),
    };
    (0..).zip(events).map(told).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_version_has_no_more_snapshots_and_the_others_of_its_phase_have_theirs() {
    let prepared = Prepared::fresh().await;
    for (number, told) in (0..).zip(signed_and_revised()) {
        support::append(&prepared.log, number, vec![told]).await;
    }
    // In one go, and as a follower that is started anew at each event.
    let mut borders = Vec::new();
    for (every, steps) in [(2, vec![12]), (2, (1..=12).collect()), (4, vec![12])] {
        snapshots(&prepared, every).drop_all().await.unwrap();
        let mut made = 0;
        for until in steps {
            let kept = snapshots(&prepared, every);
            made += kept.catch_up(Position(until)).await.unwrap();
        }
        let audit = Audit::new(&prepared.log);
        let rows = audit.snapshots().await.unwrap();
        assert_eq!(made, rows.len() as u64, "none is made twice");
        borders.push(rows.iter().map(at).collect::<Vec<_>>());
        assert_eq!(audit.verify_snapshots().await.unwrap().differing, []);
        let alone = audit.clone().from_events_alone();
        for (version, position) in (1..=2).flat_map(|it| (1..=12).map(move |at| (it, at))) {
            let version = format!("{}/test_report@{version}", uuid::Uuid::from_u128(77));
            let (version, at) = (version.parse().unwrap(), At::Position(Position(position)));
            let shown = audit.show(version, at).await.ok();
            assert_eq!(
                shown,
                alone.show(version, at).await.ok(),
                "{version} {at:?}"
            );
        }
    }
    let expected = vec![(1, 2), (2, 6), (2, 8), (2, 10), (2, 12)];
    let without_the_signed = vec![(2, 8), (2, 12)];
    assert_eq!(borders, [expected.clone(), expected, without_the_signed]);
}

fn at(row: &SnapshotRow) -> (u32, i64) {
    let version: VersionRef = row.version.parse().unwrap();
    (version.number.0, row.sequence)
}
