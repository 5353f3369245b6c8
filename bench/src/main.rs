//! Measures appends, decisions, rebuilds, reconstruction and audit queries, and reports what was measured.

mod append;
mod compare;
mod decided;
#[cfg(feature = "temporal")]
mod decisions;
mod fill_up;
mod growth;
mod ledgers;
mod limits;
mod machine;
mod opened;
mod ours;
#[cfg(feature = "temporal")]
mod pages;
mod queries;
mod rebuild;
mod record;
mod report;
mod server;
mod variants;

use std::path::PathBuf;

use annal_measure::Failure;
use clap::{Args, Parser, Subcommand};

use crate::record::Records;
use crate::server::Server;

/// Measures on a PostgreSQL of its own; what was generated stays in its folder for the next measurement.
///
/// A result is printed, and kept in the folder of results in place of an older one of the same.
#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    on: On,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Args)]
struct On {
    /// Folder of the servers.
    #[arg(long, global = true, default_value = "target/bench")]
    home: PathBuf,
    /// Folder of the results.
    #[arg(long, global = true, default_value = "bench/results")]
    results: PathBuf,
}

#[derive(Debug, Subcommand)]
enum What {
    /// What machine this is, and what its disk and server can do at most.
    Limits(limits::Limits),
    /// Appends a second, ours beside other event stores.
    Append(append::Append),
    /// What the order and the chain of the log cost.
    Variants(variants::Variants),
    /// Appends to one and to two ledgers, by one and by two processes' worth of writers.
    Ledgers(ledgers::Ledgers),
    /// Appends and reconstruction in a log of some size.
    Growth(growth::Growth),
    /// Decisions a second through Temporal, and with the workflow left out.
    #[cfg(feature = "temporal")]
    Decisions(decisions::Decisions),
    /// Events a second of each projection's rebuild, beside COPY of the same rows and other event stores.
    Rebuild(rebuild::Rebuild),
    /// Time of a page of each audit query.
    Queries(queries::Queries),
    /// Time of each page of the console and each answer of the API.
    #[cfg(feature = "temporal")]
    Pages(pages::MeasurePages),
    /// Fills a database with generated events.
    Fill(fill_up::FillUp),
    /// Writes the page and the charts from the results.
    Report(report::Report),
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let cli = Cli::parse();
    let records = Records::new(cli.on.results);
    if let What::Report(it) = cli.what {
        return it.run(&records);
    }
    #[cfg(feature = "temporal")]
    let with_temporal = matches!(cli.what, What::Decisions(_) | What::Pages(_));
    #[cfg(not(feature = "temporal"))]
    let with_temporal = false;
    let server = Server::open(&cli.on.home, with_temporal).await?;
    let done = match cli.what {
        What::Limits(it) => it.run(&server, &records).await,
        What::Append(it) => it.run(&server, &records).await,
        What::Variants(it) => it.run(&server, &records).await,
        What::Ledgers(it) => it.run(&server, &records).await,
        What::Growth(it) => it.run(&server, &records).await,
        #[cfg(feature = "temporal")]
        What::Decisions(it) => it.run(&server, &records).await,
        What::Rebuild(it) => it.run(&server, &records).await,
        What::Queries(it) => it.run(&server, &records).await,
        #[cfg(feature = "temporal")]
        What::Pages(it) => it.run(&server, &records).await,
        What::Fill(it) => it.run(&server).await,
        What::Report(_) => Ok(()),
    };
    server.close().await?;
    done
}

/// A line on standard output.
#[expect(clippy::print_stdout, reason = "what was measured is printed")]
fn say(line: &str) {
    println!("{line}");
}
