//! Everything about one run, and the one way to act on it.
//!
//! A decision on a dossier also moves the run's steps; entering a phase touches both streams. [`Case`] holds both and
//! gives an [`Outcome`]: the events for each stream, to be appended in one transaction. It is pure: load, ask, append.

mod basis;
mod deadlines;
mod phases;
mod refusal;
mod summary;
mod turn;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use summary::{PhaseSummary, Summary, VersionSummary, Waiting};
use turn::Turn;

use crate::command::Command;
use crate::definition::Definition;
use crate::dossier::{Dossier, DossierCommand, DossierEvent, Stage};
use crate::ids::StepId;
use crate::people::Actor;
use crate::phase::Phase;
use crate::rejection::Rejection;
use crate::run::event::Opening;
use crate::run::{ReportRun, RunCommand, RunEvent};

/// A run with its dossiers. Cloning is cheap: an aggregate is copied only when it changes.
#[derive(Debug, Clone)]
pub struct Case {
    /// What the run is pinned to.
    pub definition: Arc<Definition>,
    /// The run.
    pub run: Arc<ReportRun>,
    /// Its dossiers; a phase without events may be missing.
    pub dossiers: BTreeMap<Phase, Arc<Dossier>>,
}

/// What a command is for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "on", rename_all = "snake_case")]
#[expect(
    clippy::large_enum_variant,
    reason = "one command at a time; a box would show in every pattern"
)]
pub enum Target {
    /// The run.
    Run {
        /// What is asked of it.
        command: RunCommand,
    },
    /// One phase of it.
    Dossier {
        /// The phase.
        phase: Phase,
        /// What is asked of it.
        command: DossierCommand,
    },
}

/// The events of one command, by stream; all are appended or none.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Who acted.
    pub actor: Actor,
    /// The step in which it happened.
    pub step: StepId,
    /// For the run's stream.
    pub run: Vec<RunEvent>,
    /// For the dossiers' streams.
    pub dossiers: BTreeMap<Phase, Vec<DossierEvent>>,
}

impl Case {
    /// A run that is not opened yet.
    #[must_use]
    pub fn new(definition: Arc<Definition>) -> Self {
        Self {
            definition,
            run: Arc::default(),
            dossiers: BTreeMap::new(),
        }
    }

    /// Opens the run. The asker has to be among the people that it starts with.
    ///
    /// # Errors
    /// What the run's rules refuse: a role that nobody holds, a phase that cannot be skipped …
    pub fn open(&self, asked: &Command<Opening>, now: DateTime<Utc>) -> Result<Outcome, Rejection> {
        let (person, instead) = (&asked.person, asked.on_behalf_of.as_ref());
        let actor = ReportRun::authorise_opening(&asked.body, person, asked.role, instead)?;
        let effective_at = asked.effective_at.unwrap_or(now);
        let mut turn = Turn::new(self, actor, asked.reason(), effective_at, now);
        turn.step("run.open");
        turn.run(RunCommand::Open(asked.body.clone()))?;
        Ok(turn.outcome())
    }

    /// What a person's command leads to.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn act(&self, asked: &Command<Target>, now: DateTime<Utc>) -> Result<Outcome, Rejection> {
        let (person, instead) = (&asked.person, asked.on_behalf_of.as_ref());
        let actor = self.run.authorise(person, asked.role, instead)?;
        let effective_at = asked.effective_at.unwrap_or(now);
        let mut turn = Turn::new(self, actor, asked.reason(), effective_at, now);
        turn.take(&asked.body)?;
        Ok(turn.outcome())
    }

    /// What a command of the engine leads to.
    ///
    /// # Errors
    /// The rule that it breaks, for instance because a person was quicker.
    pub fn engine(&self, body: &Target, now: DateTime<Utc>) -> Result<Outcome, Rejection> {
        let mut turn = Turn::new(self, Actor::engine(), None, now, now);
        turn.take(body)?;
        Ok(turn.outcome())
    }

    /// The case after the events of an outcome.
    #[must_use]
    pub fn after(mut self, outcome: &Outcome) -> Self {
        for event in &outcome.run {
            self.evolve_run(event);
        }
        for (phase, events) in &outcome.dossiers {
            for event in events {
                self.evolve_dossier(*phase, event);
            }
        }
        self
    }

    /// A phase's dossier; an empty one if nothing happened there.
    #[must_use]
    pub fn dossier(&self, phase: Phase) -> Arc<Dossier> {
        self.dossiers.get(&phase).cloned().unwrap_or_default()
    }

    /// Where a phase stands; `NotBegun` also for one that the definition does not have.
    #[must_use]
    pub fn stage(&self, phase: Phase) -> Stage {
        match self.definition.phase(phase) {
            Some(plan) => self.dossier(phase).stage(&self.basis(phase), plan),
            None => Stage::NotBegun,
        }
    }

    fn evolve_run(&mut self, event: &RunEvent) {
        Arc::make_mut(&mut self.run).evolve(event);
    }

    fn evolve_dossier(&mut self, phase: Phase, event: &DossierEvent) {
        Arc::make_mut(self.dossiers.entry(phase).or_default()).evolve(event);
    }
}
