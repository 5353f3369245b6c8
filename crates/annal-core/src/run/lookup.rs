//! What others ask of a run before they act on it.

use super::command::RunCommand;
use super::state::{ReportRun, RunStatus};
use crate::ids::{PersonId, RunId};
use crate::people::Role;
use crate::rejection::{Rejection, RejectionCode};

impl ReportRun {
    /// Its id; none before it was opened.
    #[must_use]
    pub fn id(&self) -> Option<RunId> {
        self.opening().map(|opening| opening.run)
    }

    /// The report's lines of business.
    #[must_use]
    pub fn lines_of_business(&self) -> &[String] {
        self.opening()
            .map_or(&[], |opening| opening.lines_of_business.as_slice())
    }

    /// Its id.
    ///
    /// # Errors
    /// `run_not_open` before it was opened.
    pub fn expect_id(&self) -> Result<RunId, Rejection> {
        self.id().ok_or_else(|| {
            Rejection::new(
                RejectionCode::RunNotOpen,
                "the run was never opened; open it first",
            )
        })
    }

    /// Refuses unless the run is open.
    ///
    /// # Errors
    /// `run_not_open`, saying where the run stands.
    pub fn expect_open(&self) -> Result<(), Rejection> {
        if self.status() == RunStatus::Open {
            return Ok(());
        }
        Err(Rejection::new(
            RejectionCode::RunNotOpen,
            format!(
                "the run is {}; nothing can be decided in it",
                self.status().name()
            ),
        ))
    }

    /// Refuses a person whom a command names and who is not on the register, or not in the role that they need.
    ///
    /// # Errors
    /// `unknown_person`, `person_erased` or `role_not_held`.
    pub fn vouch(&self, person: &PersonId, role: Option<Role>) -> Result<(), Rejection> {
        match role {
            Some(role) => self.authorise(person, role, None).map(|_| ()),
            None => match self.person(person) {
                Some(person) => person.expect_name(),
                None => Err(Rejection::new(
                    RejectionCode::UnknownPerson,
                    format!(
                        "{person} is not on this run; an admin or a test executive can register them"
                    ),
                )),
            },
        }
    }
}

impl RunCommand {
    /// The command's name in snake case; also the name of the activity that carries it out.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Open(_) => "open_run",
            Self::RegisterPerson { .. } => "register_person",
            Self::EnterPhase { .. } => "enter_phase",
            Self::SkipPhase { .. } => "skip_phase",
            Self::CompletePhase { .. } => "complete_phase",
            Self::ReopenPhase { .. } => "reopen_phase",
            Self::ConfirmPhase { .. } => "confirm_phase",
            Self::MarkStale { .. } => "mark_stale",
            Self::ScheduleStep { .. } => "schedule_step",
            Self::StartStep { .. } => "start_step",
            Self::CompleteStep { .. } => "complete_step",
            Self::FailStep { .. } => "fail_step",
            Self::SkipStep { .. } => "skip_step",
            Self::TimeOutStep { .. } => "time_out_step",
            Self::ChangeDefinition { .. } => "change_definition",
            Self::Complete {} => "complete_run",
            Self::Cancel {} => "cancel_run",
        }
    }
}
