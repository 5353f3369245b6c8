//! Appends beside other event stores: callers at once × events a command, new streams and long ones, in turn on the same
//! server.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use annal_log::{Log, migrate};
use annal_measure::{Appends, Failure, Load, Streams};
use clap::Args;

use crate::compare;
use crate::ours::Ours;
use crate::record::Records;
use crate::say;
use crate::server::{Server, backend};

/// The other stores, by the words of the program that runs them.
const PEERS: [&str; 3] = ["postgres-es", "disintegrate", "esrs"];
/// The name of the results.
pub(crate) const RESULT: &str = "append";

#[derive(Debug, Args)]
pub(crate) struct Append {
    /// How many callers at once.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 8, 64])]
    callers: Vec<usize>,
    /// Events of a command.
    #[arg(long = "per-command", value_delimiter = ',', default_values_t = [1, 10, 100, 1000])]
    per_command: Vec<usize>,
    /// Streams: new ones, or long ones.
    #[arg(long, value_delimiter = ',', default_value = "new,long")]
    streams: Vec<Streams>,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 1.5)]
    seconds: f64,
    /// Times that all is measured; the spread is over these.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// The program that runs the other stores; without it only ours is measured.
    #[arg(long, env = "ANNAL_BENCH_PEERS")]
    peers: Option<PathBuf>,
}

impl Append {
    pub(crate) async fn run(&self, on: &Server, records: &Records) -> Result<(), Failure> {
        let ours_at = on.scratch("append_ours").await?;
        migrate(&ours_at).await?;
        let log = Log::connect(&ours_at, "main".parse()?).await?;
        let ours = Arc::new(Ours(vec![log]));
        let (_session, backend) = backend(&ours_at).await?;
        let peers_at = on.scratch("append_peers").await?;
        let mut measured = Vec::new();
        for _ in 0..self.rounds {
            for load in self.loads() {
                let mut of_load = vec![annal_measure::append("ours", &ours, load, backend).await?];
                for who in self.peers.iter().flat_map(|_| PEERS) {
                    of_load.push(self.peer(who, load, &peers_at)?);
                }
                of_load.iter().for_each(compare::tell);
                measured.extend(of_load);
            }
        }
        drop(ours);
        on.drop_database("append_ours").await?;
        on.drop_database("append_peers").await?;
        compare::keep(records, RESULT, measured)
    }

    fn loads(&self) -> Vec<Load> {
        let mut loads = Vec::new();
        for callers in &self.callers {
            for per_command in &self.per_command {
                for streams in &self.streams {
                    loads.push(Load {
                        callers: *callers,
                        per_command: *per_command,
                        streams: *streams,
                        time: Duration::from_secs_f64(self.seconds),
                    });
                }
            }
        }
        loads
    }

    fn peer(&self, who: &str, load: Load, url: &str) -> Result<Appends, Failure> {
        let program = self
            .peers
            .as_deref()
            .unwrap_or(Path::new("annal-bench-peers"));
        let streams = serde_json::to_value(load.streams)?;
        let mut command = Command::new(program);
        command
            .arg("append")
            .args(["--who", who])
            .args(["--callers", &load.callers.to_string()])
            .args(["--per-command", &load.per_command.to_string()])
            .args(["--streams", streams.as_str().unwrap_or_default()])
            .args(["--seconds", &load.time.as_secs_f64().to_string()]);
        Ok(serde_json::from_slice(&told(command, url)?)?)
    }
}

/// What the peers' program prints.
pub(crate) fn told(mut command: Command, url: &str) -> Result<Vec<u8>, Failure> {
    let output = command
        .env("DATABASE_URL", url)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("{command:?} cannot be run: {error}"))?;
    if !output.status.success() {
        return Err(format!("{command:?} ended with {}", output.status).into());
    }
    if output.stdout.is_empty() {
        say("nothing was told");
    }
    Ok(output.stdout)
}
