//! What this machine can do at most: flushes of its disk, and COPY of a log's own rows.

use std::time::Instant;

use annal_measure::{Failure, Spread};
use clap::Args;
use serde::{Deserialize, Serialize};
use sqlx::{Connection, PgConnection};

use crate::machine::Machine;
use crate::record::Records;
use crate::say;
use crate::server::Server;

/// The name of the result.
pub(crate) const RESULT: &str = "limits";

#[derive(Debug, Args)]
pub(crate) struct Limits {
    /// The filled database whose rows are copied.
    #[arg(long, default_value_t = 100_000)]
    events: u64,
    /// Times that each is measured.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

/// Rates in events a second.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Limit {
    pub(crate) machine: Machine,
    /// COPY of the rows into a table without index or check.
    pub(crate) copy_bare: Spread,
    /// COPY of the rows into a table with the log's indexes and checks.
    pub(crate) copy_whole: Spread,
    /// Bytes of a row in the table, and with its indexes.
    pub(crate) bytes: (i64, i64),
}

const TABLES: &str = "
    DROP SCHEMA IF EXISTS limits CASCADE;
    CREATE SCHEMA limits;
    CREATE TABLE limits.bare (LIKE annal.events);
    CREATE TABLE limits.whole (LIKE annal.events INCLUDING ALL);";

impl Limits {
    pub(crate) async fn run(&self, on: &Server, records: &Records) -> Result<(), Failure> {
        let filled = on.filled(self.events).await?;
        let head = filled.expect_full().await?;
        let mut session = PgConnection::connect(&filled.url).await?;
        let machine = Machine::here(&mut session, &on.home).await?;
        say(&format!("flushes {}", machine.flushes.rate()));
        sqlx::raw_sql(TABLES).execute(&mut session).await?;
        let folder: String = sqlx::query_scalar("SELECT current_setting('data_directory')")
            .fetch_one(&mut session)
            .await?;
        let file = format!("'{folder}/limits.copy'");
        let write = format!("COPY annal.events TO {file}");
        sqlx::raw_sql(&write).execute(&mut session).await?;
        let mut rates = [Vec::new(), Vec::new()];
        for _ in 0..self.rounds {
            for (table, rates) in ["bare", "whole"].into_iter().zip(&mut rates) {
                let prepare = format!("TRUNCATE limits.{table}; CHECKPOINT");
                sqlx::raw_sql(&prepare).execute(&mut session).await?;
                let copy = format!("COPY limits.{table} FROM {file}");
                let began = Instant::now();
                sqlx::raw_sql(&copy).execute(&mut session).await?;
                rates.push(rate(head.0, began));
            }
        }
        let bytes = sqlx::query_as(
            "SELECT pg_relation_size('limits.whole') / $1, pg_total_relation_size('limits.whole') / $1",
        )
        .bind(i64::try_from(head.0)?)
        .fetch_one(&mut session)
        .await?;
        std::fs::remove_file(format!("{folder}/limits.copy"))?;
        sqlx::raw_sql("DROP SCHEMA limits CASCADE")
            .execute(&mut session)
            .await?;
        let [bare, whole] = rates.map(Spread::of);
        say(&format!("COPY, no index {}", bare.rate()));
        say(&format!("COPY, with indexes and checks {}", whole.rate()));
        let limit = Limit {
            machine,
            copy_bare: bare,
            copy_whole: whole,
            bytes,
        };
        records.keep(RESULT, limit)
    }
}

/// Events a second since a moment.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
pub(crate) fn rate(events: u64, began: Instant) -> f64 {
    events as f64 / began.elapsed().as_secs_f64()
}
