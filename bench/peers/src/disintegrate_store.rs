//! disintegrate: a serializable transaction for each command, one statement for all its events. Of the peers the one
//! that keeps its log in an order, at the price of commands that have to be tried again.

use annal_measure::{Failure, Writer};
use disintegrate::serde::json::Json;
use disintegrate::{EventStore, query};
use disintegrate_postgres::{Error, PgEventId, PgEventStore};
use sqlx::PgPool;
use uuid::Uuid;

use crate::decided::Decided;

pub(crate) struct Store(PgEventStore<Decided, Json<Decided>>);

/// What the library's own set-up makes last, where the server is older than PostgreSQL 16 and does not know the
/// hexadecimal number in it.
const FOR_OLDER_SERVERS: &str = "
    CREATE OR REPLACE FUNCTION event_store_begin_epoch() RETURNS void AS $$
    DECLARE
        id bigint;
        db_id int;
    BEGIN
        SELECT last_value INTO id FROM seq_event_event_id;
        SELECT oid INTO db_id FROM pg_database WHERE datname = current_database();
        PERFORM pg_try_advisory_xact_lock_shared(db_id, 0);
        PERFORM pg_try_advisory_xact_lock_shared(1, (id & 4294967295)::bit(32)::integer);
        PERFORM pg_try_advisory_xact_lock_shared(2, (id >> 32)::bit(32)::integer);
    END;
    $$ LANGUAGE plpgsql;
    ALTER TABLE event ADD COLUMN IF NOT EXISTS dossier uuid;
    CREATE INDEX IF NOT EXISTS idx_event_dossier ON event (dossier) WHERE dossier IS NOT NULL;";

pub(crate) async fn open(pool: &PgPool) -> Result<Store, Failure> {
    match PgEventStore::try_new(pool.clone(), Json::default()).await {
        Ok(store) => Ok(Store(store)),
        Err(Error::Migration(_)) => {
            sqlx::raw_sql(FOR_OLDER_SERVERS).execute(pool).await?;
            Ok(Store(PgEventStore::new_uninitialized(pool.clone(), Json::default())))
        }
        Err(no) => Err(no.into()),
    }
}

impl Writer for Store {
    type Stream = (Uuid, PgEventId);

    fn stream(&self) -> Self::Stream {
        (Uuid::now_v7(), 0)
    }

    async fn write(
        &self,
        (dossier, last): &mut Self::Stream,
        events: usize,
    ) -> Result<(), Failure> {
        let events: Vec<_> = (1..=events)
            .map(|number| Decided::number(number, *dossier))
            .collect();
        loop {
            let stream = query!(Decided; dossier == *dossier);
            match self.0.append(events.clone(), stream, *last).await {
                Ok(kept) => {
                    *last = kept.last().map_or(*last, |event| event.id());
                    return Ok(());
                }
                Err(no) if is_about_order(&no) => {}
                Err(no) => return Err(no.into()),
            }
        }
    }
}

/// Nobody else writes to the stream, so the database only could not prove that the order does not matter.
fn is_about_order(error: &Error) -> bool {
    match error {
        Error::Concurrency => true,
        Error::Database(sqlx::Error::Database(answer)) => answer.code().as_deref() == Some("40001"),
        _ => false,
    }
}
