//! Appends beside postgres-es: callers at once × events a command, each command on a new stream, on the same server in turn.

use std::sync::Arc;
use std::time::{Duration, Instant};

use annal_core::dossier::DossierEvent;
use annal_core::envelope::{Metadata, Provenance};
use annal_core::item::{DecisionLevel, Verdict};
use annal_core::{Actor, CommandId, Phase, RunId, Sequence, VersionNo};
use annal_log::{Append as Entry, EventData, Log, StreamAppend, StreamId};
use clap::Args;
use cqrs_es::DomainEvent;
use cqrs_es::persist::{PersistedEventRepository, SerializedEvent};
use futures::future::try_join_all;
use postgres_es::PostgresEventRepository;
use sqlx::postgres::PgPoolOptions;
use uuid::Uuid;

use crate::Failure;
use crate::database::Database;
use crate::peer::Replayed;
use crate::spread::{Spread, say};

#[derive(Debug, Args)]
pub(crate) struct Append {
    /// How many callers at once.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 8, 64])]
    callers: Vec<usize>,
    /// Events of a command.
    #[arg(long = "per-command", value_delimiter = ',', default_values_t = [1, 10, 100, 1000])]
    per_command: Vec<usize>,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
}

const TABLE: &str = "
    DROP SCHEMA IF EXISTS peer CASCADE;
    CREATE SCHEMA peer;
    CREATE TABLE peer.events (
        aggregate_type text NOT NULL, aggregate_id text NOT NULL, sequence bigint CHECK (sequence >= 0) NOT NULL,
        event_type text NOT NULL, event_version text NOT NULL, payload json NOT NULL, metadata json NOT NULL,
        PRIMARY KEY (aggregate_type, aggregate_id, sequence));";

impl Append {
    pub(crate) async fn run(&self, on: &Database) -> Result<(), Failure> {
        let pool = PgPoolOptions::new()
            .max_connections(32)
            .connect(&on.url)
            .await?;
        sqlx::raw_sql(TABLE).execute(&pool).await?;
        let peer =
            PostgresEventRepository::new(pool.clone()).with_tables("peer.events", "peer.none");
        let (ours, peer) = (Arc::new(Ours(on.log.clone())), Arc::new(Peer(peer)));
        say(&format!(
            "{:>7} {:>8}  {:<6} {:>10}  latency of a command",
            "callers", "events", "", "events/s"
        ));
        for callers in &self.callers {
            for events in &self.per_command {
                let ours = self.measure("ours", &ours, *callers, *events).await?;
                let peer = self.measure("peer", &peer, *callers, *events).await?;
                say(&format!(
                    "{:>7} {:>8}  {:<6} {:>9.1}×",
                    "",
                    "",
                    "ratio",
                    ours / peer
                ));
            }
        }
        let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM peer.events")
            .fetch_one(&pool)
            .await?;
        say(&format!(
            "the peer holds {kept} events, the log stands at {}",
            on.log.head().await?.position
        ));
        sqlx::raw_sql("DROP SCHEMA peer CASCADE")
            .execute(&pool)
            .await?;
        Ok(())
    }

    async fn measure<W: Writer>(
        &self,
        name: &str,
        writer: &Arc<W>,
        callers: usize,
        events: usize,
    ) -> Result<f64, Failure> {
        let began = Instant::now();
        let until = began + Duration::from_secs(self.seconds);
        let caller = |_| {
            let writer = Arc::clone(writer);
            tokio::spawn(async move { write_until(&*writer, events, until).await })
        };
        let times = try_join_all((0..callers).map(caller)).await?;
        let seconds = began.elapsed().as_secs_f64();
        let mut spread = Spread::default();
        let mut commands = 0;
        for time in times {
            for time in time? {
                spread.took(time);
                commands += 1;
            }
        }
        let rate = f64::from(commands) * f64::from(u32::try_from(events)?) / seconds;
        say(&format!(
            "{callers:>7} {events:>8}  {name:<6} {rate:>10.0}  {}",
            spread.times()
        ));
        Ok(rate)
    }
}

async fn write_until<W: Writer>(
    writer: &W,
    events: usize,
    until: Instant,
) -> Result<Vec<Duration>, Failure> {
    let mut times = Vec::new();
    while Instant::now() < until {
        let began = Instant::now();
        writer.write(events).await?;
        times.push(began.elapsed());
    }
    Ok(times)
}

/// Something that takes a command with events on a new stream.
trait Writer: Send + Sync + 'static {
    fn write(&self, events: usize) -> impl Future<Output = Result<(), Failure>> + Send;
}

fn decided(number: usize) -> DossierEvent {
    DossierEvent::ItemDecided {
        version: VersionNo(1),
        item: format!("sample:{number}")
            .parse()
            .expect("a short plain id"),
        level: DecisionLevel::Tester,
        verdict: Verdict::Approve,
        by: "ana".parse().expect("a short plain id"),
        reason: Some("typical of its kind".to_owned()),
        previous: None,
    }
}

/// Ordered, chained, idempotent, with its whole envelope.
struct Ours(Log);

impl Writer for Ours {
    async fn write(&self, events: usize) -> Result<(), Failure> {
        let run = RunId(Uuid::now_v7());
        let command_id = CommandId(run.0);
        let encoded: Result<Vec<_>, _> = (0..events)
            .map(|it| EventData::encode(&decided(it)))
            .collect();
        let entry = Entry {
            command_id,
            content_hash: [7; 32],
            metadata: Metadata {
                command_id,
                correlation_id: run.0,
                causation_id: None,
                actor: Actor::engine(),
                reason: Some("measured".to_owned()),
                effective_at: chrono::Utc::now(),
                provenance: Some(Provenance {
                    workflow_id: format!("annal/main/{run}"),
                    run_id: run.to_string(),
                    step_id: "sample_selection.work".to_owned(),
                    activity_name: "decide_items".to_owned(),
                    attempt: 1,
                }),
                engine: "bench".to_owned(),
            },
            streams: vec![StreamAppend {
                stream: StreamId::dossier(run, Phase::SampleSelection),
                expected: Sequence(0),
                events: encoded?,
            }],
            reply: serde_json::Value::Null,
        };
        self.0.append(entry).await?;
        Ok(())
    }
}

/// The library as it is: a transaction for each command, a statement for each event.
struct Peer(PostgresEventRepository);

impl Writer for Peer {
    async fn write(&self, events: usize) -> Result<(), Failure> {
        let stream = Uuid::now_v7().to_string();
        let event = |number: usize| {
            let event = decided(number);
            Ok(SerializedEvent::new(
                stream.clone(),
                number + 1,
                "dossier".to_owned(),
                event.event_type(),
                event.event_version(),
                serde_json::to_value(&event)?,
                serde_json::json!({"actor": "annal", "reason": "measured", "step": "sample_selection.work"}),
            ))
        };
        let events: Result<Vec<_>, Failure> = (0..events).map(event).collect();
        let kept = self.0.persist::<Replayed>(&events?, None).await;
        kept.map_err(|no| no.to_string().into())
    }
}
