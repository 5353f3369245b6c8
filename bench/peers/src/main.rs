//! Other event stores for PostgreSQL under the load that ours is measured with. Prints a line of JSON for each
//! measurement; `annal-bench` runs it on its own server.

mod decided;
mod disintegrate_store;
mod esrs_rebuild;
mod esrs_store;
mod postgres_es_store;

use std::sync::Arc;
use std::time::Duration;

use annal_measure::{Appends, Failure, Load, Streams, Writer};
use clap::{Args, Parser, Subcommand, ValueEnum};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

#[derive(Parser)]
struct Cli {
    /// A database that the stores may make their tables in.
    #[arg(long, env = "DATABASE_URL", global = true, default_value = "")]
    url: String,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Appends by callers at once.
    Append(Append),
    /// The read model of versions, made anew from the events of dossiers that are in `peer.events`.
    Rebuild,
}

#[derive(Args)]
struct Append {
    #[arg(long)]
    who: Who,
    #[arg(long)]
    callers: usize,
    #[arg(long)]
    per_command: usize,
    #[arg(long)]
    streams: Streams,
    #[arg(long)]
    seconds: f64,
}

#[derive(Clone, Copy, ValueEnum)]
enum Who {
    PostgresEs,
    Disintegrate,
    Esrs,
}

/// More connections than cores bring two cores nothing, and 64 callers find one without waiting long.
const CONNECTIONS: u32 = 32;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let cli = Cli::parse();
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .connect(&cli.url)
        .await?;
    let told = match cli.what {
        What::Append(it) => serde_json::to_string(&it.run(&pool).await?)?,
        What::Rebuild => serde_json::to_string(&esrs_rebuild::run(&pool).await?)?,
    };
    println!("{told}");
    Ok(())
}

impl Append {
    async fn run(&self, pool: &PgPool) -> Result<Appends, Failure> {
        match self.who {
            Who::PostgresEs => {
                let store = postgres_es_store::open(pool).await?;
                self.measure("postgres-es", store, pool).await
            }
            Who::Disintegrate => {
                let store = disintegrate_store::open(pool).await?;
                self.measure("disintegrate", store, pool).await
            }
            Who::Esrs => {
                let store = esrs_store::open(pool).await?;
                self.measure("esrs", store, pool).await
            }
        }
    }

    async fn measure<W: Writer>(
        &self,
        who: &str,
        writer: W,
        pool: &PgPool,
    ) -> Result<Appends, Failure> {
        let load = Load {
            callers: self.callers,
            per_command: self.per_command,
            streams: self.streams,
            time: Duration::from_secs_f64(self.seconds),
        };
        let backend = sqlx::query_scalar("SELECT pg_backend_pid()")
            .fetch_one(pool)
            .await?;
        annal_measure::append(who, &Arc::new(writer), load, backend).await
    }
}
