//! The life of a step: scheduled, started, then completed or skipped. A failed try and a missed deadline leave it open.

use chrono::{DateTime, Utc};

use super::super::command::RunCommand;
use super::super::event::{RunEvent, StepKind};
use super::super::state::{PhaseStatus, ReportRun, StepState, StepStatus};
use super::phases::known;
use crate::definition::Definition;
use crate::ids::StepId;
use crate::people::Role;
use crate::phase::Phase;
use crate::rejection::{Rejection, RejectionCode};

impl ReportRun {
    /// The commands on steps; every other command is dealt with before.
    pub(super) fn decide_step(
        &self,
        command: &RunCommand,
        definition: &Definition,
    ) -> Result<Vec<RunEvent>, Rejection> {
        let event = match command {
            RunCommand::ScheduleStep {
                step,
                phase,
                kind,
                role,
                due_at,
            } => {
                self.may_schedule(step, *phase, *kind, *role, definition)?;
                RunEvent::StepScheduled {
                    step: step.clone(),
                    phase: *phase,
                    kind: *kind,
                    role: *role,
                    due_at: *due_at,
                }
            }
            RunCommand::StartStep { step } => {
                self.may_start(step)?;
                RunEvent::StepStarted { step: step.clone() }
            }
            RunCommand::CompleteStep { step, outcome } => {
                self.started(step)?;
                RunEvent::StepCompleted {
                    step: step.clone(),
                    outcome: not_blank(outcome, "the outcome of a step")?,
                }
            }
            RunCommand::FailStep {
                step,
                attempt,
                error,
            } => {
                self.may_fail(step, *attempt)?;
                RunEvent::StepFailed {
                    step: step.clone(),
                    attempt: *attempt,
                    error: error.clone(),
                }
            }
            RunCommand::SkipStep { step, why } => {
                self.not_over_yet(step)?;
                RunEvent::StepSkipped {
                    step: step.clone(),
                    why: not_blank(why, "the reason for skipping a step")?,
                }
            }
            RunCommand::TimeOutStep { step, due_at } => {
                self.may_time_out(step, *due_at)?;
                RunEvent::StepTimedOut {
                    step: step.clone(),
                    due_at: *due_at,
                }
            }
            _ => return Ok(Vec::new()),
        };
        Ok(vec![event])
    }

    /// A person's step belongs to a phase that is not over. The engine's own steps may lie around the phase: they
    /// begin it, end it or pass it over.
    fn may_schedule(
        &self,
        step: &StepId,
        phase: Phase,
        kind: StepKind,
        role: Option<Role>,
        definition: &Definition,
    ) -> Result<(), Rejection> {
        known(phase, definition)?;
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

    fn may_start(&self, step: &StepId) -> Result<(), Rejection> {
        let state = self.not_over_yet(step)?;
        if state.status == StepStatus::Started {
            return Err(out_of_order(format!("{step} has started already")));
        }
        let phase = state.phase;
        match (state.kind, self.phase_status(phase)) {
            (StepKind::Human, PhaseStatus::Waiting) => Err(Rejection::new(
                RejectionCode::PhaseNotBegun,
                format!("{step} cannot start: {phase} has not begun"),
            )),
            _ => Ok(()),
        }
    }

    fn may_fail(&self, step: &StepId, attempt: u32) -> Result<(), Rejection> {
        let state = self.started(step)?;
        if attempt > state.failed_attempts {
            return Ok(());
        }
        Err(out_of_order(format!(
            "try {attempt} of {step} was recorded before; the last that failed was {}",
            state.failed_attempts
        )))
    }

    fn may_time_out(&self, step: &StepId, due_at: DateTime<Utc>) -> Result<(), Rejection> {
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
        Ok(())
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

fn not_blank(text: &str, what: &str) -> Result<String, Rejection> {
    if text.trim().is_empty() {
        return Err(invalid(format!("{what} must not be blank")));
    }
    Ok(text.to_owned())
}

fn invalid(message: String) -> Rejection {
    Rejection::new(RejectionCode::InvalidContent, message)
}

fn out_of_order(message: String) -> Rejection {
    Rejection::new(RejectionCode::OutOfOrder, message)
}
