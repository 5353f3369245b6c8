//! What happens when a person's step is late: it is said, reminded of and taken higher; the run never fails for it.

use chrono::{DateTime, Utc};

use super::turn::Turn;
use super::{Case, Outcome};
use crate::dossier::DossierCommand;
use crate::ids::StepId;
use crate::people::{Actor, Role};
use crate::phase::Phase;
use crate::rejection::{Rejection, RejectionCode as Code};
use crate::run::RunCommand;

impl Case {
    /// The step's deadline passed: it is marked as timed out, goes on waiting, and its role is reminded.
    ///
    /// # Errors
    /// When the step is over by now, which the caller may take as an answer.
    pub fn pass_deadline(
        &self,
        phase: Phase,
        step: &StepId,
        now: DateTime<Utc>,
    ) -> Result<Outcome, Rejection> {
        let (to, due_at) = self.late(phase, step)?;
        let mut turn = Turn::new(self, Actor::engine(), None, now, now);
        turn.step(step.as_str());
        turn.run(RunCommand::TimeOutStep {
            step: step.clone(),
            due_at,
        })?;
        let step = step.to_string();
        turn.dossier(phase, &DossierCommand::Remind { step, to, due_at })?;
        Ok(turn.outcome())
    }

    /// The step is this many hours past its deadline: it goes up.
    ///
    /// # Errors
    /// When the step is over by now.
    pub fn escalate(
        &self,
        phase: Phase,
        step: &StepId,
        hours_past: u32,
        now: DateTime<Utc>,
    ) -> Result<Outcome, Rejection> {
        let (waits_for, due_at) = self.late(phase, step)?;
        let mut turn = Turn::new(self, Actor::engine(), None, now, now);
        turn.step(step.as_str());
        let command = DossierCommand::EscalateDeadline {
            step: step.to_string(),
            to: above(waits_for),
            due_at,
            hours_past,
        };
        turn.dossier(phase, &command)?;
        Ok(turn.outcome())
    }

    /// Whom an open step waits for, and since when it is due.
    fn late(&self, phase: Phase, step: &StepId) -> Result<(Role, DateTime<Utc>), Rejection> {
        self.run.expect_open()?;
        let over = || Rejection::new(Code::OutOfOrder, format!("step {step} is over"));
        let open = self.run.open_step(phase).filter(|it| it.id == *step);
        let open = open.ok_or_else(over)?;
        let due_at = open.due_at.ok_or_else(over)?;
        let plan = self.definition.phase(phase).ok_or_else(over)?;
        let awaited = self.dossier(phase).awaiting(&self.basis(phase), plan);
        let role = awaited.first().map(|it| it.role).or(open.role);
        Ok((role.unwrap_or(plan.work), due_at))
    }
}

/// Who hears of what a role leaves undone.
const fn above(role: Role) -> Role {
    match role {
        Role::ReportOwner | Role::ReportExecutive => Role::ReportExecutive,
        Role::DataOwner | Role::DataExecutive => Role::DataExecutive,
        _ => Role::TestExecutive,
    }
}
