//! Commands by which people act on a run that is there.

use annal_core::{Case, Command, CommandId};
use annal_flow::{Accepted, Act, FlowClient, Reply};
use uuid::Uuid;

use crate::args::{RunArg, SiteArgs, Who};
use crate::error::CliError;
use crate::output::Output;
use crate::site::{Engine, Site};

/// Sends one act to a run: looks at the run, makes the act, sends it and prints what came of it.
pub(crate) async fn act<F>(
    args: &SiteArgs,
    output: Output,
    run: &RunArg,
    who: &Who,
    intent: F,
) -> Result<(), CliError>
where
    F: AsyncFnOnce(&Case, &Site) -> Result<Act, CliError>,
{
    let site = Site::to_act(args, output).await?;
    let run = site.run(run).await?;
    let case = site.case(run).await?;
    let act = intent(&case, &site).await?;
    let command = command(&case, who, act);
    let engine = Engine::start_if_needed(&site).await?;
    let client = site.client().await?;
    let sent = client.act(run, &command).await;
    if let Some(engine) = engine {
        engine.stop().await?;
    }
    site.catch_up().await?;
    site.close().await?;
    let done = accepted(sent?)?;
    output.answer(&done, told);
    Ok(())
}

/// The command of an act.
pub(crate) fn command(case: &Case, who: &Who, act: Act) -> Command<Act> {
    let role = who.role.unwrap_or_else(|| act.role_of(case, &who.person));
    Command {
        id: who.command_id.unwrap_or_else(|| CommandId(Uuid::now_v7())),
        person: who.person.clone(),
        role,
        on_behalf_of: who.on_behalf_of.clone(),
        reason: who.reason.clone(),
        effective_at: who.effective_at,
        body: act,
    }
}

pub(crate) fn accepted(reply: Reply) -> Result<Accepted, CliError> {
    match reply {
        Reply::Accepted(done) => Ok(done),
        Reply::Rejected(no) => Err(CliError::Rejected(no)),
    }
}

/// Sends a command and takes a refusal as an error.
pub(crate) async fn send(
    client: &FlowClient,
    run: annal_core::RunId,
    command: &Command<Act>,
) -> Result<Accepted, CliError> {
    accepted(client.act(run, command).await?)
}

fn told(done: &Accepted) -> String {
    let events = done.last.0 + 1 - done.first.0;
    let what = match done.version {
        Some(version) => version.to_string(),
        None => "done".to_owned(),
    };
    let again = if done.repeated {
        " (this command was carried out before; nothing new was written)"
    } else {
        ""
    };
    let waiting = done.summary.awaiting.iter().map(|it| {
        format!(
            "\n  {}: {} – {} ({})",
            it.phase,
            crate::words::action(it.awaited.action),
            it.awaited.subject,
            it.awaited
                .person
                .as_ref()
                .map_or_else(|| it.awaited.role.to_string(), ToString::to_string),
        )
    });
    let waiting: String = waiting.collect();
    let next = if waiting.is_empty() {
        ""
    } else {
        "\nwaiting now:"
    };
    format!(
        "{what}: {}{again}{next}{waiting}",
        match events {
            1 => format!("1 event at position {}", done.first),
            _ => format!("{events} events, positions {} to {}", done.first, done.last),
        }
    )
}
