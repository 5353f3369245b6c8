//! The life of a step: scheduled, started, then completed or skipped. A failed try and a missed deadline leave it open.

use chrono::{DateTime, Utc};

use super::super::event::{RunEvent, StepKind};
use super::super::state::{PhaseStatus, ReportRun, StepState, StepStatus};
use super::phases::known;
use crate::definition::Definition;
use crate::ids::StepId;
use crate::people::Role;
use crate::phase::Phase;
use crate::rejection::{Rejection, RejectionCode};

impl ReportRun {
    pub(super) fn schedule_step(
        &self,
        step: &StepId,
        phase: Phase,
        (kind, role): (StepKind, Option<Role>),
        due_at: Option<DateTime<Utc>>,
        definition: &Definition,
    ) -> Result<Vec<RunEvent>, Rejection> {
        known(phase, definition)?;
        self.may_schedule(step, phase, kind, role)?;
        Ok(vec![RunEvent::StepScheduled {
            step: step.clone(),
            phase,
            kind,
            role,
            due_at,
        }])
    }

    pub(super) fn start_step(&self, step: &StepId) -> Result<Vec<RunEvent>, Rejection> {
        let state = self.not_over_yet(step)?;
        if state.status == StepStatus::Started {
            return Err(out_of_order(format!("{step} has started already")));
        }
        let phase = state.phase;
        if state.kind == StepKind::Human && self.phase_status(phase) == PhaseStatus::Waiting {
            return Err(Rejection::new(
                RejectionCode::PhaseNotBegun,
                format!("{step} cannot start: {phase} has not begun"),
            ));
        }
        Ok(vec![RunEvent::StepStarted { step: step.clone() }])
    }

    pub(super) fn complete_step(
        &self,
        step: &StepId,
        outcome: &str,
    ) -> Result<Vec<RunEvent>, Rejection> {
        self.started(step)?;
        not_blank(outcome, "the outcome of a step")?;
        Ok(vec![RunEvent::StepCompleted {
            step: step.clone(),
            outcome: outcome.to_owned(),
        }])
    }

    pub(super) fn fail_step(
        &self,
        step: &StepId,
        attempt: u32,
        error: &str,
    ) -> Result<Vec<RunEvent>, Rejection> {
        let state = self.started(step)?;
        if attempt <= state.failed_attempts {
            return Err(out_of_order(format!(
                "try {attempt} of {step} cannot fail now; tries count from 1, and the last that failed was {}",
                state.failed_attempts
            )));
        }
        Ok(vec![RunEvent::StepFailed {
            step: step.clone(),
            attempt,
            error: error.to_owned(),
        }])
    }

    pub(super) fn skip_step(&self, step: &StepId, why: &str) -> Result<Vec<RunEvent>, Rejection> {
        self.not_over_yet(step)?;
        not_blank(why, "the reason for skipping a step")?;
        Ok(vec![RunEvent::StepSkipped {
            step: step.clone(),
            why: why.to_owned(),
        }])
    }

    pub(super) fn time_out_step(
        &self,
        step: &StepId,
        due_at: DateTime<Utc>,
    ) -> Result<Vec<RunEvent>, Rejection> {
        let state = self.not_over_yet(step)?;
        if state.due_at != Some(due_at) {
            let due = state.due_at.map_or_else(
                || "it has no deadline".to_owned(),
                |due| format!("its deadline is {due}"),
            );
            return Err(invalid(format!(
                "{step} cannot miss a deadline of {due_at}: {due}"
            )));
        }
        if state.timed_out {
            return Err(out_of_order(format!(
                "{step} missed its deadline before and goes on waiting"
            )));
        }
        Ok(vec![RunEvent::StepTimedOut {
            step: step.clone(),
            due_at,
        }])
    }

    /// A person's step belongs to a phase that is not over. The engine's own steps may lie around the phase: they
    /// begin it, end it or pass it over.
    fn may_schedule(
        &self,
        step: &StepId,
        phase: Phase,
        kind: StepKind,
        role: Option<Role>,
    ) -> Result<(), Rejection> {
        let name = step.as_str().strip_prefix(phase.name());
        if !name.is_some_and(|name| name.len() > 1 && name.starts_with('.')) {
            return Err(invalid(format!(
                "a step of {phase} is named {phase}.NAME, not '{step}'"
            )));
        }
        if self.step(step).is_some() {
            return Err(Rejection::new(
                RejectionCode::DuplicateItem,
                format!("the step {step} was scheduled before; number a further round"),
            ));
        }
        match (kind, role) {
            (StepKind::Human, None | Some(Role::Engine)) => Err(invalid(format!(
                "{step} waits for a person; say in which role"
            ))),
            (StepKind::Automatic, Some(role)) => Err(invalid(format!(
                "{step} is the engine's; nobody acts in it as {role}"
            ))),
            (StepKind::Human, Some(_)) if self.phase_status(phase).is_over() => {
                Err(Rejection::new(
                    RejectionCode::PhaseClosed,
                    format!(
                        "{phase} is {}; nobody can act in it any more",
                        self.phase_status(phase).name()
                    ),
                ))
            }
            _ => Ok(()),
        }
    }

    fn started(&self, step: &StepId) -> Result<&StepState, Rejection> {
        let state = self.not_over_yet(step)?;
        if state.status == StepStatus::Started {
            return Ok(state);
        }
        Err(out_of_order(format!(
            "{step} has not started; start it first"
        )))
    }

    fn not_over_yet(&self, step: &StepId) -> Result<&StepState, Rejection> {
        let Some(state) = self.step(step) else {
            return Err(Rejection::new(
                RejectionCode::UnknownItem,
                format!("there is no step {step} in this run; schedule it first"),
            ));
        };
        if state.status.is_over() {
            return Err(out_of_order(format!(
                "{step} is {} already",
                state.status.name()
            )));
        }
        Ok(state)
    }
}

fn not_blank(text: &str, what: &str) -> Result<(), Rejection> {
    if text.trim().is_empty() {
        return Err(invalid(format!("{what} must not be blank")));
    }
    Ok(())
}

fn invalid(message: String) -> Rejection {
    Rejection::new(RejectionCode::InvalidContent, message)
}

fn out_of_order(message: String) -> Rejection {
    Rejection::new(RejectionCode::OutOfOrder, message)
}
