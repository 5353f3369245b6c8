//! Slices: what one command appends to one stream. Streams are found by where their slices begin.

use annal_core::{EventId, PersonId, Position, Sequence};
use annal_log::{Append, FaultKind};
use futures::future::try_join_all;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use uuid::Uuid;

use crate::support::{Fresh, adding, stream};

/// Which streams a command goes to, and with how many events.
type Drawn = Vec<(u8, usize)>;

fn drawn() -> impl Strategy<Value = Vec<Drawn>> {
    let events = prop_oneof![3 => Just(1_usize), 2 => 2..6_usize];
    let command = proptest::collection::btree_map(0..4_u8, events, 1..3);
    proptest::collection::vec(command.prop_map(|it| it.into_iter().collect()), 1..40)
}

/// A log of slices of all sizes, some of one command beside each other; how long each stream has become.
async fn written(fresh: &Fresh, commands: &[Drawn]) -> [u64; 4] {
    let log = fresh.log().await;
    let mut last = [0; 4];
    for command in commands {
        let mut append = adding(&stream("none"), 0, 1);
        append.streams.clear();
        for &(number, events) in command {
            let expected = &mut last[usize::from(number)];
            append
                .streams
                .extend(adding(&stream(number), *expected, events).streams);
            *expected += events as u64;
        }
        log.append(append).await.unwrap();
    }
    last
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_is_read_whole_from_any_event_on() {
    let mut runner = TestRunner::deterministic();
    for _ in 0..6 {
        let commands = drawn().new_tree(&mut runner).unwrap().current();
        let fresh = Fresh::migrated().await;
        let last = written(&fresh, &commands).await;
        let log = fresh.log().await;
        let all = log.read(Position(0), 1_000).await.unwrap();
        for number in 0..4_u8 {
            let id = number.to_string();
            let whole: Vec<_> = all.iter().filter(|it| it.aggregate_id == id).collect();
            for after in 0..=last[usize::from(number)] + 1 {
                let read = log
                    .read_stream(&stream(number), Sequence(after))
                    .await
                    .unwrap();
                let wanted = whole.iter().filter(|it| it.sequence.0 > after);
                assert!(read.iter().eq(wanted.copied()), "{number} after {after}");
            }
            for until in all.iter().map(|it| it.position).step_by(5) {
                let read = log.read_stream_until(&stream(number), until).await;
                let wanted = whole.iter().filter(|it| it.position <= until);
                assert!(read.unwrap().iter().eq(wanted.copied()), "until {until}");
            }
            let seen: Vec<i64> = sqlx::query_scalar(
                "SELECT sequence FROM annal.stream_events WHERE aggregate_id = $1 ORDER BY sequence",
            )
            .bind(&id)
            .fetch_all(log.pool())
            .await
            .unwrap();
            let wanted = whole.iter().map(|it| it.sequence.0.cast_signed());
            assert!(seen.into_iter().eq(wanted), "{id}");
        }
        for event in &all {
            let found = log.position_of(event.event_id).await.unwrap();
            assert_eq!(found, Some(event.position));
        }
        assert_eq!(log.verify(None).await.unwrap().fault, None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_of_no_event_is_nowhere() {
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;
    assert_eq!(
        log.position_of(EventId(Uuid::new_v4())).await.unwrap(),
        None
    );
    log.append(adding(&stream("a"), 0, 3)).await.unwrap();
    let there = log.read(Position(0), 1).await.unwrap()[0].event_id.0;
    let beside = Uuid::from_u128(there.as_u128() ^ (1 << 40));
    for id in [beside, Uuid::nil(), Uuid::max(), Uuid::new_v4()] {
        assert_eq!(log.position_of(EventId(id)).await.unwrap(), None, "{id}");
    }
}

/// What no hash covers, because it says nothing that the events do not say: a verification computes it again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slice_that_does_not_hold_its_events_is_found() {
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;
    // Slices of the events 1, 2 to 4, 5 to 2004 over the end of a stretch, and 2005 to 2006.
    for (expected, events) in [(0, 1), (1, 3), (4, 2_000), (2_004, 2)] {
        log.append(adding(&stream("a"), expected, events))
            .await
            .unwrap();
    }
    assert_eq!(log.verify(None).await.unwrap().fault, None);
    fresh.keep().await;
    for (position, following, found) in [
        (1, "NULL", 1),
        (1, "1", 1),
        (2, "1", 4),
        (2, "3", 2),
        (3, "0", 2),
        (4, "0", 2),
        (5, "1998", 2_004),
        (5, "2000", 5),
        (2_000, "4", 5),
        (2_001, "3", 5),
        (2_005, "0", 2_006),
        (2_005, "2", 2_005),
        (2_005, "2147483647", 2_005),
        (2_006, "0", 2_005),
    ] {
        let change =
            format!("UPDATE annal.events SET following = {following} WHERE position = {position}");
        fresh.tamper(&[&change]).await;
        let fault = log.verify(None).await.unwrap().fault.expect(&change);
        assert_eq!(
            (fault.position, fault.kind),
            (Position(found), FaultKind::SliceDiffers),
            "{change}"
        );
        fresh.restore().await;
    }
    // Two commands' slices made one: the person of the second would be missing it.
    let joined =
        "UPDATE annal.events SET following = CASE position WHEN 2005 THEN NULL ELSE 2001 END
                  WHERE position IN (5, 2005)";
    fresh.tamper(&[joined]).await;
    let fault = log.verify(None).await.unwrap().fault.unwrap();
    assert_eq!(
        (fault.position, fault.kind),
        (Position(2_005), FaultKind::SliceDiffers)
    );
    fresh.restore().await;
    assert_eq!(log.verify(None).await.unwrap().fault, None);
}

/// With row security an index is asked only for what cannot fail. If where a slice ends were not among it, each slice
/// would be read to the end of the log.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_reads_a_stream_or_a_page_of_a_person_reads_no_more() {
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;
    for round in 0..10 {
        for id in ["a", "b", "c"] {
            let append = adding(&stream(id), round * 50, 50);
            log.append(append).await.unwrap();
        }
    }
    for round in 0..300 {
        let append = by_bo(adding(&stream("many"), round * 2, 2));
        log.append(append).await.unwrap();
    }
    // Most is by somebody else.
    let others = (0..40).map(|number| log.append(by_bo(adding(&stream(number), 0, 100))));
    try_join_all(others).await.unwrap();
    sqlx::query("ANALYZE annal.events")
        .execute(&fresh.admin().await)
        .await
        .unwrap();
    for (asked, rows) in [
        (
            "annal.of_stream('main', 'dossier', 'a', 120, 400)".to_owned(),
            280,
        ),
        // The last of a stream's many slices.
        (
            "annal.of_stream('main', 'dossier', 'many', 589)".to_owned(),
            11,
        ),
        // Pages of one person: in the first slice, over the end of one, and in the last.
        (page_of_ana(0), 40),
        (page_of_ana(730), 40),
        (page_of_ana(1_470), 30),
    ] {
        let mut reading = log.pool().begin().await.unwrap();
        sqlx::query("SET LOCAL enable_seqscan = off")
            .execute(&mut *reading)
            .await
            .unwrap();
        let plan: serde_json::Value = sqlx::query_scalar(&format!(
            "EXPLAIN (ANALYZE, FORMAT JSON) SELECT * FROM {asked}"
        ))
        .fetch_one(&mut *reading)
        .await
        .unwrap();
        assert_eq!(plan[0]["Plan"]["Actual Rows"], rows, "{plan:#}");
        let nodes = nodes(&plan);
        let thrown_away: u64 = nodes.iter().map(|it| it.thrown_away).sum();
        assert!(
            thrown_away < 280,
            "{thrown_away} rows more were read: {plan:#}"
        );
        let most = nodes.iter().map(|it| it.rows).max().unwrap();
        assert!(most <= 300, "{most} rows were read: {plan:#}");
    }
}

fn by_bo(mut append: Append) -> Append {
    append.metadata.actor.id = PersonId::new("bo").unwrap();
    append
}

/// As the timeline asks.
fn page_of_ana(after: u64) -> String {
    format!(
        "annal.slices_of_person('main', 'ana.tester', {after}) AS s,
         LATERAL (SELECT * FROM annal.events
                  WHERE position >= first AND position <= last AND ledger = 'main' OFFSET 0) AS e
         WHERE position > {after} ORDER BY first, position LIMIT 40"
    )
}

/// What a node of a plan read, in all of its loops.
struct Read {
    rows: u64,
    thrown_away: u64,
}

/// The nodes of a plan.
fn nodes(plan: &serde_json::Value) -> Vec<Read> {
    match plan {
        serde_json::Value::Array(parts) => parts.iter().flat_map(nodes).collect(),
        serde_json::Value::Object(node) => {
            let number = |key: &str| node.get(key).and_then(serde_json::Value::as_u64);
            let loops = number("Actual Loops").unwrap_or(1);
            let removed = ["Rows Removed by Filter", "Rows Removed by Index Recheck"];
            let removed: u64 = removed.into_iter().filter_map(number).sum();
            let own = Read {
                rows: number("Actual Rows").unwrap_or(0) * loops,
                thrown_away: removed * loops,
            };
            [own]
                .into_iter()
                .chain(node.values().flat_map(nodes))
                .collect()
        }
        _ => Vec::new(),
    }
}
