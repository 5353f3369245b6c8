//! The task runner: one entry for people and for CI. `cargo xtask test` is the whole check.
#![allow(clippy::print_stderr, reason = "a task runner talks to the terminal")]

mod bench;
mod compose;
mod demo;
mod deny;
mod step;

use anyhow::Result;
use clap::{Parser, Subcommand};
use step::{cargo, step};

/// The project's tasks.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Everything that must pass: formatting, lints, dependencies, all tests.
    Test,
    /// Formatting, lints and dependencies only.
    Lint,
    /// The test task, and then the demo with its result checked.
    Ci,
    /// Benchmarks beside other event stores, and the page of their results: an hour or more, and 10 GB of disk.
    Bench {
        /// Also with ten million events: hours, and 40 GB.
        #[arg(long)]
        large: bool,
    },
}

fn main() -> Result<()> {
    match Cli::parse().task {
        Task::Lint => lint(),
        Task::Test => test(),
        Task::Ci => {
            test()?;
            demo::check()
        }
        Task::Bench { large } => bench::run(large),
    }
}

fn lint() -> Result<()> {
    step("formatting", &mut cargo(&["fmt", "--all", "--", "--check"]))?;
    let clippy = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "-D",
        "warnings",
    ];
    step("lints", &mut cargo(&clippy))?;
    compose::check()?;
    deny::check()
}

fn test() -> Result<()> {
    lint()?;
    step(
        "building the tests",
        &mut cargo(&["test", "--workspace", "--locked", "--no-run"]),
    )?;
    // The first time on a machine this builds the Temporal server, for minutes: seen here, not hidden in a test's captured output.
    step(
        "PostgreSQL and Temporal",
        &mut step::built_example("install"),
    )?;
    step(
        "tests",
        &mut cargo(&["test", "--workspace", "--locked", "--no-fail-fast"]),
    )
}
