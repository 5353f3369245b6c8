//! esrs' rebuilder on the events of dossiers: one transaction, one statement for each event, as its documentation has it.

use std::time::Instant;

use annal_core::dossier::DossierEvent as E;
use annal_measure::Failure;
use async_trait::async_trait;
use esrs::Aggregate;
use esrs::handler::TransactionalEventHandler;
use esrs::rebuilder::{PgRebuilder, Rebuilder};
use esrs::store::StoreEvent;
use esrs::store::postgres::{PgStore, PgStoreBuilder, PgStoreError};
use serde::Serialize;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// How long it took.
#[derive(Serialize)]
pub(crate) struct Rebuilt {
    events: u64,
    seconds: f64,
    versions: i64,
}

const FILL: &str = "
    INSERT INTO dossiers_events (id, aggregate_id, payload, occurred_on, sequence_number)
    SELECT gen_random_uuid(), md5(aggregate_id)::uuid, payload::jsonb, now(), sequence
    FROM peer.events";

const VIEW: &str = "
    DROP TABLE IF EXISTS dossier_versions;
    CREATE TABLE dossier_versions (
        dossier uuid, version integer, status text, items integer NOT NULL DEFAULT 0,
        carried integer NOT NULL DEFAULT 0, decided integer NOT NULL DEFAULT 0, PRIMARY KEY (dossier, version))";

const CHANGE: &str = "
    INSERT INTO dossier_versions AS v (dossier, version, status, items, carried, decided)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (dossier, version) DO UPDATE SET
        status = coalesce(excluded.status, v.status), items = v.items + excluded.items,
        carried = v.carried + excluded.carried, decided = v.decided + excluded.decided";

pub(crate) async fn run(pool: &PgPool) -> Result<Rebuilt, Failure> {
    sqlx::raw_sql("DROP TABLE IF EXISTS dossiers_events")
        .execute(pool)
        .await?;
    let _made: PgStore<Dossiers> = PgStoreBuilder::new(pool.clone()).try_build().await?;
    let events = sqlx::query(FILL).execute(pool).await?.rows_affected();
    sqlx::raw_sql(VIEW).execute(pool).await?;
    sqlx::raw_sql("VACUUM ANALYZE dossiers_events")
        .execute(pool)
        .await?;
    let began = Instant::now();
    PgRebuilder::<Dossiers>::new()
        .with_transactional_event_handlers(vec![Box::new(Versions)])
        .all_at_once(pool.clone())
        .await?;
    let seconds = began.elapsed().as_secs_f64();
    let versions = sqlx::query_scalar("SELECT count(*) FROM dossier_versions")
        .fetch_one(pool)
        .await?;
    Ok(Rebuilt {
        events,
        seconds,
        versions,
    })
}

struct Dossiers;

impl Aggregate for Dossiers {
    const NAME: &'static str = "dossiers";
    type State = ();
    type Command = ();
    type Event = E;
    type Error = std::fmt::Error;

    fn handle_command((): &(), (): ()) -> Result<Vec<E>, Self::Error> {
        Ok(vec![])
    }

    fn apply_event((): (), _: E) {}
}

/// What version_history says of a version, leanly.
struct Versions;

#[async_trait]
impl TransactionalEventHandler<Dossiers, PgStoreError, PgConnection> for Versions {
    async fn handle(
        &self,
        event: &StoreEvent<E>,
        work: &mut PgConnection,
    ) -> Result<(), PgStoreError> {
        let (version, status, counts) = match &event.payload {
            E::VersionCreated { version, .. } | E::VersionWithdrawn { version, .. } => {
                (version, Some("draft"), [0; 3])
            }
            E::VersionSubmitted { version, .. } => (version, Some("pending_approval"), [0; 3]),
            E::VersionApproved { version, .. } => (version, Some("approved"), [0; 3]),
            E::VersionRejected { version, .. } => (version, Some("rejected"), [0; 3]),
            E::VersionSuperseded { version, .. } => (version, Some("superseded"), [0; 3]),
            E::ItemAdded { version, .. } => (version, None, [1, 0, 0]),
            E::ItemCarried { version, .. } => (version, None, [1, 1, 0]),
            E::ItemDecided { version, .. } => (version, None, [0, 0, 1]),
            _ => return Ok(()),
        };
        sqlx::query(CHANGE)
            .bind(event.aggregate_id)
            .bind(i32::try_from(version.0).unwrap_or(i32::MAX))
            .bind(status)
            .bind(counts[0])
            .bind(counts[1])
            .bind(counts[2])
            .execute(work)
            .await?;
        Ok(())
    }

    async fn delete(&self, dossier: Uuid, work: &mut PgConnection) -> Result<(), PgStoreError> {
        sqlx::query("DELETE FROM dossier_versions WHERE dossier = $1")
            .bind(dossier)
            .execute(work)
            .await?;
        Ok(())
    }
}
