//! The main job: a real report goes through all nine phases. The people are scripted, nothing else is.

mod cast;
mod evidence;
mod input;
mod journal;
mod result;
mod telling;

use std::collections::BTreeSet;
use std::time::Instant;

use annal_core::case::Waiting;
use annal_core::run::RunStatus;
use annal_core::{Command, CommandId, RunId, Summary};
use annal_flow::FlowClient;
use futures::future::try_join_all;
use uuid::Uuid;

use self::cast::Turn;
use self::evidence::Archive;
use self::journal::Journal;
use self::telling::Telling;
use crate::args::{DemoArgs, SiteArgs};
use crate::commands::account::for_people;
use crate::error::CliError;
use crate::input::Choices;
use crate::output::Output;
use crate::site::{Engine, Site, ours};

/// How many samples are drawn first.
const SAMPLES: u32 = 100;

pub(crate) async fn demo(args: &SiteArgs, demo: &DemoArgs, output: Output) -> Result<(), CliError> {
    let started = Instant::now();
    let site = Site::to_act(args, output).await?;
    let engine = match demo.people_only {
        true => None,
        false => Some(Engine::start_for_all(&site).await?),
    };
    let played = tokio::select! {
        played = play(&site, demo, output, started) => played,
        _ = tokio::signal::ctrl_c() => Err(CliError::Interrupted),
    };
    if let Some(engine) = engine {
        engine.stop().await?;
    }
    let closed = site.close().await;
    played.and(closed)
}

async fn play(
    site: &Site,
    demo: &DemoArgs,
    output: Output,
    started: Instant,
) -> Result<(), CliError> {
    let input = input::of(demo.report, demo.seed)?;
    let telling = Telling::new(output);
    telling.opening(&input);
    let (dictionary, data) = input::source(&input)?;
    let client = site.client().await?;
    let choices = Choices {
        definition: demo.definition.clone(),
        skip: Vec::new(),
        seed: demo.seed,
        sample_size: SAMPLES,
    };
    let people_of_it = input.people.clone();
    let opener = "xena".parse().expect("a name of the cast is an id");
    let (run, _) = input
        .start(&site.log, &client, choices, opener, None)
        .await?;
    let archive = Archive {
        data: &data,
        dictionary: &dictionary,
        log: &site.log,
        seed: demo.seed,
    };
    let journal = Journal::open(demo.journal.as_deref())?;
    let people = People {
        site,
        client: &client,
        run,
        archive: &archive,
        telling: &telling,
        journal: &journal,
    };
    people.play().await?;
    let result = async || {
        site.catch_up().await?;
        result::of(site, run, started.elapsed()).await
    };
    let result = journal.patiently(result).await?;
    telling.close();
    // People of a local demo can look at it in the console.
    let made = match ours() {
        true => for_people(site, &people_of_it).await?,
        false => None,
    };
    output.answer(&result, result::told);
    if let Some(made) = made {
        output.aside(&made.line());
    }
    Ok(())
}

/// All that the people of a run need.
struct People<'a> {
    site: &'a Site,
    client: &'a FlowClient,
    run: RunId,
    archive: &'a Archive<'a>,
    telling: &'a Telling,
    journal: &'a Journal,
}

impl People<'_> {
    /// Plays the people until the run is over. What waits in different phases is done at the same time.
    async fn play(&self) -> Result<(), CliError> {
        loop {
            let summary = self.journal.patiently(async || self.somebody_waits().await);
            let summary = summary.await?;
            self.telling.progress(&summary);
            if summary.status != RunStatus::Open {
                return Ok(());
            }
            let turns = self.journal.patiently(async || self.turns().await).await?;
            try_join_all(turns.into_iter().map(|turn| self.take(turn))).await?;
        }
    }

    async fn somebody_waits(&self) -> Result<Summary, CliError> {
        let waits = |now: &Summary| now.status != RunStatus::Open || !now.awaiting.is_empty();
        Ok(self.client.wait_until(self.run, waits).await?)
    }

    async fn turns(&self) -> Result<Vec<Turn>, CliError> {
        let case = self.site.case(self.run).await?;
        let awaiting = case.summary().awaiting;
        let turns = one_in_each_phase(&awaiting).map(|it| cast::turn(&case, it, self.archive));
        try_join_all(turns).await
    }

    async fn take(&self, turn: Turn) -> Result<(), CliError> {
        self.telling.act(&turn);
        let command = Command {
            id: CommandId(Uuid::now_v7()),
            person: turn.person,
            role: turn.role,
            on_behalf_of: None,
            reason: turn.reason.map(str::to_owned),
            effective_at: None,
            body: turn.act,
        };
        self.journal.send(self.client, self.run, &command).await?;
        Ok(())
    }
}

fn one_in_each_phase(awaiting: &[Waiting]) -> impl Iterator<Item = &Waiting> {
    let mut seen = BTreeSet::new();
    awaiting.iter().filter(move |it| seen.insert(it.phase))
}
