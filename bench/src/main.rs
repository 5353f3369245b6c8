//! Measures rebuilds, reconstruction and audit queries on a log of generated events.

mod append;
mod database;
mod peer;
mod queries;
mod rebuild;
mod show;
mod spread;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::database::Database;

/// Why a measurement broke off.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Measures on a PostgreSQL of its own; what was generated stays in the folder for the next measurement.
#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    on: On,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Args)]
struct On {
    /// Folder of the PostgreSQL server.
    #[arg(long, global = true, default_value = "target/bench")]
    home: PathBuf,
    /// Events that the log holds before anything is measured.
    #[arg(long, global = true, default_value_t = 1_000_000)]
    events: u64,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Events a second of each projection's rebuild, beside COPY of the same rows and the peer.
    Rebuild(rebuild::Rebuild),
    /// Time to reconstruct a version.
    Show(show::Show),
    /// Time of a page of each audit query.
    Queries(queries::Queries),
    /// Events a second of appends, beside the peer.
    Append(append::Append),
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let cli = Cli::parse();
    let database = Database::open(&cli.on.home, cli.on.events).await?;
    match cli.what {
        What::Rebuild(it) => it.run(&database).await?,
        What::Show(it) => it.run(&database).await?,
        What::Queries(it) => it.run(&database).await?,
        What::Append(it) => it.run(&database).await?,
    }
    database.close().await
}
