//! State + command → events, or the reason why not. One file for each concern; here is who may ask what.

mod change_definition;
mod erasing;
mod opening;
mod phases;
mod steps;

use super::command::RunCommand;
use super::event::RunEvent;
use super::state::{ReportRun, RunStatus};
use crate::command::Command;
use crate::definition::Definition;
use crate::people::{Actor, Role};
use crate::rejection::{Rejection, RejectionCode};

impl ReportRun {
    /// What follows from a command. `actor` comes from [`ReportRun::authorise`] or is the engine; `definition` is the
    /// one that the run is pinned to, for an opening the one that it is to be pinned to.
    ///
    /// # Errors
    /// A [`Rejection`] names the rule that forbids it; nothing has changed then.
    pub fn decide(
        &self,
        asked: &Command<RunCommand>,
        actor: &Actor,
        definition: &Definition,
    ) -> Result<Vec<RunEvent>, Rejection> {
        allow(actor, &asked.body)?;
        if !matches!(asked.body, RunCommand::Open(_)) {
            self.must_be_open()?;
            self.must_be_pinned_to(definition)?;
        }
        match &asked.body {
            RunCommand::Open(opening) => self.open(opening, definition),
            RunCommand::RegisterPerson { person } => self.register(person, definition),
            RunCommand::EnterPhase { from, to, kind } => {
                self.enter_phase(from, *to, kind, definition)
            }
            RunCommand::SkipPhase {
                from,
                phase,
                kind,
                why,
            } => self.skip_phase(from, *phase, kind, why, definition),
            RunCommand::CompletePhase { phase } => self.complete_phase(*phase),
            RunCommand::ReopenPhase { phase } => {
                let reason = reason(asked, "reopening a phase")?;
                self.reopen_phase(*phase, actor, reason, definition)
            }
            RunCommand::ConfirmPhase { phase } => {
                let reason = reason(asked, "confirming a stale phase")?;
                self.confirm_phase(*phase, actor, reason)
            }
            RunCommand::MarkStale { phase, because_of } => {
                self.mark_stale(*phase, *because_of, definition)
            }
            RunCommand::ScheduleStep {
                step,
                phase,
                kind,
                role,
                due_at,
            } => self.schedule_step(step, *phase, (*kind, *role), *due_at, definition),
            RunCommand::StartStep { step } => self.start_step(step),
            RunCommand::CompleteStep { step, outcome } => self.complete_step(step, outcome),
            RunCommand::FailStep {
                step,
                attempt,
                error,
            } => self.fail_step(step, *attempt, error),
            RunCommand::SkipStep { step, why } => self.skip_step(step, why),
            RunCommand::TimeOutStep { step, due_at } => self.time_out_step(step, *due_at),
            RunCommand::ChangeDefinition { to } => {
                let reason = reason(asked, "changing the definition")?;
                self.change_definition(to, actor, reason, definition)
            }
            RunCommand::Complete {} => self.complete(definition),
            RunCommand::Cancel {} => Ok(vec![RunEvent::RunCancelled {
                by: actor.id.clone(),
                reason: reason(asked, "cancelling a run")?,
            }]),
        }
    }

    fn must_be_open(&self) -> Result<(), Rejection> {
        let message = match self.status {
            RunStatus::Open => return Ok(()),
            RunStatus::NotOpened => "the run was never opened; open it first",
            RunStatus::Completed => "the run is completed; nothing can be changed in it any more",
            RunStatus::Cancelled => "the run was cancelled; open a new one to go on",
        };
        Err(Rejection::new(RejectionCode::RunNotOpen, message))
    }

    fn must_be_pinned_to(&self, definition: &Definition) -> Result<(), Rejection> {
        let given = definition.reference();
        match &self.definition {
            Some(pinned) if *pinned != given => Err(Rejection::new(
                RejectionCode::DefinitionRefused,
                format!(
                    "the run is pinned to definition {} ({}), not to {} ({})",
                    pinned.version, pinned.sha256, given.version, given.sha256
                ),
            )),
            _ => Ok(()),
        }
    }
}

/// Auditors decide nothing; an admin configures; steps, transitions and phases are the engine's.
fn allow(actor: &Actor, command: &RunCommand) -> Result<(), Rejection> {
    let (allowed, what): (&[Role], _) = match command {
        RunCommand::Open(_) => (
            &[Role::Tester, Role::TestExecutive, Role::Admin],
            "opens a run",
        ),
        RunCommand::RegisterPerson { .. } => {
            (&[Role::Admin, Role::TestExecutive], "registers people")
        }
        RunCommand::ChangeDefinition { .. } => (
            &[Role::Admin, Role::TestExecutive],
            "changes the definition of a run",
        ),
        RunCommand::ReopenPhase { .. } => (&[Role::TestExecutive], "reopens a phase"),
        RunCommand::ConfirmPhase { .. } => (&[Role::TestExecutive], "confirms a stale phase"),
        RunCommand::Cancel {} => (&[Role::TestExecutive], "cancels a run"),
        _ => (&[Role::Engine], "moves a run from step to step"),
    };
    if allowed.contains(&actor.role) {
        return Ok(());
    }
    let names: Vec<&str> = allowed.iter().map(|role| role.name()).collect();
    Err(Rejection::new(
        RejectionCode::RoleNotAllowed,
        format!(
            "{} asks as {}, but only {} {what}",
            actor.id,
            actor.role,
            names.join(" or ")
        ),
    ))
}

fn reason(asked: &Command<RunCommand>, what: &str) -> Result<String, Rejection> {
    asked.reason().map(str::to_owned).ok_or_else(|| {
        Rejection::new(
            RejectionCode::ReasonRequired,
            format!("{what} needs a reason that is not blank"),
        )
    })
}
