//! The append that asks nothing first, beside the careful one that it falls back to: the same batches go to both, on two
//! ledgers, and the same has to come of them.

use std::collections::{BTreeMap, BTreeSet};

use annal_core::Sequence;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use sqlx::{Connection, Executor, PgConnection};
use uuid::Uuid;

use crate::support::{Fresh, adding, fill, stream};

/// A command as it is drawn, before it is known where its streams stand.
#[derive(Debug, Clone)]
struct Drawn {
    id: WhichId,
    content: u8,
    streams: Vec<DrawnStream>,
}

#[derive(Debug, Clone)]
enum WhichId {
    New,
    Used(Index),
}

#[derive(Debug, Clone)]
struct DrawnStream {
    number: u8,
    /// How far beside the stream's last event the caller is.
    beside: i64,
    payloads: Vec<&'static str>,
}

fn drawn_stream() -> impl Strategy<Value = DrawnStream> {
    let beside = prop_oneof![30 => Just(0), 1 => -2..3_i64];
    let payload = prop_oneof![60 => Just("{}"), 1 => Just("no json")];
    (0..12_u8, beside, proptest::collection::vec(payload, 1..4)).prop_map(
        |(number, beside, payloads)| DrawnStream {
            number,
            beside,
            payloads,
        },
    )
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let id = prop_oneof![12 => Just(WhichId::New), 1 => any::<Index>().prop_map(WhichId::Used)];
    let content = prop_oneof![4 => Just(7_u8), 1 => Just(8)];
    let streams = proptest::collection::vec(drawn_stream(), 1..3);
    (id, content, streams).prop_map(|(id, content, streams)| Drawn {
        id,
        content,
        streams,
    })
}

/// The arrays of a batch, in which only what decides on outcomes differs.
#[derive(Default)]
struct Batch {
    ids: Vec<Uuid>,
    contents: Vec<Vec<u8>>,
    replies: Vec<String>,
    streams: Vec<i32>,
    stream_ids: Vec<String>,
    expected: Vec<i64>,
    events: Vec<i32>,
    payloads: Vec<&'static str>,
}

impl Batch {
    /// `last` is where each stream stands; commands are drawn as if those before them in the batch were taken.
    fn of(commands: &[Drawn], used: &mut Vec<Uuid>, mut last: BTreeMap<String, i64>) -> Self {
        let mut batch = Self::default();
        for command in commands {
            let id = match &command.id {
                WhichId::Used(index) if !used.is_empty() => *index.get(used),
                _ => Uuid::new_v4(),
            };
            used.push(id);
            batch.ids.push(id);
            batch.contents.push(vec![command.content; 32]);
            batch.replies.push(format!("\"{}\"", used.len()));
            batch.streams.push(command.streams.len() as i32);
            for DrawnStream {
                number,
                beside,
                payloads,
            } in &command.streams
            {
                let at = last.entry(number.to_string()).or_default();
                batch.stream_ids.push(number.to_string());
                batch.expected.push(*at + beside);
                batch.events.push(payloads.len() as i32);
                batch.payloads.extend(payloads);
                *at += payloads.len() as i64;
            }
        }
        batch
    }

    /// The brief answer, one line for all, as the lines that it stands for.
    fn in_full(&self, answer: String) -> String {
        let Some(positions) = answer.strip_prefix("0 recorded ") else {
            return answer;
        };
        let (first, last) = positions.trim().split_once(' ').unwrap();
        let mut next: i64 = first.parse().unwrap();
        let mut events = self.events.iter();
        let mut lines = Vec::new();
        for (number, streams) in self.streams.iter().enumerate() {
            let own: i32 = events.by_ref().take(*streams as usize).sum();
            let (first, last) = (next, next + i64::from(own) - 1);
            let reply = &self.replies[number];
            lines.push(format!("{} recorded {first} {last} {reply}", number + 1));
            next = last + 1;
        }
        assert_eq!(next - 1, last.parse::<i64>().unwrap());
        lines.join("\n")
    }

    /// What comes of it: a line for each command, or the database's code. `function` is the call's beginning.
    async fn send(&self, database: &mut PgConnection, function: &str, ledger: &str) -> String {
        let call = format!(
            "SELECT coalesce(string_agg(concat_ws(' ', done.command, outcome, first_position, last_position, reply, \
                        aggregate_type, aggregate_id, expected, actual), E'\\n' ORDER BY done.command), 'nothing') \
             FROM (SELECT cardinality($2) AS n, cardinality($7) AS streams, cardinality($9) AS events) AS how, \
                  annal.{function}, $2, $3, $4, array_fill('2026-03-01'::timestamptz, ARRAY[n]), $2, \
                        array_fill(NULL::uuid, ARRAY[n]), array_fill('a'::text, ARRAY[n]), \
                        array_fill('A'::text, ARRAY[n]), array_fill('tester'::text, ARRAY[n]), \
                        array_fill(NULL::text, ARRAY[n]), array_fill(NULL::text, ARRAY[n]), \
                        array_fill(NULL::text, ARRAY[n]), array_fill(NULL::text, ARRAY[n]), \
                        array_fill(NULL::text, ARRAY[n]), array_fill(NULL::text, ARRAY[n]), \
                        array_fill(NULL::integer, ARRAY[n]), array_fill('by hand'::text, ARRAY[n]), $5, \
                        array_fill('t'::text, ARRAY[streams]), $6, $7, $8, array_fill('e'::text, ARRAY[events]), \
                        array_fill('1.0'::text, ARRAY[events]), $9) AS done"
        );
        let done = sqlx::query_scalar(&call)
            .bind(ledger)
            .bind(&self.ids)
            .bind(&self.contents)
            .bind(&self.replies)
            .bind(&self.streams)
            .bind(&self.stream_ids)
            .bind(&self.expected)
            .bind(&self.events)
            .bind(&self.payloads)
            .fetch_one(database)
            .await;
        done.unwrap_or_else(|error| {
            let answer = error.as_database_error().expect("an answer");
            answer.code().expect("a code").into_owned()
        })
    }
}

async fn where_streams_stand(database: &mut PgConnection) -> BTreeMap<String, i64> {
    let last: Vec<(String, i64)> = sqlx::query_as(
        "SELECT aggregate_id, max(sequence) FROM annal.events WHERE ledger = 'main' GROUP BY 1",
    )
    .fetch_all(database)
    .await
    .unwrap();
    last.into_iter().collect()
}

/// Everything but the ledger and what is made anew each time: ids of events, times, hashes.
const THE_SAME: &str = "SELECT format('%s', array_agg((position, aggregate_id, sequence, payload::text, command_id) \
        ORDER BY position)) || (SELECT array_agg((command_id, content_hash, first_position, last_position, reply::text) \
        ORDER BY first_position)::text FROM annal.commands AS c WHERE c.ledger = e.ledger) \
    FROM annal.events AS e WHERE ledger = $1 GROUP BY ledger";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_comes_of_a_batch_as_when_all_is_asked_first() {
    let fresh = Fresh::migrated().await;
    annal_log::create_ledger(&fresh.url, &"careful".parse().unwrap())
        .await
        .unwrap();
    let mut database = PgConnection::connect(&fresh.url).await.unwrap();
    let mut runner = TestRunner::deterministic();
    let (mut used, mut kinds) = (Vec::new(), BTreeSet::new());

    for _ in 0..200 {
        let commands = proptest::collection::vec(drawn(), 1..7);
        let commands = commands.new_tree(&mut runner).unwrap().current();
        let standing = where_streams_stand(&mut database).await;
        let batch = Batch::of(&commands, &mut used, standing);
        // Where the head is, whether the caller knows it, and wrong guesses of it.
        let beside =
            prop_oneof![4 => Just(Some(0)), 2 => Just(None), 3 => (-3..4_i64).prop_map(Some)];
        let beside = beside.new_tree(&mut runner).unwrap().current();
        let guess = beside.map_or("NULL::bigint".to_owned(), |beside| {
            format!("(SELECT position + {beside} FROM annal.ledgers WHERE ledger = 'main')")
        });
        let brief = any::<bool>().new_tree(&mut runner).unwrap().current();
        let unasked = match brief {
            true => format!("append($1, {guess}, true"),
            false => format!("append($1, {guess}"),
        };
        let unasked = batch.send(&mut database, &unasked, "main").await;
        let unasked = batch.in_full(unasked);
        let careful = batch
            .send(&mut database, "append_with_care($1", "careful")
            .await;
        assert_eq!(unasked, careful, "{commands:?}");
        let outcome = |line: &str| line.split(' ').nth(1).unwrap_or(line).to_owned();
        kinds.insert(unasked.lines().map(outcome).collect::<BTreeSet<_>>());
    }

    let all_of = |wanted: &[&str]| {
        let wanted: BTreeSet<_> = wanted.iter().copied().map(str::to_owned).collect();
        kinds.iter().any(|kind| wanted.is_subset(kind))
    };
    assert!(all_of(&["recorded", "repeated", "conflict"]), "{kinds:?}");
    assert!(all_of(&["reused"]) && all_of(&["22P02"]), "{kinds:?}");
    let mut tables = Vec::<String>::new();
    for ledger in ["main", "careful"] {
        let table = sqlx::query_scalar(THE_SAME).bind(ledger);
        tables.push(table.fetch_one(&mut database).await.unwrap());
    }
    assert_eq!(tables[0], tables[1]);
    assert_eq!(fresh.log().await.verify(None).await.unwrap().fault, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_new_is_written_without_asking() {
    let fresh = Fresh::migrated().await;
    let admin = fresh.admin().await;
    let careful: String =
        sqlx::query_scalar("SELECT 'annal.append_with_care'::regproc::oid::regprocedure::text")
            .fetch_one(&admin)
            .await
            .unwrap();
    let taken_away = format!("ALTER FUNCTION {careful} RENAME TO taken_away");
    admin.execute(taken_away.as_str()).await.unwrap();
    let log = fresh.log().await;

    fill(&log, &stream("a"), 3).await;
    let mut several = adding(&stream("a"), 3, 2);
    several.streams.extend(adding(&stream("b"), 0, 3).streams);
    let receipt = log.append(several).await.unwrap();

    assert_eq!((receipt.first.0, receipt.last.0), (4, 8));
    let of_b = log.read_stream(&stream("b"), Sequence(0)).await.unwrap();
    assert_eq!(of_b.last().unwrap().sequence, Sequence(3));
    let asked = log.append(adding(&stream("a"), 0, 1)).await.unwrap_err();
    assert_eq!(asked.code(), "log_not_migrated", "{asked}");
    assert_eq!(log.verify(None).await.unwrap().checked, 8);
}
