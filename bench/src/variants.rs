//! What the order and the chain of the log cost: the same append function with pieces cut out, in databases that are made
//! for this and dropped.

use std::sync::Arc;
use std::time::Duration;

use annal_log::{Log, migrate};
use annal_measure::{Failure, Load, Streams};
use clap::Args;
use sqlx::{Connection, PgConnection};

use crate::compare;
use crate::ours::Ours;
use crate::record::Records;
use crate::server::{Server, backend};

/// The name of the results.
pub(crate) const RESULT: &str = "variants";
/// Callers and events a command.
pub(crate) const LOADS: [(usize, usize); 3] = [(1, 1), (64, 1), (8, 1000)];
/// What is cut out, in the order in which more and more is.
pub(crate) const VARIANTS: [&str; 3] = ["as it is", "no chain", "no chain, no order"];

#[derive(Debug, Args)]
pub(crate) struct Variants {
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Times that all is measured; the spread is over these.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Writing processes' worth of connections: without order they need not wait for each other.
    #[arg(long, default_value_t = 2)]
    writers: usize,
}

impl Variants {
    pub(crate) async fn run(&self, on: &Server, records: &Records) -> Result<(), Failure> {
        let mut writers = Vec::new();
        for (number, name) in VARIANTS.into_iter().enumerate() {
            let database = format!("variant_{number}");
            let url = on.scratch(&database).await?;
            migrate(&url).await?;
            cut(&url, number).await?;
            let mut logs = Vec::new();
            for _ in 0..self.writers {
                logs.push(Log::connect(&url, "main".parse()?).await?);
            }
            writers.push((name, database, url, Arc::new(Ours(logs))));
        }
        let mut measured = Vec::new();
        for _ in 0..self.rounds {
            for (callers, per_command) in LOADS {
                let load = Load {
                    callers,
                    per_command,
                    streams: Streams::New,
                    time: Duration::from_secs_f64(self.seconds),
                };
                for (name, _, url, writer) in &writers {
                    let (_session, backend) = backend(url).await?;
                    let it = annal_measure::append(name, writer, load, backend).await?;
                    compare::tell(&it);
                    measured.push(it);
                }
            }
        }
        for (_, database, _, writer) in writers {
            drop(writer);
            on.drop_database(&database).await?;
        }
        compare::keep(records, RESULT, measured)
    }
}

/// Replaces a database's append function by one without chain (1) and without order (2).
async fn cut(url: &str, number: usize) -> Result<(), Failure> {
    let mut session = PgConnection::connect(url).await?;
    let mut function: String = sqlx::query_scalar(
        "SELECT pg_get_functiondef(oid) FROM pg_proc \
         WHERE proname = 'append' AND prosecdef AND pronamespace = 'annal'::regnamespace",
    )
    .fetch_one(&mut session)
    .await?;
    if number >= 1 {
        without(
            &mut function,
            "annal.fields(ARRAY [\n                                      uuid_send",
            "c_engine[n])])",
            "''::bytea",
        )?;
        without(&mut function, "sha256(stem ||", "a.envelope)", "''::bytea")?;
        without(
            &mut function,
            "sha256(e_hash[n - 1]",
            "e_digest[n])",
            "at_hash",
        )?;
    }
    if number >= 2 {
        // Positions are unique and no more: each batch takes a range of its own, and nobody waits for anybody.
        sqlx::raw_sql(
            "CREATE SEQUENCE annal.ranges; GRANT USAGE ON SEQUENCE annal.ranges TO annal_owner",
        )
        .execute(&mut session)
        .await?;
        without(&mut function, "in_head IS NOT NULL", ";", "false;")?;
        let untold = "PERFORM pg_advisory_xact_lock(hashtextextended(own_lock, 0))";
        without(&mut function, untold, ";", "")?;
        without(&mut function, " FOR NO KEY UPDATE", ";", ";")?;
        without(
            &mut function,
            "plain := FOUND",
            ";",
            "plain := FOUND; base := nextval('annal.ranges') * 1000000;",
        )?;
        without(
            &mut function,
            "UPDATE annal.ledgers SET",
            "ledger = in_ledger;",
            "",
        )?;
    }
    sqlx::raw_sql(&function).execute(&mut session).await?;
    Ok(session.close().await?)
}

/// Puts something else in place of the piece from `from` to the next `to`.
fn without(function: &mut String, from: &str, to: &str, instead: &str) -> Result<(), Failure> {
    let lost =
        || format!("the append function no longer has {from:?} … {to:?}: adapt the variants");
    let begin = function.find(from).ok_or_else(lost)?;
    let end = begin + function[begin..].find(to).ok_or_else(lost)? + to.len();
    function.replace_range(begin..end, instead);
    Ok(())
}
