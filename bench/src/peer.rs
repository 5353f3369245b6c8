//! The same events through cqrs-es's `QueryReplay` with postgres-es, on the same server.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use annal_core::dossier::DossierEvent as E;
use async_trait::async_trait;
use cqrs_es::persist::{GenericQuery, QueryReplay};
use cqrs_es::{Aggregate, EventEnvelope, Query, View, event_sink::EventSink};
use postgres_es::{PostgresEventRepository, PostgresViewRepository};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;

use crate::Failure;
use crate::database::Database;
use crate::rebuild::rate;
use crate::spread::{Spread, say};

/// The library asks for an aggregate; a replay uses nothing of it but its name and its events.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Replayed;

impl Aggregate for Replayed {
    const TYPE: &'static str = "dossier";
    type Command = ();
    type Event = E;
    type Error = std::fmt::Error;
    type Services = ();

    async fn handle(
        &mut self,
        (): (),
        (): &(),
        _sink: &EventSink<Self>,
    ) -> Result<(), Self::Error> {
        Ok(())
    }

    fn apply(&mut self, _event: E) {}
}

/// What version_history says, for one dossier: the leanest view that the library's user would write.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Versions(BTreeMap<u32, Row>);

#[derive(Debug, Default, Serialize, Deserialize)]
struct Row {
    status: String,
    items: u32,
    carried: u32,
    decided: u32,
}

impl View<Replayed> for Versions {
    fn update(&mut self, event: &EventEnvelope<Replayed>) {
        let mut row = |version: &annal_core::VersionNo, change: &dyn Fn(&mut Row)| {
            change(self.0.entry(version.0).or_default());
        };
        let is = |status: &'static str| move |row: &mut Row| status.clone_into(&mut row.status);
        match &event.payload {
            E::VersionCreated { version, .. } | E::VersionWithdrawn { version, .. } => {
                row(version, &is("draft"));
            }
            E::VersionSubmitted { version, .. } => row(version, &is("pending_approval")),
            E::VersionApproved { version, .. } => row(version, &is("approved")),
            E::VersionRejected { version, .. } => row(version, &is("rejected")),
            E::VersionSuperseded { version, .. } => row(version, &is("superseded")),
            E::ItemAdded { version, .. } => row(version, &|it| it.items += 1),
            E::ItemCarried { version, .. } => row(version, &|it| {
                it.items += 1;
                it.carried += 1;
            }),
            E::ItemDecided { version, .. } => row(version, &|it| it.decided += 1),
            _ => {}
        }
    }
}

/// Takes the events and keeps nothing: what reading and decoding alone cost.
#[derive(Debug)]
struct Nothing;

#[async_trait]
impl Query<Replayed> for Nothing {
    async fn dispatch(&self, _aggregate_id: &str, _events: &[EventEnvelope<Replayed>]) {}
}

const TABLES: &str = "
    DROP SCHEMA IF EXISTS peer CASCADE;
    CREATE SCHEMA peer;
    -- As the library's documentation makes them.
    CREATE TABLE peer.events (
        aggregate_type text NOT NULL, aggregate_id text NOT NULL, sequence bigint CHECK (sequence >= 0) NOT NULL,
        event_type text NOT NULL, event_version text NOT NULL, payload json NOT NULL, metadata json NOT NULL,
        PRIMARY KEY (aggregate_type, aggregate_id, sequence));
    CREATE TABLE peer.versions (
        view_id text NOT NULL, version bigint CHECK (version >= 0) NOT NULL, payload json NOT NULL,
        PRIMARY KEY (view_id));";

pub(crate) async fn replay(on: &Database, events: u64, times: u32) -> Result<(), Failure> {
    let pool = PgPool::connect(&on.url).await?;
    sqlx::raw_sql(TABLES).execute(&pool).await?;
    let copied = sqlx::query(
        "INSERT INTO peer.events
         SELECT aggregate_type, aggregate_id, sequence, event_type, event_version, payload, '{}'
         FROM annal.events WHERE ledger = 'main' AND aggregate_type = 'dossier' AND position <= $1",
    )
    .bind(i64::try_from(events)?)
    .execute(&pool)
    .await?
    .rows_affected();
    sqlx::raw_sql("VACUUM ANALYZE peer.events")
        .execute(&pool)
        .await?;
    let (mut nothing, mut views) = (Spread::default(), Spread::default());
    for _ in 0..times {
        let events =
            || PostgresEventRepository::new(pool.clone()).with_tables("peer.events", "peer.none");
        let began = Instant::now();
        QueryReplay::new(events(), Nothing)
            .replay_all()
            .await
            .map_err(|no| no.to_string())?;
        nothing.add(rate(copied, began));
        sqlx::raw_sql("TRUNCATE peer.versions")
            .execute(&pool)
            .await?;
        let kept: PostgresViewRepository<Versions, Replayed> =
            PostgresViewRepository::new("peer.versions", pool.clone());
        let query = GenericQuery::<_, Versions, Replayed>::new(Arc::new(kept));
        let began = Instant::now();
        QueryReplay::new(events(), query)
            .replay_all()
            .await
            .map_err(|no| no.to_string())?;
        views.add(rate(copied, began));
    }
    say(&format!("peer, {copied} events of dossiers:"));
    say(&format!(
        "{:<24} {}",
        "QueryReplay, no view",
        nothing.rate()
    ));
    say(&format!("{:<24} {}", "QueryReplay, versions", views.rate()));
    let dossiers: (i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM peer.versions), (SELECT count(DISTINCT aggregate_id) FROM peer.events)",
    )
    .fetch_one(&pool)
    .await?;
    if dossiers.0 != dossiers.1 {
        return Err(format!(
            "the peer made {} views of {} dossiers",
            dossiers.0, dossiers.1
        )
        .into());
    }
    sqlx::raw_sql("DROP SCHEMA peer CASCADE")
        .execute(&pool)
        .await?;
    Ok(())
}
