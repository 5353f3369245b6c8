//! The projections: how far they are, and building them anew.

use std::num::NonZeroUsize;

use annal_core::{PersonId, Position};
use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum ProjectionsCommand {
    /// All projections, by name.
    List,
    /// How far each projection is, and the rebuilds under way.
    Status,
    /// Build projections anew from the log, compare and swap. Goes on with a rebuild that was broken off.
    Rebuild(RebuildArgs),
    /// Go on with the rebuilds that were begun and broken off.
    Resume {
        /// Which ones; all if none is named.
        #[arg(value_name = "NAME")]
        names: Vec<String>,
        #[command(flatten)]
        job: JobArgs,
    },
    /// Build beside the live tables and tell the differences; nothing is swapped.
    Compare {
        /// Which ones; all if none is named.
        #[arg(value_name = "NAME")]
        names: Vec<String>,
        #[command(flatten)]
        job: JobArgs,
    },
    /// Give up a rebuild, whether a job leads it or it was broken off: what was built goes, the live table stays.
    Cancel {
        /// Which one.
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Let a projection that stands still try its event again.
    Retry {
        /// Which one.
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Let a projection do without the event that stops it; by whom and why is kept.
    Skip {
        /// Which one.
        #[arg(value_name = "NAME")]
        name: String,
        /// The event's position, as the status names it.
        #[arg(long, value_name = "N")]
        position: Position,
        /// Why it may do without it.
        #[arg(long)]
        reason: String,
        /// Who says so.
        #[arg(long = "as", value_name = "PERSON")]
        person: PersonId,
    },
}

/// Who does the work.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct JobArgs {
    /// As a job of Temporal: it goes on when this command, its worker or a server ends.
    #[arg(long)]
    pub(crate) job: bool,
    /// Start the job and do not wait for it.
    #[arg(long, requires = "job")]
    pub(crate) detach: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RebuildArgs {
    /// Which ones.
    #[arg(value_name = "NAME", conflicts_with = "all")]
    pub(crate) names: Vec<String>,
    /// All of them.
    #[arg(long)]
    pub(crate) all: bool,
    /// The most events in one transaction; fewer where folding them takes long.
    #[arg(long, default_value_t = 50_000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) chunk: u32,
    /// How many at the same time. Without it as many as there are cores, but for one that is left to those who write and
    /// read; a job's worker carries out two.
    #[arg(long, value_name = "N", conflicts_with = "job")]
    pub(crate) workers: Option<NonZeroUsize>,
    /// Swap even if the new table differs from the old one.
    #[arg(long)]
    pub(crate) allow_differences: bool,
    #[command(flatten)]
    pub(crate) job: JobArgs,
}
