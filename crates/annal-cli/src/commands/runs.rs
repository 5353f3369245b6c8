//! Runs: started, listed, shown, cancelled.

use annal_audit::{Audit, BoardFilter};
use annal_core::definition::Definition;
use annal_core::people::Person;
use annal_core::run::RunCommand as R;
use annal_flow::Act;

use super::act::act;
use crate::args::{ListArgs, OfRun, RunCommand, SiteArgs, StartArgs};
use crate::error::CliError;
use crate::input::{Choices, Input, read};
use crate::output::{Output, listing, plain};
use crate::site::{Engine, Site};

pub(crate) async fn run(
    site: &SiteArgs,
    command: &RunCommand,
    output: Output,
) -> Result<(), CliError> {
    match command {
        RunCommand::Start(args) => start(site, args, output).await,
        RunCommand::List(args) => list(site, args, output).await,
        RunCommand::Show(args) => show(site, args, output).await,
        RunCommand::Register(args) => {
            let person = Person {
                id: args.id.clone(),
                name: args.name.as_str().into(),
                roles: args.roles.iter().copied().collect(),
            };
            let register = Act::Run(R::RegisterPerson { person });
            let intent = async |_: &_, _: &_| Ok(register);
            act(site, output, &args.on.run, &args.on.who, intent).await
        }
        RunCommand::Move(args) => {
            let to = Definition::builtin(&args.to);
            let to = to
                .map_err(|no| CliError::Usage(no.to_string()))?
                .reference();
            let change = Act::Run(R::ChangeDefinition { to });
            let intent = async |_: &_, _: &_| Ok(change);
            act(site, output, &args.on.run, &args.on.who, intent).await
        }
        RunCommand::Cancel(args) => {
            let cancel = Act::Run(R::Cancel {});
            let intent = async |_: &_, _: &_| Ok(cancel);
            act(site, output, &args.run, &args.who, intent).await
        }
    }
}

async fn start(site: &SiteArgs, args: &StartArgs, output: Output) -> Result<(), CliError> {
    // Everything that is given is read before a server is asked, so that a bad file changes nothing.
    let input = input(args)?;
    let site = Site::to_act(site, output).await?;
    let engine = Engine::start_if_needed(&site).await?;
    let client = site.client().await?;
    let choices = Choices {
        definition: args.definition.clone(),
        skip: args.skip.clone(),
        seed: args.seed,
        sample_size: args.samples,
    };
    let person = args.person.clone();
    let started = input
        .start(&site.log, &client, choices, person, args.role)
        .await;
    if let Some(engine) = engine {
        engine.stop().await?;
    }
    site.catch_up().await?;
    site.close().await?;
    let (run, _) = started?;
    let answer = serde_json::json!({"run_id": run});
    output.answer(&answer, |_| {
        format!("run {run} is open\nnext: annal run show {run}")
    });
    Ok(())
}

fn input(args: &StartArgs) -> Result<Input, CliError> {
    let people_path = args.people.display().to_string();
    let people = read(&args.people)?;
    let people = Input::people(&people_path, &String::from_utf8_lossy(&people))?;
    let name = |path: &std::path::Path| {
        let name = path.file_name().unwrap_or(path.as_os_str());
        name.to_string_lossy().into_owned()
    };
    Input::read(
        (&args.report, &args.cycle),
        (&name(&args.data), read(&args.data)?),
        (&name(&args.dictionary), read(&args.dictionary)?),
        args.schedule.as_deref(),
        people,
    )
}

async fn list(site: &SiteArgs, args: &ListArgs, output: Output) -> Result<(), CliError> {
    let site = Site::to_read(site, output).await?;
    let filter = BoardFilter {
        person: None,
        status: args.status.clone(),
        text: args.text.clone(),
        before: args.before,
        limit: args.limit,
    };
    let runs = Audit::new(&site.log).runs(&filter).await?;
    let fields = [
        "run_id",
        "report",
        "cycle",
        "definition",
        "status",
        "opened_at",
        "events",
    ];
    output.answer(&runs, |runs| {
        let more = runs
            .next
            .map_or_else(String::new, |next| format!("\nmore: --before {next}"));
        format!("{}{more}", listing(runs, &fields))
    });
    site.close().await
}

async fn show(site: &SiteArgs, args: &OfRun, output: Output) -> Result<(), CliError> {
    let site = Site::to_read(site, output).await?;
    let run = site.run(&args.run).await?;
    let summary = site.case(run).await?.summary();
    output.answer(&summary, |summary| {
        let phases = summary.phases.iter().map(|it| {
            let versions = it.versions.iter();
            let versions = versions.map(|it| format!("{} {}", it.number, it.status.name()));
            [
                it.phase.to_string(),
                it.status.name().to_owned(),
                versions.collect::<Vec<_>>().join(", "),
                it.due_at
                    .map_or_else(String::new, |due| plain(&serde_json::json!(due))),
            ]
        });
        let table = crate::output::table(["phase", "status", "versions", "due"], phases);
        let waiting = summary.awaiting.iter().map(super::reading::waiting_line);
        let waiting: String = waiting.collect();
        format!(
            "run {run}: {}\n\n{table}\n\n{waiting}",
            summary.status.name()
        )
    });
    site.close().await
}
