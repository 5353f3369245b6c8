//! What several ledgers bring: they share the server and nothing else, so a machine's cores are used by more of them.

use std::sync::Arc;
use std::time::Duration;

use annal_core::LedgerId;
use annal_log::{Log, migrate};
use annal_measure::{Failure, Load, Streams};
use clap::Args;
use sqlx::{Connection, PgConnection};

use crate::compare;
use crate::ours::Ours;
use crate::record::Records;
use crate::server::{Server, backend};

/// The name of the results.
pub(crate) const RESULT: &str = "ledgers";
/// Callers and events a command.
pub(crate) const LOADS: [(usize, usize); 2] = [(64, 1), (8, 1000)];

#[derive(Debug, Args)]
pub(crate) struct Ledgers {
    /// How many ledgers are written at the same time.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 2])]
    ledgers: Vec<usize>,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Times that all is measured; the spread is over these.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

impl Ledgers {
    pub(crate) async fn run(&self, on: &Server, records: &Records) -> Result<(), Failure> {
        let url = on.scratch("ledgers").await?;
        migrate(&url).await?;
        let mut measured = Vec::new();
        let mut writers = Vec::new();
        for count in &self.ledgers {
            writers.push((name(*count), Arc::new(Ours(open(&url, *count).await?))));
        }
        let (_session, backend) = backend(&url).await?;
        for _ in 0..self.rounds {
            for (callers, per_command) in LOADS {
                for (name, writer) in &writers {
                    let load = Load {
                        callers,
                        per_command,
                        streams: Streams::New,
                        time: Duration::from_secs_f64(self.seconds),
                    };
                    let it = annal_measure::append(name, writer, load, backend).await?;
                    compare::tell(&it);
                    measured.push(it);
                }
            }
        }
        drop(writers);
        on.drop_database("ledgers").await?;
        compare::keep(records, RESULT, measured)
    }
}

/// What a number of ledgers is called in the results.
pub(crate) fn name(count: usize) -> String {
    match count {
        1 => "1 ledger".to_owned(),
        more => format!("{more} ledgers"),
    }
}

async fn open(url: &str, count: usize) -> Result<Vec<Log>, Failure> {
    let mut session = PgConnection::connect(url).await?;
    let mut logs = Vec::new();
    for number in 1..=count {
        let ledger: LedgerId = format!("of-{count}-{number}").parse()?;
        sqlx::query("SELECT annal.create_ledger($1)")
            .bind(ledger.as_str())
            .execute(&mut session)
            .await?;
        logs.push(Log::connect(url, ledger).await?);
    }
    session.close().await?;
    Ok(logs)
}
