//! esrs: a transaction for each command, a statement for each event.

use annal_measure::{Failure, Writer};
use esrs::store::EventStore;
use esrs::store::postgres::{PgStore, PgStoreBuilder, UuidFormat};
use esrs::{Aggregate, AggregateState};
use sqlx::PgPool;
use uuid::Uuid;

use crate::decided::Decided;

pub(crate) struct Store(PgStore<Dossier>);

pub(crate) async fn open(pool: &PgPool) -> Result<Store, Failure> {
    let store = PgStoreBuilder::new(pool.clone()).with_event_id_format(UuidFormat::V7);
    Ok(Store(store.try_build().await?))
}

impl Writer for Store {
    type Stream = AggregateState<()>;

    fn stream(&self) -> Self::Stream {
        AggregateState::with_id(Uuid::now_v7())
    }

    async fn write(&self, stream: &mut Self::Stream, events: usize) -> Result<(), Failure> {
        let events = (1..=events).map(|number| Decided::number(number, Uuid::nil()));
        self.0.persist(stream, events.collect()).await?;
        Ok(())
    }
}

pub(crate) struct Dossier;

impl Aggregate for Dossier {
    const NAME: &'static str = "dossier";
    type State = ();
    type Command = ();
    type Event = Decided;
    type Error = std::fmt::Error;

    fn handle_command((): &(), (): ()) -> Result<Vec<Decided>, Self::Error> {
        Ok(vec![])
    }

    fn apply_event((): (), _: Decided) {}
}
