//! How a phase begins, ends, is passed over or goes on; reminders and escalations.

use chrono::{DateTime, Utc};

use super::{Asked, Decided};
use crate::definition::PhaseDef;
use crate::dossier::basis::Basis;
use crate::dossier::event::DossierEvent;
use crate::dossier::state::{Dossier, DossierStatus};
use crate::ids::RunId;
use crate::people::Role;
use crate::phase::Phase;
use crate::rejection::{Rejection, RejectionCode};
use crate::version::VersionRef;

impl Dossier {
    pub(super) fn begin(
        &self,
        asked: &Asked<'_>,
        run: RunId,
        phase: Phase,
        inputs: &[VersionRef],
    ) -> Decided {
        asked.in_role(&[Role::Engine], "begin a phase")?;
        self.expect_not_begun(phase)?;
        let inputs = inputs.to_vec();
        Ok(vec![DossierEvent::PhaseBegun { run, phase, inputs }])
    }

    pub(super) fn skip(&self, asked: &Asked<'_>, why: &str) -> Decided {
        asked.in_role(&[Role::Engine], "skip a phase")?;
        if self.status != DossierStatus::NotBegun {
            return Err(Rejection::new(
                RejectionCode::OutOfOrder,
                "the phase has begun and cannot be skipped any more",
            ));
        }
        let why = why.to_owned();
        Ok(vec![DossierEvent::PhaseSkipped { why }])
    }

    pub(super) fn complete(&self, asked: &Asked<'_>, basis: &Basis, plan: &PhaseDef) -> Decided {
        asked.in_role(&[Role::Engine], "complete a phase")?;
        let phase = self.phase()?;
        if self.status != DossierStatus::Open {
            return Err(Rejection::new(
                RejectionCode::PhaseClosed,
                format!("{phase} is closed already"),
            ));
        }
        if !self.goal_reached(basis, plan) {
            return Err(Rejection::new(
                RejectionCode::Incomplete,
                format!("{phase} is not done: something still waits for a person"),
            ));
        }
        Ok(vec![DossierEvent::PhaseCompleted {}])
    }

    pub(super) fn reopen(&self, asked: &Asked<'_>) -> Decided {
        asked.in_role(&[Role::TestExecutive], "reopen a phase")?;
        let phase = self.phase()?;
        if self.status != DossierStatus::Completed {
            return Err(Rejection::new(
                RejectionCode::OutOfOrder,
                format!("{phase} is not completed, so there is nothing to reopen"),
            ));
        }
        let reason = asked.due_reason("reopen a phase")?;
        let by = asked.person();
        Ok(vec![DossierEvent::PhaseReopened { by, reason }])
    }

    pub(super) fn mark_stale(&self, asked: &Asked<'_>, because_of: Phase) -> Decided {
        // A person reopens a phase; that others are stale by it is told by the run.
        asked.in_role(&[Role::Engine], "mark a phase stale")?;
        self.phase()?;
        Ok(vec![DossierEvent::MarkedStale { because_of }])
    }

    pub(super) fn remind(
        &self,
        asked: &Asked<'_>,
        step: &str,
        to: Role,
        due_at: DateTime<Utc>,
    ) -> Decided {
        asked.in_role(&[Role::Engine], "send a reminder")?;
        let step = step.to_owned();
        Ok(vec![DossierEvent::ReminderSent { step, to, due_at }])
    }

    pub(super) fn escalate_deadline(
        &self,
        asked: &Asked<'_>,
        step: &str,
        to: Role,
        due_at: DateTime<Utc>,
        hours_past: u32,
    ) -> Decided {
        asked.in_role(&[Role::Engine], "escalate a deadline")?;
        Ok(vec![DossierEvent::DeadlineEscalated {
            step: step.to_owned(),
            to,
            due_at,
            hours_past,
        }])
    }

    fn expect_not_begun(&self, phase: Phase) -> Result<(), Rejection> {
        // One that was skipped by its condition begins when the condition has come true after a reopening.
        if matches!(
            self.status,
            DossierStatus::NotBegun | DossierStatus::Skipped
        ) {
            return Ok(());
        }
        Err(Rejection::new(
            RejectionCode::OutOfOrder,
            format!("{phase} has begun already"),
        ))
    }
}
