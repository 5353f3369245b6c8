//! The same events through cqrs-es's `QueryReplay` with postgres-es and through esrs' rebuilder, on the same server.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use annal_core::dossier::DossierEvent as E;
use async_trait::async_trait;
use cqrs_es::persist::{GenericQuery, QueryReplay};
use cqrs_es::{Aggregate, EventEnvelope, Query, View, event_sink::EventSink};
use postgres_es::{PostgresEventRepository, PostgresViewRepository};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;

use annal_measure::Failure;

use super::{Rates, Rebuild, of, tell};
use crate::append::told;
use crate::limits::rate;
use crate::server::Filled;

/// The library asks for an aggregate; a replay uses nothing of it but its name and its events.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Replayed;

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

/// What `QueryReplay` reaches with a view is called so in the results.
pub(crate) const REPLAY: &str = "QueryReplay, versions";

/// What esrs' rebuilder told.
#[derive(Debug, Deserialize)]
struct Rebuilt {
    events: u64,
    seconds: f64,
}

pub(super) async fn replay(
    asked: &Rebuild,
    filled: &Filled,
) -> Result<Vec<(String, Rates)>, Failure> {
    let pool = PgPool::connect(&filled.url).await?;
    let copied = fill(&pool, asked.peer_events).await?;
    let (mut nothing, mut views) = (Vec::new(), Vec::new());
    for _ in 0..asked.times {
        let events =
            || PostgresEventRepository::new(pool.clone()).with_tables("peer.events", "peer.none");
        let began = Instant::now();
        let replayed = QueryReplay::new(events(), Nothing).replay_all().await;
        replayed.map_err(|no| no.to_string())?;
        nothing.push(rate(copied, began));
        sqlx::raw_sql("TRUNCATE peer.versions")
            .execute(&pool)
            .await?;
        let kept: PostgresViewRepository<Versions, Replayed> =
            PostgresViewRepository::new("peer.versions", pool.clone());
        let query = GenericQuery::<_, Versions, Replayed>::new(Arc::new(kept));
        let began = Instant::now();
        let replayed = QueryReplay::new(events(), query).replay_all().await;
        replayed.map_err(|no| no.to_string())?;
        views.push(rate(copied, began));
    }
    expect_all_views(&pool).await?;
    let mut rates = vec![
        (
            "QueryReplay, no view".to_owned(),
            of(copied, nothing.clone(), nothing),
        ),
        (REPLAY.to_owned(), of(copied, views.clone(), views)),
    ];
    rates.extend(esrs(asked, filled)?);
    for (name, it) in &rates {
        tell(name, it);
    }
    sqlx::raw_sql(
        "DROP SCHEMA peer CASCADE; DROP TABLE IF EXISTS dossiers_events, dossier_versions",
    )
    .execute(&pool)
    .await?;
    Ok(rates)
}

/// The events of dossiers, as the library keeps them.
async fn fill(pool: &PgPool, events: u64) -> Result<u64, Failure> {
    sqlx::raw_sql(TABLES).execute(pool).await?;
    let copied = sqlx::query(
        "INSERT INTO peer.events
         SELECT aggregate_type, aggregate_id, sequence, event_type, event_version, payload, '{}'
         FROM annal.events WHERE ledger = 'main' AND aggregate_type = 'dossier' AND position <= $1",
    )
    .bind(i64::try_from(events)?)
    .execute(pool)
    .await?
    .rows_affected();
    sqlx::raw_sql("VACUUM ANALYZE peer.events")
        .execute(pool)
        .await?;
    Ok(copied)
}

async fn expect_all_views(pool: &PgPool) -> Result<(), Failure> {
    let dossiers: (i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM peer.versions), (SELECT count(DISTINCT aggregate_id) FROM peer.events)",
    )
    .fetch_one(pool)
    .await?;
    if dossiers.0 == dossiers.1 {
        return Ok(());
    }
    let told = format!(
        "the peer made {} views of {} dossiers",
        dossiers.0, dossiers.1
    );
    Err(told.into())
}

fn esrs(asked: &Rebuild, filled: &Filled) -> Result<Option<(String, Rates)>, Failure> {
    let Some(program) = &asked.peers else {
        return Ok(None);
    };
    let (mut rates, mut events) = (Vec::new(), 0);
    for _ in 0..asked.times {
        let mut command = Command::new(program);
        command.arg("rebuild");
        let rebuilt: Rebuilt = serde_json::from_slice(&told(command, &filled.url)?)?;
        events = rebuilt.events;
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        rates.push(rebuilt.events as f64 / rebuilt.seconds);
    }
    Ok(Some((
        "esrs, rebuilder".to_owned(),
        of(events, rates.clone(), rates),
    )))
}
