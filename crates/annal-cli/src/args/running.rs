//! Commands that start things.

use std::path::PathBuf;

use annal_core::run::RunStatus;
use annal_core::{PersonId, Phase, Position, Role};
use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand, ValueEnum};

use super::OfRun;
use super::acting::ActingArgs;

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// The report.
    #[arg(long, value_enum, default_value_t = Report::Hmda)]
    pub(crate) report: Report,
    /// The workflow definition that the run is pinned to.
    #[arg(long, default_value = "2.0.0", value_name = "VERSION")]
    pub(crate) definition: semver::Version,
    /// Seed of all draws; the same seed gives the same samples.
    #[arg(long, default_value_t = 1990)]
    pub(crate) seed: u64,
    /// Only play the people: a worker and a projector run elsewhere.
    #[arg(long)]
    pub(crate) people_only: bool,
    /// Write a line into this file before and after each command of a person, and bear with servers that go away: what
    /// was not answered is sent again.
    #[arg(long, value_name = "FILE", requires = "people_only")]
    pub(crate) journal: Option<std::path::PathBuf>,
}

/// A report that comes with the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Report {
    /// Mortgage applications of Boston, 1990: 14 attributes, 2,381 rows.
    Hmda,
    /// Federal Reserve form FR Y-14M, schedule D.1: 118 attributes over generated accounts with seeded defects.
    #[value(name = "fr-y14m")]
    FrY14m,
}

#[derive(Debug, Args)]
pub(crate) struct WorkerArgs {
    /// New runs do not take on changes of the workflow yet, because workers of an older build still run beside this one.
    #[arg(long)]
    pub(crate) hold_patches_back: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RunCommand {
    /// Open a run for a report.
    Start(StartArgs),
    /// Runs and where they stand, the newest first.
    List(ListArgs),
    /// A run, its phases and what it waits for.
    Show(OfRun),
    /// Add a person to a run, or change the roles that they hold.
    Register(RegisterArgs),
    /// Move a run to a newer workflow definition, where the phases done so far allow it.
    Move(MoveArgs),
    /// End a run before its time.
    Cancel(super::acting::CancelArgs),
}

/// How a run that is listed may stand.
const LISTED: [RunStatus; 3] = [RunStatus::Open, RunStatus::Completed, RunStatus::Cancelled];

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only those that stand like this.
    #[arg(long, value_parser = PossibleValuesParser::new(LISTED.map(RunStatus::name)))]
    pub(crate) status: Option<String>,
    /// Only those whose report's or cycle's name holds this text, whatever its case.
    #[arg(long)]
    pub(crate) text: Option<String>,
    /// Start before this position: the `next` of the page before.
    #[arg(long, value_name = "POSITION")]
    pub(crate) before: Option<Position>,
    /// Rows of a page.
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) limit: u32,
}

#[derive(Debug, Args)]
pub(crate) struct StartArgs {
    /// The report's name.
    #[arg(long, value_name = "NAME")]
    pub(crate) report: String,
    /// The test cycle, for instance 2026-Q3.
    #[arg(long)]
    pub(crate) cycle: String,
    /// The data under test, CSV with a header.
    #[arg(long, value_name = "CSV")]
    pub(crate) data: PathBuf,
    /// The dictionary that describes the data's attributes.
    #[arg(long, value_name = "CSV")]
    pub(crate) dictionary: PathBuf,
    /// The dictionary's schedule, if it holds several.
    #[arg(long, value_name = "NAME")]
    pub(crate) schedule: Option<String>,
    /// The people of the run: a JSON list of {"id", "name", "roles"}.
    #[arg(long, value_name = "JSON")]
    pub(crate) people: PathBuf,
    /// The workflow definition that the run is pinned to.
    #[arg(long, default_value = "2.0.0", value_name = "VERSION")]
    pub(crate) definition: semver::Version,
    /// Phases to pass over, where the definition allows it.
    #[arg(long, value_name = "PHASE")]
    pub(crate) skip: Vec<Phase>,
    /// Seed of all draws.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// How many samples are drawn first.
    #[arg(long, default_value_t = 100, value_name = "N")]
    pub(crate) samples: u32,
    /// Who opens it.
    #[arg(long = "as", value_name = "PERSON")]
    pub(crate) person: PersonId,
    /// In which role; needed where the person holds several.
    #[arg(long)]
    pub(crate) role: Option<Role>,
}

#[derive(Debug, Args)]
pub(crate) struct RegisterArgs {
    #[command(flatten)]
    pub(crate) on: ActingArgs,
    /// The person's id.
    #[arg(long, value_name = "PERSON")]
    pub(crate) id: PersonId,
    /// Their name, as it is printed beside a signature.
    #[arg(long)]
    pub(crate) name: String,
    /// All roles that they hold from now on.
    #[arg(
        long = "roles",
        value_name = "ROLE,…",
        value_delimiter = ',',
        required = true
    )]
    pub(crate) roles: Vec<Role>,
}

#[derive(Debug, Args)]
pub(crate) struct MoveArgs {
    #[command(flatten)]
    pub(crate) on: ActingArgs,
    /// The newer definition.
    #[arg(long, value_name = "VERSION")]
    pub(crate) to: semver::Version,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DefinitionCommand {
    /// The definitions that this build knows.
    List,
    /// The phases of a definition.
    Show {
        /// Its version.
        #[arg(value_name = "VERSION")]
        version: semver::Version,
    },
    /// Check a definition that is being written; a fault is named with its place.
    Check {
        /// The definition.
        #[arg(value_name = "JSON")]
        file: PathBuf,
    },
}
