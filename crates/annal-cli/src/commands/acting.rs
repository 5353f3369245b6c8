//! Commands by which people act: which act belongs to which words.

use std::path::Path;

use annal_core::dossier::DossierCommand as C;
use annal_core::dossier::event::FileRef;
use annal_flow::Act;

use super::act::act;
use super::intents;
use crate::args::{Command, DocumentCommand, ItemCommand, SiteArgs, TestCommand};
use crate::error::CliError;
use crate::output::Output;
use crate::site::Site;

pub(crate) async fn run(
    site: &SiteArgs,
    command: &Command,
    output: Output,
) -> Result<(), CliError> {
    match command {
        Command::Decide(args) => {
            let intent = async |case: &_, _: &_| Ok(intents::decide(case, args));
            act(site, output, &args.version.run, &args.who, intent).await
        }
        Command::Submit(args) => {
            let intent = async |_: &_, _: &_| Ok(intents::submit(args));
            act(site, output, &args.version.run, &args.who, intent).await
        }
        Command::Withdraw(args) => {
            let intent = async |_: &_, _: &_| Ok(intents::withdraw(args));
            act(site, output, &args.version.run, &args.who, intent).await
        }
        Command::Approve(args) => {
            let intent = async |_: &_, _: &_| Ok(intents::approve(args));
            act(site, output, &args.version.run, &args.who, intent).await
        }
        Command::Reject(args) => {
            let intent = async |_: &_, _: &_| Ok(intents::reject(args));
            act(site, output, &args.on.version.run, &args.on.who, intent).await
        }
        Command::Revise(args) => {
            let intent = async |_: &_, _: &_| Ok(intents::revise(args));
            act(site, output, &args.phase.run, &args.who, intent).await
        }
        Command::Revert(args) => {
            let intent = async |_: &_, _: &_| Ok(intents::revert(args));
            act(site, output, &args.phase.run, &args.who, intent).await
        }
        Command::Reopen(args) => {
            let intent = async |_: &_, _: &_| Ok(intents::reopen(args.phase.phase));
            act(site, output, &args.phase.run, &args.who, intent).await
        }
        Command::Confirm(args) => {
            let intent = async |_: &_, _: &_| Ok(intents::confirm(args.phase.phase));
            act(site, output, &args.phase.run, &args.who, intent).await
        }
        Command::Escalate(args) => {
            let intent = async |_: &_, _: &_| Ok(intents::escalate(args));
            act(site, output, &args.run, &args.who, intent).await
        }
        Command::Item(args) => item(site, args, output).await,
        Command::Assign(args) => {
            let intent = async |case: &_, _: &_| intents::assign(case, args);
            act(site, output, &args.run, &args.who, intent).await
        }
        Command::Acknowledge(args) => {
            let intent = async |_: &_, _: &_| Ok(intents::acknowledge(args));
            act(site, output, &args.run, &args.who, intent).await
        }
        Command::Request(args) => {
            let intent = async |case: &_, _: &_| Ok(intents::request(case, args));
            act(site, output, &args.run, &args.who, intent).await
        }
        Command::Sign(args) => {
            let intent = async |case: &_, _: &_| intents::sign(case, args);
            act(site, output, &args.run, &args.who, intent).await
        }
        Command::Document(args) => document(site, args, output).await,
        Command::Test(args) => test(site, args, output).await,
        _ => Err(CliError::Usage(
            "this command does not act on a run".to_owned(),
        )),
    }
}

async fn item(site: &SiteArgs, args: &ItemCommand, output: Output) -> Result<(), CliError> {
    let (phase, who, command) = match args {
        ItemCommand::Add { phase, file, who } => {
            let items = crate::input::json(file)?;
            (phase, who, C::AddItems { items })
        }
        ItemCommand::Change {
            phase,
            item,
            file,
            who,
        } => {
            let (item, content) = (item.clone(), crate::input::json(file)?);
            (phase, who, C::ChangeItem { item, content })
        }
        ItemCommand::Remove { phase, items, who } => {
            let items = items.clone();
            (phase, who, C::RemoveItems { items })
        }
    };
    let intent = async |_: &_, _: &_| Ok(intents::on_items(phase.phase, command));
    act(site, output, &phase.run, who, intent).await
}

async fn document(site: &SiteArgs, args: &DocumentCommand, output: Output) -> Result<(), CliError> {
    match args {
        DocumentCommand::Submit {
            run,
            id,
            request,
            file,
            who,
        } => {
            let intent = async |_: &_, site: &Site| {
                Ok(intents::document(C::SubmitDocument {
                    document: id.clone(),
                    request: request.clone(),
                    file: put(site, file).await?,
                }))
            };
            act(site, output, run, who, intent).await
        }
        DocumentCommand::Revise { run, id, file, who } => {
            let intent = async |_: &_, site: &Site| {
                Ok(intents::document(C::ReviseDocument {
                    document: id.clone(),
                    file: put(site, file).await?,
                }))
            };
            act(site, output, run, who, intent).await
        }
        DocumentCommand::Accept(args) => review(site, args, true, output).await,
        DocumentCommand::SendBack(args) => review(site, args, false, output).await,
    }
}

async fn review(
    site: &SiteArgs,
    args: &crate::args::ReviewArgs,
    accept: bool,
    output: Output,
) -> Result<(), CliError> {
    let intent = async |_: &_, _: &_| {
        Ok(intents::document(C::ReviewDocument {
            document: args.id.clone(),
            level: args.level.into(),
            accept,
        }))
    };
    act(site, output, &args.run, &args.who, intent).await
}

async fn test(site: &SiteArgs, args: &TestCommand, output: Output) -> Result<(), CliError> {
    let (args, intent): (_, fn(&crate::args::TestArgs) -> Act) = match args {
        TestCommand::Execute(args) => (args, |args| intents::execute_tests(&args.cases)),
        TestCommand::Accept(args) => (args, |args| intents::review_tests(&args.cases, true)),
        TestCommand::SendBack(args) => (args, |args| intents::review_tests(&args.cases, false)),
    };
    let intent = async |_: &_, _: &_| Ok(intent(args));
    act(site, output, &args.run, &args.who, intent).await
}

/// Puts a file into the log's files. It is evidence only once a command that names it was accepted.
async fn put(site: &Site, path: &Path) -> Result<FileRef, CliError> {
    let bytes = crate::input::read(path)?;
    let name = path.file_name().unwrap_or(path.as_os_str());
    Ok(site.log.put_file(&name.to_string_lossy(), &bytes).await?)
}
