use annal_core::envelope::Provenance;
use annal_core::{PersonId, Position, Role};
use annal_log::hash::{BEFORE_THE_FIRST, canonical_bytes, event_hash};
use annal_log::{Append, Log};
use chrono::{DateTime, Utc};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::support::{Fresh, adding, stream};

/// Any text that PostgreSQL can hold: all but the zero character.
fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec(any::<char>().prop_filter("not zero", |c| *c != '\0'), 0..20)
        .prop_map(|chars| chars.into_iter().collect())
}

fn instant() -> impl Strategy<Value = DateTime<Utc>> {
    // Years 1 to 9999, before and after 1970.
    (-62_135_596_800_i64..253_402_300_799, 0..1_000_000_000_u32)
        .prop_map(|(seconds, nanos)| DateTime::from_timestamp(seconds, nanos).unwrap())
}

fn provenance() -> impl Strategy<Value = Provenance> {
    (text(), text(), text(), text(), 0..i32::MAX as u32).prop_map(
        |(workflow_id, run_id, step_id, activity_name, attempt)| Provenance {
            workflow_id,
            run_id,
            step_id,
            activity_name,
            attempt,
        },
    )
}

fn person() -> impl Strategy<Value = PersonId> {
    text().prop_filter_map("a person's id", |text| PersonId::new(text).ok())
}

fn any_append() -> impl Strategy<Value = Append> {
    let who = (
        person(),
        text().prop_map(|name| name.trim_start_matches('{').into()),
        proptest::sample::select(Role::ALL.as_slice()),
        proptest::option::of(person()),
    );
    let rest = (
        proptest::option::of(text()),
        proptest::option::of(any::<u128>()),
        instant(),
        proptest::option::of(provenance()),
        text(),
    );
    (who, rest, proptest::collection::vec(text(), 1..4)).prop_map(|(who, rest, words)| {
        let mut append = adding(&stream(uuid::Uuid::new_v4()), 0, words.len());
        for (event, word) in append.streams[0].events.iter_mut().zip(words) {
            event.payload = serde_json::json!({ "type": "x", "word": word }).to_string();
            event.event_type = format!("x{word}");
        }
        let metadata = &mut append.metadata;
        (
            metadata.actor.id,
            metadata.actor.name,
            metadata.actor.role,
            metadata.actor.on_behalf_of,
        ) = who;
        let causation;
        (
            metadata.reason,
            causation,
            metadata.effective_at,
            metadata.provenance,
            metadata.engine,
        ) = rest;
        metadata.causation_id = causation.map(uuid::Uuid::from_u128);
        append
    })
}

/// Every stored hash is what this crate computes from the event as it is read.
async fn chain_holds(log: &Log, after: Position, mut previous: [u8; 32]) {
    for recorded in log.read(after, 1_000).await.unwrap() {
        assert_eq!(
            event_hash(&previous, &recorded),
            recorded.hash,
            "{recorded:?}"
        );
        previous = recorded.hash;
    }
    assert_eq!(previous, log.head().await.unwrap().hash);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_and_this_crate_hash_alike_whatever_the_event() {
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;
    let mut runner = TestRunner::deterministic();
    let appends: Vec<Append> = (0..150)
        .map(|_| any_append().new_tree(&mut runner).unwrap().current())
        .collect();

    let receipts =
        futures::future::join_all(appends.iter().map(|append| log.append(append.clone()))).await;

    for receipt in receipts {
        receipt.unwrap();
    }
    chain_holds(&log, Position(0), BEFORE_THE_FIRST).await;
    assert_eq!(log.verify(None).await.unwrap().fault, None);
}

/// The vector of FORMAT.md, by which other programs check themselves.
#[test]
fn the_vector_in_the_specification_is_right() {
    let specification = include_str!("../../../../migrations/FORMAT.md");
    let recorded = vector();
    let bytes = hex::encode(canonical_bytes(&recorded));
    let hash = hex::encode(event_hash(&BEFORE_THE_FIRST, &recorded));
    let written: String = specification.split_whitespace().collect();
    assert!(written.contains(&bytes), "canonical bytes: {bytes}");
    assert!(written.contains(&hash), "hash: {hash}");
}

fn vector() -> annal_core::envelope::Recorded {
    use annal_core::{Actor, CommandId, EventId, LedgerId, Sequence, envelope::Metadata};
    let id = |n: u128| uuid::Uuid::from_u128(0x018f_0000_0000_7000_8000_0000_0000_0000 + n);
    annal_core::envelope::Recorded {
        ledger: LedgerId::new("main").unwrap(),
        position: Position(1),
        event_id: EventId(id(1)),
        aggregate_type: "dossier".to_owned(),
        aggregate_id: "018f/scoping".to_owned(),
        sequence: Sequence(1),
        event_type: "item_decided".to_owned(),
        event_version: "1.0".to_owned(),
        payload: r#"{"type":"item_decided","item":"é"}"#.to_owned(),
        metadata: Metadata {
            command_id: CommandId(id(2)),
            correlation_id: id(3),
            causation_id: None,
            actor: Actor {
                id: PersonId::new("ana.tester").unwrap(),
                name: "Ana Tester".into(),
                role: Role::Tester,
                on_behalf_of: None,
            },
            reason: Some("it is due".to_owned()),
            effective_at: "2026-03-01T09:30:00Z".parse().unwrap(),
            provenance: Some(Provenance {
                workflow_id: "annal/main/018f".to_owned(),
                run_id: "r1".to_owned(),
                step_id: "scoping.decide".to_owned(),
                activity_name: "act".to_owned(),
                attempt: 1,
            }),
            engine: "annal 0.1.0".to_owned(),
        },
        recorded_at: "2026-03-01T09:30:01.000001Z".parse().unwrap(),
        stored: None,
        hash: [0; 32],
    }
}
