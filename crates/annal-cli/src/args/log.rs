//! Commands about the log itself.

use std::path::PathBuf;

use annal_core::Position;
use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum LogCommand {
    /// The position and the hash of the newest event.
    Head,
    /// Recompute every hash and name the first bad position.
    Verify(VerifyArgs),
    /// Make a key for checkpoints; keep it where nobody who can write to the database can read it.
    Key {
        /// The file to make.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Verify the log and sign what it holds. Keep the answer outside the database.
    Checkpoint(CheckpointArgs),
    /// Prove that an event is in the log, or that the log only grew, for somebody without this database.
    Prove(ProveArgs),
    /// Write the events as lines for `annal-verify`.
    Export(LogExportArgs),
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// Begin after this checkpoint, and see that its events are still the log's.
    #[arg(long, value_name = "FILE", requires = "key", conflicts_with = "after")]
    pub(crate) since: Option<PathBuf>,
    /// The public key of whoever signed it.
    #[arg(long, value_name = "FILE", requires = "since")]
    pub(crate) key: Option<PathBuf>,
    /// Begin after this position, whose stored hash is taken on trust.
    #[arg(long, value_name = "POSITION")]
    pub(crate) after: Option<Position>,
    /// End with this position.
    #[arg(long, value_name = "POSITION")]
    pub(crate) until: Option<Position>,
    /// How many stretches at a time; the number of processors if not given.
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<usize>,
}

#[derive(Debug, Args)]
pub(crate) struct CheckpointArgs {
    /// The private key: PKCS #8 in PEM, as `annal log key` and `openssl genpkey -algorithm ed25519` make it.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// The last checkpoint, signed with the same key; only what came since is read.
    #[arg(long, value_name = "FILE")]
    pub(crate) since: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ProveArgs {
    /// The event: its id or its position.
    #[arg(
        value_name = "EVENT",
        required_unless_present = "consistency",
        requires = "checkpoint"
    )]
    pub(crate) event: Option<String>,
    /// The checkpoint that the event is in.
    #[arg(long, value_name = "FILE")]
    pub(crate) checkpoint: Option<PathBuf>,
    /// Two checkpoints, the older first.
    #[arg(long, num_args = 2, value_names = ["OLDER", "NEWER"], conflicts_with_all = ["event", "checkpoint"])]
    pub(crate) consistency: Option<Vec<PathBuf>>,
}

#[derive(Debug, Args)]
pub(crate) struct LogExportArgs {
    /// Begin after this position.
    #[arg(long, default_value = "0", value_name = "POSITION")]
    pub(crate) after: Position,
    /// End with this position; the head if not given.
    #[arg(long, value_name = "POSITION")]
    pub(crate) until: Option<Position>,
    /// Where to; standard output if not given.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}
