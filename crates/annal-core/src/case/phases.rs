//! How the engine leads a run from phase to phase.

use chrono::{DateTime, Utc};

use super::turn::Turn;
use super::{Case, Outcome};
use crate::condition::Condition;
use crate::definition::{FACTS, PhaseDef};
use crate::dossier::{DossierCommand, Facts};
use crate::people::Actor;
use crate::phase::Phase;
use crate::rejection::{Rejection, RejectionCode as Code};
use crate::run::event::StepKind;
use crate::run::{PhaseStatus, RunCommand};

impl Case {
    /// Enters a phase, or passes it over where the opening or a condition of the definition says so. The condition's
    /// text and result are in the transition.
    ///
    /// # Errors
    /// When the phases before it are not done, or the definition does not have it.
    pub fn enter_phase(&self, phase: Phase, now: DateTime<Utc>) -> Result<Outcome, Rejection> {
        let plan = self.definition.phase(phase).ok_or_else(|| {
            let version = &self.definition.version;
            let message = format!("definition {version} has no phase {phase}");
            Rejection::new(Code::DefinitionRefused, message)
        })?;
        let mut turn = Turn::new(self, Actor::engine(), None, now, now);
        turn.step(&format!("{phase}.start"));
        match self.why_not(plan)? {
            None => self.begin(&mut turn, plan, plan.start_if.as_ref().map(|_| true))?,
            Some(skip) => self.pass_over(&mut turn, plan, skip)?,
        }
        Ok(turn.outcome())
    }

    /// Completes a phase whose goal is reached.
    ///
    /// # Errors
    /// When something still waits for a person.
    pub fn complete_phase(&self, phase: Phase, now: DateTime<Utc>) -> Result<Outcome, Rejection> {
        let mut turn = Turn::new(self, Actor::engine(), None, now, now);
        turn.step(&format!("{phase}.complete"));
        turn.dossier(phase, &DossierCommand::Complete {})?;
        turn.follow_up(phase)?;
        turn.instant(phase, "complete", StepKind::Automatic, "done")?;
        turn.run(RunCommand::CompletePhase { phase })?;
        // Done on ground that is still open: the run keeps it stale, and so does the dossier.
        for because_of in turn.after.run.stale_because_of(phase) {
            turn.dossier(phase, &DossierCommand::MarkStale { because_of })?;
        }
        Ok(turn.outcome())
    }

    /// Completes the run once every phase is completed or skipped.
    ///
    /// # Errors
    /// When a phase is not.
    pub fn complete_run(&self, now: DateTime<Utc>) -> Result<Outcome, Rejection> {
        let mut turn = Turn::new(self, Actor::engine(), None, now, now);
        turn.step("run.complete");
        self.nothing_to_enter()?;
        turn.run(RunCommand::Complete {})?;
        Ok(turn.outcome())
    }

    fn nothing_to_enter(&self) -> Result<(), Rejection> {
        let due = self.definition.phases.iter();
        let mut due = due.map(|it| it.phase).filter(|it| self.is_due_again(*it));
        due.next().map_or(Ok(()), |phase| {
            let message =
                format!("the run is not done: {phase} was skipped, but its condition holds now");
            Err(Rejection::new(Code::Incomplete, message))
        })
    }

    /// Whether a phase that was passed over by its condition has to be entered after all, because the condition has
    /// come true since: tests fail that passed before a reopening.
    #[must_use]
    pub fn is_due_again(&self, phase: Phase) -> bool {
        let skipped = self.run.phase_status(phase) == PhaseStatus::Skipped;
        let plan = self.definition.phase(phase).filter(|_| skipped);
        plan.is_some_and(|plan| {
            let over = |before: &Phase| self.run.phase_status(*before).is_over();
            plan.after.iter().all(over) && matches!(self.why_not(plan), Ok(None))
        })
    }

    fn begin(
        &self,
        turn: &mut Turn<'_>,
        plan: &PhaseDef,
        result: Option<bool>,
    ) -> Result<(), Rejection> {
        let phase = plan.phase;
        turn.run(RunCommand::EnterPhase {
            from: plan.after.clone(),
            to: phase,
            kind: self.definition.transition(phase, result),
        })?;
        turn.instant(phase, "start", StepKind::Automatic, "done")?;
        let begin = DossierCommand::Begin {
            run: self.run.expect_id()?,
            phase,
            inputs: self.inputs(phase),
        };
        turn.dossier(phase, &begin)?;
        turn.follow_up(phase)
    }

    fn pass_over(
        &self,
        turn: &mut Turn<'_>,
        plan: &PhaseDef,
        skip: Passing,
    ) -> Result<(), Rejection> {
        let phase = plan.phase;
        turn.run(RunCommand::SkipPhase {
            from: plan.after.clone(),
            phase,
            kind: self.definition.transition(phase, skip.result),
            why: skip.why.clone(),
        })?;
        let skip = DossierCommand::Skip {
            run: self.run.expect_id()?,
            phase,
            why: skip.why,
        };
        turn.dossier(phase, &skip)
    }

    /// Why the phase is passed over, if it is.
    fn why_not(&self, plan: &PhaseDef) -> Result<Option<Passing>, Rejection> {
        if self.run.is_to_be_skipped(plan.phase) {
            let why = "left out when the run was opened".to_owned();
            return Ok(Some(Passing { why, result: None }));
        }
        let Some(text) = &plan.start_if else {
            return Ok(None);
        };
        let refuse = |error: crate::condition::ConditionError| {
            Rejection::new(Code::DefinitionRefused, error.to_string())
        };
        let condition = Condition::parse(text).map_err(refuse)?;
        if condition.holds(&self.facts()).map_err(refuse)? {
            return Ok(None);
        }
        Ok(Some(Passing {
            why: format!("'{text}' is false"),
            result: Some(false),
        }))
    }

    /// What conditions on transitions may ask: every fact of every dossier; 0 where nobody knows of one.
    #[must_use]
    pub fn facts(&self) -> Facts {
        let mut all: Facts = FACTS.map(|name| (name.to_owned(), 0)).into();
        for (name, count) in self.dossiers.values().flat_map(|it| it.facts()) {
            let known = all.entry(name).or_default();
            *known = count.max(*known);
        }
        all
    }
}

struct Passing {
    why: String,
    result: Option<bool>,
}
