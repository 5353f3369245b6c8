//! The `annal` command.

mod args;
mod checkpoints;
mod commands;
mod demo;
mod error;
mod input;
mod output;
mod rebuilder;
mod site;
mod telemetry;
mod words;

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};
use tracing::{Instrument as _, Span};

use crate::args::{Cli, Command};
use crate::error::CliError;
use crate::output::Output;
use crate::telemetry::Telemetry;

fn main() -> ExitCode {
    let words = Cli::command().get_matches();
    let cli =
        Cli::from_arg_matches(&words).unwrap_or_else(|no| no.format(&mut Cli::command()).exit());
    let output = if cli.site.json {
        Output::Json
    } else {
        Output::Text
    };
    let name = words.subcommand_name().unwrap_or_default();
    match start(name, cli, output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output.error(&error);
            ExitCode::from(error.status())
        }
    }
}

fn start(name: &str, cli: Cli, output: Output) -> Result<(), CliError> {
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|no| CliError::Usage(format!("the runtime did not start: {no}")))?;
    let _entered = runtime.enter();
    let telemetry = Telemetry::start()?;
    let span = match &cli.command {
        // What goes on and on, and what plays many people, is no single request.
        Command::Demo(_)
        | Command::Up(_)
        | Command::Server(_)
        | Command::Worker(_)
        | Command::Projector => Span::none(),
        _ => telemetry::command(name),
    };
    let ended = runtime.block_on(run(cli, output).instrument(span));
    telemetry.end();
    ended
}

async fn run(cli: Cli, output: Output) -> Result<(), CliError> {
    use commands::{acting, reading, serving};
    let site = &cli.site;
    match &cli.command {
        Command::Demo(args) => demo::demo(site, args, output).await,
        Command::Up(args) => serving::up(site, args, output).await,
        Command::Server(args) => serving::server(site, args, output).await,
        Command::Worker(args) => serving::worker(site, args, output).await,
        Command::Projector => serving::projector(site, output).await,
        Command::Migrate => serving::migrate(site, output).await,
        Command::Run(args) => commands::runs::run(site, args, output).await,
        Command::Definition(args) => commands::definition::run(args, output),
        Command::Inbox(args) => reading::inbox(site, args, output).await,
        Command::Versions(args) => reading::versions(site, args, output).await,
        Command::Show(args) => reading::show(site, args, output).await,
        Command::Diff(args) => reading::diff(site, args, output).await,
        Command::Steps(args) => reading::steps(site, args, output).await,
        Command::Transitions(args) => reading::transitions(site, args, output).await,
        Command::Timeline(args) => reading::timeline(site, args, output).await,
        Command::Decisions(args) => reading::decisions(site, args, output).await,
        Command::Audit(args) => commands::audit::run(site, args, output).await,
        Command::Lineage(args) => commands::audit::lineage(site, args, output).await,
        Command::Metrics(args) => commands::audit::metrics(site, args, output).await,
        Command::Export(args) => commands::audit::export(site, args, output).await,
        Command::Account(args) => commands::account::run(site, args, output).await,
        Command::Log(args) => commands::log::run(site, args, output).await,
        Command::Person(args) => commands::person::run(site, args, output).await,
        Command::Projections(args) => commands::projections::run(site, args, output).await,
        Command::Snapshots(args) => commands::snapshots::run(site, args, output).await,
        other => acting::run(site, other, output).await,
    }
}
