//! The words of the command line.

mod account;
mod acting;
mod audit;
mod log;
mod naming;
mod person;
mod projections;
mod reading;
mod running;
mod serving;
mod sign_in;
mod snapshots;

use std::path::PathBuf;

use annal_core::LedgerId;
use clap::{Args, Parser, Subcommand};

pub(crate) use account::{AccountCommand, AddAccountArgs, PasswordArgs, TokenArgs};
pub(crate) use acting::{
    AcknowledgeArgs, AssignArgs, DecideArgs, DocumentCommand, EscalateArgs, ItemCommand, OnVersion,
    RejectArgs, ReopenArgs, RequestArgs, RevertArgs, ReviewArgs, ReviseArgs, SignArgs, TestArgs,
    TestCommand, Who,
};
pub(crate) use audit::{AuditCommand, ExportArgs, LineageArgs, MetricsArgs, Narrow};
pub(crate) use log::{CheckpointArgs, LogCommand, LogExportArgs, ProveArgs, VerifyArgs};
pub(crate) use naming::{ItemChoice, PhaseArg, RunArg};
pub(crate) use person::{EraseArgs, PersonCommand, RotateKeyArgs, SealArgs};
pub(crate) use projections::{JobArgs, ProjectionsCommand, RebuildArgs};
pub(crate) use reading::{
    DecisionsArgs, DiffArgs, InboxArgs, OfRun, ShowArgs, TimelineArgs, VersionsArgs,
};
pub(crate) use running::{
    DefinitionCommand, DemoArgs, ListArgs, Report, RunCommand, StartArgs, WorkerArgs,
};
pub(crate) use serving::{ServerArgs, UpArgs};
pub(crate) use sign_in::SignInArgs;
pub(crate) use snapshots::SnapshotsCommand;

/// Tests the data behind regulatory reports: every decision is an immutable event, tied to the workflow that made it.
#[derive(Debug, Parser)]
#[command(name = "annal", version, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) site: SiteArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Where things are.
#[derive(Debug, Clone, Args)]
pub(crate) struct SiteArgs {
    /// Folder for the local PostgreSQL and Temporal; DATABASE_URL and TEMPORAL_ADDRESS point at others instead.
    #[arg(
        long,
        global = true,
        env = "ANNAL_HOME",
        default_value = ".annal",
        value_name = "DIR"
    )]
    pub(crate) home: PathBuf,
    /// The log that is written and read.
    #[arg(
        long,
        global = true,
        env = "ANNAL_LEDGER",
        default_value = "main",
        value_name = "NAME"
    )]
    pub(crate) ledger: LedgerId,
    /// Print JSON on standard output and nothing else there.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Take a real report through all nine phases, with scripted people.
    Demo(DemoArgs),
    /// Start the database, Temporal, a worker, the projector and the server, and keep them running until Ctrl-C.
    Up(UpArgs),
    /// Serve the HTTP API and the console.
    Server(ServerArgs),
    /// Run a worker against servers that run elsewhere.
    Worker(WorkerArgs),
    /// Keep the projections up to date against a database that runs elsewhere.
    Projector,
    /// Bring the database to the newest schema.
    Migrate,
    /// Start, list and show runs.
    #[command(subcommand)]
    Run(RunCommand),
    /// Look at workflow definitions and check one.
    #[command(subcommand)]
    Definition(DefinitionCommand),
    /// What waits for a person.
    Inbox(InboxArgs),
    /// Decide on items of a version.
    Decide(DecideArgs),
    /// Hand a draft in for approval.
    Submit(OnVersion),
    /// Take a submitted version back to draft.
    Withdraw(OnVersion),
    /// Approve a submitted version.
    Approve(OnVersion),
    /// Reject a submitted version.
    Reject(RejectArgs),
    /// Make a new draft that answers a rejected version.
    Revise(ReviseArgs),
    /// Make a new draft with the contents of an old version.
    Revert(RevertArgs),
    /// Reopen a completed phase.
    Reopen(ReopenArgs),
    /// Confirm that a stale phase stands as it is.
    Confirm(ReopenArgs),
    /// Add, change and remove items of a draft.
    #[command(subcommand)]
    Item(ItemCommand),
    /// Assign the owner of attributes' data.
    Assign(AssignArgs),
    /// Acknowledge the ownership that waits for you.
    Acknowledge(AcknowledgeArgs),
    /// Take ownership that nobody acknowledged to somebody higher.
    Escalate(EscalateArgs),
    /// Ask a data owner for evidence.
    Request(RequestArgs),
    /// Hand in, revise and review evidence.
    #[command(subcommand)]
    Document(DocumentCommand),
    /// Execute and review tests.
    #[command(subcommand)]
    Test(TestCommand),
    /// Sign the sections of the report.
    Sign(SignArgs),
    /// List versions.
    Versions(VersionsArgs),
    /// Show a version with its items, as it is or as it was.
    Show(ShowArgs),
    /// What changed between two versions.
    Diff(DiffArgs),
    /// The steps of a run.
    Steps(OfRun),
    /// The transitions between a run's phases.
    Transitions(OfRun),
    /// What happened, in order.
    Timeline(TimelineArgs),
    /// Decisions with who, when and why.
    Decisions(DecisionsArgs),
    /// Ask who decided what, when and why, over all runs.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// What stands behind something in a run, and what was built on it.
    Lineage(LineageArgs),
    /// Numbers of the phases of a run, of a report or of all: revisions, rejections, time to approve, what waits.
    Metrics(MetricsArgs),
    /// Write a run into files for an examiner: events with hashes, versions, tables and a page to read.
    Export(ExportArgs),
    /// Look at the log itself, verify it, and prove it to others.
    #[command(subcommand)]
    Log(LogCommand),
    /// Who is there, sealing their names, and erasing one.
    #[command(subcommand)]
    Person(PersonCommand),
    /// Who may sign in to the server, and their tokens.
    #[command(subcommand)]
    Account(AccountCommand),
    /// Look at the projections and rebuild them.
    #[command(subcommand)]
    Projections(ProjectionsCommand),
    /// Look at the snapshots from which large versions are shown, check them and make them anew.
    #[command(subcommand)]
    Snapshots(SnapshotsCommand),
}

#[cfg(test)]
mod tests;
