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

pub(crate) async fn open(pool: &PgPool) -> Result<Store, Failure> {
    Ok(Store(
        PgEventStore::try_new(pool.clone(), Json::default()).await?,
    ))
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
