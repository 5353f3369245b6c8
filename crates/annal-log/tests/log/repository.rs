use std::collections::HashMap;

use annal_core::{CommandId, Position, Sequence};
use annal_log::{Log, LogRepository, StreamId, library_metadata};
use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::{
    PersistedEventRepository, PersistedEventStore, PersistenceError, ReplayStream, SerializedEvent,
};
use cqrs_es::{Aggregate, AggregateError, CqrsFramework, DomainEvent, EventStore};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::support::{Fresh, adding, metadata, stream};

/// A counter: the smallest aggregate that can refuse.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Counter {
    total: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Counted {
    Added { amount: u64 },
}

#[derive(Debug, thiserror::Error)]
#[error("more than ten is too much")]
struct TooMuch;

impl DomainEvent for Counted {
    fn event_type(&self) -> String {
        "added".to_owned()
    }
    fn event_version(&self) -> String {
        "1.0".to_owned()
    }
}

impl Aggregate for Counter {
    const TYPE: &'static str = "counter";
    type Command = Vec<u64>;
    type Event = Counted;
    type Error = TooMuch;
    type Services = ();

    async fn handle(
        &mut self,
        command: Vec<u64>,
        (): &(),
        sink: &EventSink<Self>,
    ) -> Result<(), TooMuch> {
        for amount in command {
            if self.total + amount > 10 {
                return Err(TooMuch);
            }
            sink.write(Counted::Added { amount }, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: Counted) {
        let Counted::Added { amount } = event;
        self.total += amount;
    }
}

type Store = PersistedEventStore<LogRepository, Counter>;

fn store(log: &Log) -> Store {
    PersistedEventStore::new_event_store(LogRepository::new(log.clone()))
}

fn command() -> HashMap<String, String> {
    library_metadata(&metadata(CommandId(Uuid::new_v4())))
}

async fn drain(mut replay: ReplayStream) -> Vec<(String, usize, u64)> {
    let mut seen = Vec::new();
    while let Some(next) = replay.next::<Counter>(&[]).await {
        let envelope = next.unwrap();
        let Counted::Added { amount } = envelope.payload;
        seen.push((envelope.aggregate_id, envelope.sequence, amount));
    }
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_aggregate_of_the_framework_lives_in_the_log() {
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;
    let cqrs = CqrsFramework::new(store(&log), vec![], ());
    let asked = metadata(CommandId(Uuid::new_v4()));

    cqrs.execute_with_metadata("c1", vec![1, 2], library_metadata(&asked))
        .await
        .unwrap();
    cqrs.execute_with_metadata("c1", vec![4], command())
        .await
        .unwrap();
    cqrs.execute_with_metadata("c1", vec![], command())
        .await
        .unwrap();
    let refused = cqrs
        .execute_with_metadata("c1", vec![1, 9], command())
        .await;

    assert!(matches!(refused, Err(AggregateError::UserError(TooMuch))));
    assert_eq!(
        store(&log)
            .load_aggregate("c1")
            .await
            .unwrap()
            .aggregate
            .total,
        7
    );
    let of_counter = StreamId {
        aggregate_type: "counter".to_owned(),
        aggregate_id: "c1".to_owned(),
    };
    let recorded = log.read_stream(&of_counter, Sequence(0)).await.unwrap();
    assert_eq!(recorded.len(), 3);
    assert_eq!(recorded[1].payload, r#"{"type":"added","amount":2}"#);
    assert_eq!(recorded[1].metadata, asked);
    assert!(log.receipt(asked.command_id).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_library_reads_one_ledger_and_the_whole_envelope() {
    let fresh = Fresh::migrated().await;
    let other = annal_core::LedgerId::new("other").unwrap();
    annal_log::create_ledger(&fresh.url, &other).await.unwrap();
    let (log, beside) = (
        fresh.log().await,
        Log::connect(&fresh.url, other).await.unwrap(),
    );
    let (here, there) = (command(), command());
    for (log, metadata, amounts) in [(&log, &here, vec![1, 2]), (&beside, &there, vec![3])] {
        let cqrs = CqrsFramework::new(store(log), vec![], ());
        cqrs.execute_with_metadata("c1", amounts, metadata.clone())
            .await
            .unwrap();
    }

    let repository = LogRepository::new(log);
    let events = repository.get_events::<Counter>("c1").await.unwrap();
    let last = repository
        .get_last_events::<Counter>("c1", 1)
        .await
        .unwrap();

    assert_eq!(events.len(), 2);
    assert_eq!(last, events[1..]);
    assert_eq!(
        serde_json::from_value::<HashMap<String, String>>(events[0].metadata.clone()).unwrap(),
        here
    );
    assert_eq!(
        store(&beside)
            .load_aggregate("c1")
            .await
            .unwrap()
            .aggregate
            .total,
        3
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replays_come_in_the_order_of_the_log_and_know_their_type() {
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;
    let cqrs = CqrsFramework::new(store(&log), vec![], ());
    cqrs.execute_with_metadata("c2", vec![1], command())
        .await
        .unwrap();
    log.append(adding(&stream("not a counter"), 0, 700))
        .await
        .unwrap();
    cqrs.execute_with_metadata("c1", vec![2], command())
        .await
        .unwrap();
    cqrs.execute_with_metadata("c2", vec![3], command())
        .await
        .unwrap();
    let repository = LogRepository::new(log);

    let all = drain(repository.stream_all_events::<Counter>().await.unwrap()).await;
    let one = drain(repository.stream_events::<Counter>("c2").await.unwrap()).await;

    let at = |id: &str, sequence, amount| (id.to_owned(), sequence, amount);
    assert_eq!(all, [at("c2", 1, 1), at("c1", 1, 2), at("c2", 2, 3)]);
    assert_eq!(one, [at("c2", 1, 1), at("c2", 2, 3)]);
}

fn added(sequence: usize, metadata: &HashMap<String, String>) -> SerializedEvent {
    SerializedEvent::new(
        "c1".to_owned(),
        sequence,
        "counter".to_owned(),
        "added".to_owned(),
        "1.0".to_owned(),
        serde_json::json!({ "type": "added", "amount": 1 }),
        serde_json::to_value(metadata).unwrap(),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stale_sequence_is_the_framework_s_lock_error_and_a_retry_is_not() {
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;
    let repository = LogRepository::new(log.clone());
    let once = command();
    repository
        .persist::<Counter>(&[added(1, &once)], None)
        .await
        .unwrap();

    repository
        .persist::<Counter>(&[added(1, &once)], None)
        .await
        .unwrap();
    let stale = repository
        .persist::<Counter>(&[added(1, &command())], None)
        .await;

    assert!(matches!(stale, Err(PersistenceError::OptimisticLockError)));
    assert_eq!(log.head().await.unwrap().position, Position(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_log_cannot_keep_is_refused_with_its_name() {
    let fresh = Fresh::migrated().await;
    let repository = LogRepository::new(fresh.log().await);
    let mut lacking = command();
    lacking.remove("engine");
    let mut extra = command();
    extra.insert("ip_address".to_owned(), "::1".to_owned());
    let mut wrong = command();
    wrong.insert("actor_role".to_owned(), "king".to_owned());

    for (given, named) in [
        (lacking, "'engine'"),
        (extra, "'ip_address'"),
        (wrong, "'king'"),
    ] {
        let error = repository
            .persist::<Counter>(&[added(1, &given)], None)
            .await
            .unwrap_err();
        assert!(error.to_string().contains(named), "{error}");
    }
    let snapshot = Some(("c1".to_owned(), serde_json::json!({}), 1));
    let error = repository
        .persist::<Counter>(&[added(1, &command())], snapshot)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("new_event_store"), "{error}");
}
