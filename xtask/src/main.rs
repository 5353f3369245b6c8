//! The task runner: one entry for people and for CI. `cargo xtask test` is the whole check.
#![allow(clippy::print_stderr, reason = "a task runner talks to the terminal")]

mod bench;
mod compose;
mod counts;
mod demo;
mod deny;
mod schemathesis;
mod step;
mod suites;

use anyhow::{Result, bail};
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
    /// The HTTP API against its description, by schemathesis.
    Schemathesis,
    /// Formatting, lints and dependencies only.
    Lint,
    /// Pictures of every page of the console, into docs/screenshots.
    Screenshots,
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
        Task::Schemathesis => {
            let build = ["build", "--locked", "--workspace", "--examples"];
            step("building a bank to try it on", &mut cargo(&build))?;
            schemathesis::check()
        }
        Task::Test => test(),
        Task::Screenshots => screenshots(),
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
    build_tests()?;
    // The first time on a machine this builds the Temporal server, for minutes: seen here, not hidden in a test's captured output.
    step(
        "PostgreSQL and Temporal",
        &mut step::built_example("install"),
    )?;
    install_browser()?;
    let counts = suites::run()?;
    if !counts.any() {
        bail!("not one test was carried out");
    }
    schemathesis::check()?;
    // Last, so that nobody has to add up sixty lines, or takes another program's summary for ours.
    eprintln!("\ntest result: ok. {counts}");
    Ok(())
}

/// All of them at once: for a single package cargo would choose other features and build its dependencies again.
fn build_tests() -> Result<()> {
    step(
        "building the tests",
        &mut cargo(&["test", "--workspace", "--locked", "--no-run"]),
    )
}

/// The console is tested in a real browser, which this installs where it is missing and may be.
fn install_browser() -> Result<()> {
    step(
        "Chromium and axe",
        &mut step::built_example("install_browser"),
    )
}

fn screenshots() -> Result<()> {
    build_tests()?;
    install_browser()?;
    let pictures = [
        "test",
        "--workspace",
        "--locked",
        "--test",
        "browser",
        "--",
        "--ignored",
        "every_page_has_its_pictures",
    ];
    let folder = step::root().join("docs/screenshots");
    step(
        "pictures",
        cargo(&pictures).env("ANNAL_SCREENSHOTS", folder),
    )
}
