use annal_core::envelope::Recorded;
use annal_core::{CommandId, PersonId, Position, Role, RunId, Sequence};
use annal_log::{Append, AppendError, LogError, StreamAppend, StreamId, content_hash};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::support::{Fresh, adding, event, fill, stream};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_appended_is_read_back_with_its_whole_envelope() {
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;
    let at = stream("a");
    let mut append = adding(&at, 0, 2);
    append.metadata.causation_id = Some(Uuid::new_v4());
    append.metadata.actor.on_behalf_of = Some(PersonId::new("olga.owner").unwrap());
    append.metadata.actor.role = Role::ReportOwner;
    append.streams[0].events[1].payload =
        "{ \"odd\" :  \"spaces\tkept ✓\", \"n\":1.50}".replace('\t', " ");
    let before = Utc::now() - chrono::Duration::minutes(1);

    let receipt = log.append(append.clone()).await.unwrap();

    assert_eq!((receipt.first, receipt.last), (Position(1), Position(2)));
    assert!(!receipt.repeated);
    assert_eq!(receipt.reply, append.reply);
    let read = log.read_stream(&at, Sequence(0)).await.unwrap();
    assert_eq!(read, log.read(Position(0), 10).await.unwrap());
    for (index, recorded) in read.iter().enumerate() {
        assert_eq!(recorded.ledger.as_str(), "main");
        assert_eq!(recorded.position.0, index as u64 + 1);
        assert_eq!(recorded.sequence.0, index as u64 + 1);
        assert_eq!(recorded.aggregate_type, "dossier");
        assert_eq!(recorded.payload, append.streams[0].events[index].payload);
        assert_eq!(recorded.metadata, append.metadata);
        assert!(recorded.recorded_at > before);
        assert_eq!(recorded.event_id.0.get_version_num(), 7);
    }
    assert_ne!(read[0].event_id, read[1].event_id);
    let head = log.head().await.unwrap();
    assert_eq!((head.position, head.hash), (Position(2), read[1].hash));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_without_a_workflow_keeps_its_nones() {
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;
    let mut append = adding(&stream("a"), 0, 1);
    append.metadata.provenance = None;
    append.metadata.reason = None;
    append.reply = serde_json::Value::Null;

    let receipt = log.append(append.clone()).await.unwrap();

    assert_eq!(receipt.reply, serde_json::Value::Null);
    assert_eq!(
        log.read(Position(0), 1).await.unwrap()[0].metadata,
        append.metadata
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_claimed_time_is_kept_to_the_microsecond() {
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;
    let mut append = adding(&stream("a"), 0, 1);
    append.metadata.effective_at = "2026-03-01T09:30:00.123456999Z".parse().unwrap();

    log.append(append).await.unwrap();

    let kept: DateTime<Utc> = "2026-03-01T09:30:00.123456Z".parse().unwrap();
    assert_eq!(
        log.read(Position(0), 1).await.unwrap()[0]
            .metadata
            .effective_at,
        kept
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_command_twice_is_carried_out_once() {
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;
    let append = adding(&stream("a"), 0, 3);
    let first = log.append(append.clone()).await.unwrap();
    fill(&log, &stream("b"), 2).await;
    let mut again = append.clone();
    again.reply = serde_json::json!("a reply that is not the first one");

    let second = log.append(again).await.unwrap();

    assert!(second.repeated);
    assert_eq!(
        (second.first, second.last, &second.reply),
        (first.first, first.last, &first.reply)
    );
    assert_eq!(log.head().await.unwrap().position, Position(5));
    let (receipt, content) = log.receipt(append.command_id).await.unwrap().unwrap();
    assert_eq!((receipt, content), (second, append.content_hash));
    assert_eq!(log.receipt(CommandId(Uuid::new_v4())).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_id_with_other_content_is_refused() {
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;
    let append = adding(&stream("a"), 0, 1);
    log.append(append.clone()).await.unwrap();
    let other = Append {
        content_hash: content_hash(&"something else").unwrap(),
        ..adding(&stream("a"), 1, 1)
    };
    let other = Append {
        command_id: append.command_id,
        ..other
    };

    let refused = log.append(other).await.unwrap_err();

    assert_eq!(
        refused,
        AppendError::Reused {
            command_id: append.command_id
        }
    );
    assert_eq!(refused.code(), "command_reused");
    assert_eq!(log.head().await.unwrap().position, Position(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_streams_are_appended_to_together_or_not_at_all() {
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;
    let run = RunId(Uuid::new_v4());
    let (first, second) = (
        StreamId::run(run),
        StreamId::dossier(run, annal_core::Phase::Scoping),
    );
    let both = |expected: [u64; 2]| {
        let mut append = adding(&first, expected[0], 2);
        append.streams.push(StreamAppend {
            stream: second.clone(),
            expected: Sequence(expected[1]),
            events: vec![event(9)],
        });
        append
    };
    log.append(both([0, 0])).await.unwrap();

    let refused = log.append(both([2, 0])).await.unwrap_err();

    let conflict = AppendError::Conflict {
        stream: second.clone(),
        expected: Sequence(0),
        actual: Sequence(1),
    };
    assert_eq!(refused, conflict);
    assert_eq!(log.read_stream(&first, Sequence(0)).await.unwrap().len(), 2);
    assert_eq!(log.head().await.unwrap().position, Position(3));
    log.append(both([2, 1])).await.unwrap();
    let tail = log.read_stream(&first, Sequence(2)).await.unwrap();
    assert_eq!(
        tail.iter().map(|one| one.sequence.0).collect::<Vec<_>>(),
        [3, 4]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_reads_as_it_was_at_a_position() {
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;
    for expected in 0..3 {
        log.append(adding(&stream("a"), expected, 1)).await.unwrap();
        log.append(adding(&stream("b"), expected, 1)).await.unwrap();
    }

    let then = log
        .read_stream_until(&stream("b"), Position(5))
        .await
        .unwrap();

    let places = |read: &[Recorded]| read.iter().map(|one| one.position.0).collect::<Vec<_>>();
    assert_eq!(places(&then), [2, 4]);
    assert_eq!(places(&log.read(Position(1), 3).await.unwrap()), [2, 3, 4]);
    assert_eq!(
        places(&log.read(Position(u64::MAX), 3).await.unwrap()),
        Vec::<u64>::new()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_moment_is_found_in_the_log() {
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;
    let now = Utc::now();
    assert_eq!(log.position_at(now).await.unwrap(), Position(0));
    for expected in 0..7 {
        log.append(adding(&stream("a"), expected * 3, 3))
            .await
            .unwrap();
    }
    let read = log.read(Position(0), 100).await.unwrap();

    let instant = chrono::Duration::microseconds(1);
    for recorded in &read {
        let at = recorded.recorded_at;
        let upto = |at| read.iter().filter(|other| other.recorded_at <= at).count() as u64;
        assert_eq!(log.position_at(at).await.unwrap().0, upto(at));
        assert_eq!(
            log.position_at(at - instant).await.unwrap().0,
            upto(at - instant)
        );
    }
    assert_eq!(
        log.position_at(DateTime::UNIX_EPOCH).await.unwrap(),
        Position(0)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_without_events_is_refused() {
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;
    let empty = adding(&stream("a"), 0, 0);
    let none = Append {
        streams: Vec::new(),
        ..empty.clone()
    };
    for append in [empty, none] {
        let refused = log.append(append.clone()).await.unwrap_err();
        assert_eq!(
            refused,
            LogError::Empty {
                command: append.command_id
            }
            .into()
        );
    }
    assert_eq!(log.head().await.unwrap().position, Position(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payload_that_cannot_be_read_back_is_refused() {
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;
    for bad in ["{", "", r#"{"zero":"\u0000"}"#, r#"{"zero":"\\\u0000"}"#] {
        let mut append = adding(&stream("a"), 0, 1);
        append.streams[0].events[0].payload = bad.to_owned();
        let refused = log.append(append).await.unwrap_err();
        assert!(
            matches!(&refused, AppendError::Log(LogError::Refused { .. })),
            "{bad:?}: {refused}"
        );
    }
    // A backslash and the letters, not the character.
    let mut append = adding(&stream("a"), 0, 1);
    append.streams[0].events[0].payload = r#"{"text":"\\u0000"}"#.to_owned();
    log.append(append).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ledgers_have_positions_of_their_own() {
    let fresh = Fresh::migrated().await;
    let other = annal_core::LedgerId::new("Bank 'B' – retail").unwrap();
    let missing = annal_log::Log::connect(&fresh.url, other.clone())
        .await
        .unwrap_err();
    assert_eq!(missing, LogError::UnknownLedger(other.clone()));
    annal_log::create_ledger(&fresh.url, &other).await.unwrap();
    annal_log::create_ledger(&fresh.url, &other).await.unwrap();
    let log = fresh.log().await;
    let beside = annal_log::Log::connect(&fresh.url, other).await.unwrap();
    let append = adding(&stream("a"), 0, 2);

    let here = log.append(append.clone()).await.unwrap();
    let there = beside.append(append).await.unwrap();

    assert_eq!((here.first, there.first), (Position(1), Position(1)));
    assert!(!there.repeated, "a command id belongs to its ledger");
    assert_ne!(
        log.head().await.unwrap().hash,
        beside.head().await.unwrap().hash
    );
    assert_eq!(beside.read(Position(0), 10).await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_thousand_events_go_in_as_one_command() {
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;

    let receipt = log.append(adding(&stream("a"), 0, 5_000)).await.unwrap();

    assert_eq!(
        (receipt.first, receipt.last),
        (Position(1), Position(5_000))
    );
    let read = log
        .read_stream(&stream("a"), Sequence(4_000))
        .await
        .unwrap();
    assert_eq!(read.len(), 1_000);
    assert!(read[999].payload.contains("attr-5000"));
    assert_eq!(log.verify(None).await.unwrap().fault, None);
}
