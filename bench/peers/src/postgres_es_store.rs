//! postgres-es: a transaction for each command, a statement for each event.

use annal_measure::{Failure, Writer};
use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::{PersistedEventRepository, SerializedEvent};
use cqrs_es::{Aggregate, DomainEvent};
use postgres_es::PostgresEventRepository;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use uuid::Uuid;

use crate::decided::Decided;

/// As the library's documentation makes it.
const TABLE: &str = "
    CREATE TABLE IF NOT EXISTS events (
        aggregate_type text NOT NULL, aggregate_id text NOT NULL, sequence bigint CHECK (sequence >= 0) NOT NULL,
        event_type text NOT NULL, event_version text NOT NULL, payload json NOT NULL, metadata json NOT NULL,
        PRIMARY KEY (aggregate_type, aggregate_id, sequence));";

pub(crate) struct Store(PostgresEventRepository);

pub(crate) async fn open(pool: &PgPool) -> Result<Store, Failure> {
    sqlx::raw_sql(TABLE).execute(pool).await?;
    Ok(Store(PostgresEventRepository::new(pool.clone())))
}

impl Writer for Store {
    type Stream = (String, usize);

    fn stream(&self) -> Self::Stream {
        (Uuid::now_v7().to_string(), 0)
    }

    async fn write(
        &self,
        (stream, length): &mut Self::Stream,
        events: usize,
    ) -> Result<(), Failure> {
        let event = |number: usize| {
            Ok(SerializedEvent::new(
                stream.clone(),
                *length + number,
                "dossier".to_owned(),
                "item_decided".to_owned(),
                "1.0".to_owned(),
                serde_json::to_value(Decided::number(number, Uuid::nil()))?,
                serde_json::json!({"actor": "annal", "reason": "measured", "step": "sample_selection.work"}),
            ))
        };
        let serialized: Result<Vec<_>, Failure> = (1..=events).map(event).collect();
        let kept = self.0.persist::<Dossier>(&serialized?, None).await;
        *length += events;
        kept.map_err(|no| no.to_string().into())
    }
}

/// The library asks for an aggregate; an append uses nothing of it.
#[derive(Default, Serialize, Deserialize)]
struct Dossier;

impl DomainEvent for Decided {
    fn event_type(&self) -> String {
        "item_decided".to_owned()
    }

    fn event_version(&self) -> String {
        "1.0".to_owned()
    }
}

impl Aggregate for Dossier {
    const TYPE: &'static str = "dossier";
    type Command = ();
    type Event = Decided;
    type Error = std::fmt::Error;
    type Services = ();

    async fn handle(&mut self, (): (), (): &(), _: &EventSink<Self>) -> Result<(), Self::Error> {
        Ok(())
    }

    fn apply(&mut self, _: Decided) {}
}
