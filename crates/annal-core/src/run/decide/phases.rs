//! The way of a run through its phases.

use super::super::event::{RunEvent, TransitionKind};
use super::super::state::{PhaseStatus, ReportRun};
use crate::definition::{Definition, PhaseDef};
use crate::people::Actor;
use crate::phase::Phase;
use crate::rejection::{Rejection, RejectionCode};

impl ReportRun {
    pub(super) fn enter_phase(
        &self,
        from: &[Phase],
        to: Phase,
        kind: &TransitionKind,
        definition: &Definition,
    ) -> Result<Vec<RunEvent>, Rejection> {
        let def = known(to, definition)?;
        self.must_be_reachable(def, from)?;
        if self.is_to_be_skipped(to) {
            return Err(refused(format!(
                "the run was opened with {to} to be skipped; skip it"
            )));
        }
        let condition = def.start_if.is_some().then_some(true);
        must_be(kind, &definition.transition(to, condition), to)?;
        Ok(vec![
            taken(from, to, kind),
            RunEvent::PhaseStarted { phase: to },
        ])
    }

    pub(super) fn skip_phase(
        &self,
        from: &[Phase],
        phase: Phase,
        kind: &TransitionKind,
        why: &str,
        definition: &Definition,
    ) -> Result<Vec<RunEvent>, Rejection> {
        let def = known(phase, definition)?;
        self.must_be_reachable(def, from)?;
        if self.phase_status(phase) == PhaseStatus::Skipped {
            return Err(Rejection::new(
                RejectionCode::PhaseClosed,
                format!("{phase} is skipped already"),
            ));
        }
        if why.trim().is_empty() {
            return Err(Rejection::new(
                RejectionCode::ReasonRequired,
                format!("skipping {phase} needs a reason that is not blank"),
            ));
        }
        let condition = if self.is_to_be_skipped(phase) {
            None
        } else if def.start_if.is_some() {
            Some(false)
        } else {
            return Err(refused(format!(
                "{phase} starts without a condition, and the run was not opened with it to be skipped; enter it"
            )));
        };
        must_be(kind, &definition.transition(phase, condition), phase)?;
        Ok(vec![
            taken(from, phase, kind),
            RunEvent::PhaseSkipped {
                phase,
                why: why.to_owned(),
            },
        ])
    }

    pub(super) fn complete_phase(&self, phase: Phase) -> Result<Vec<RunEvent>, Rejection> {
        match self.phase_status(phase) {
            PhaseStatus::Started => Ok(vec![RunEvent::PhaseCompleted { phase }]),
            PhaseStatus::Waiting => Err(not_begun(phase)),
            PhaseStatus::Completed | PhaseStatus::Skipped => Err(self.closed(phase)),
        }
    }

    pub(super) fn reopen_phase(
        &self,
        phase: Phase,
        actor: &Actor,
        reason: String,
        definition: &Definition,
    ) -> Result<Vec<RunEvent>, Rejection> {
        known(phase, definition)?;
        match self.phase_status(phase) {
            PhaseStatus::Completed => {}
            PhaseStatus::Waiting => return Err(not_begun(phase)),
            PhaseStatus::Started => {
                return Err(Rejection::new(
                    RejectionCode::OutOfOrder,
                    format!("{phase} is not completed; it goes on without being reopened"),
                ));
            }
            PhaseStatus::Skipped => {
                return Err(Rejection::new(
                    RejectionCode::PhaseClosed,
                    format!("{phase} was skipped; there is nothing in it to reopen"),
                ));
            }
        }
        let stale = definition
            .descendants(phase)
            .into_iter()
            .filter(|later| self.has_work(*later))
            .map(|later| RunEvent::PhaseMarkedStale {
                phase: later,
                because_of: phase,
            });
        let reopened = RunEvent::PhaseReopened {
            phase,
            by: actor.id.clone(),
            reason,
        };
        Ok(std::iter::once(reopened).chain(stale).collect())
    }

    pub(super) fn mark_stale(
        &self,
        phase: Phase,
        because_of: Phase,
        definition: &Definition,
    ) -> Result<Vec<RunEvent>, Rejection> {
        known(phase, definition)?;
        if !definition.descendants(because_of).contains(&phase) {
            return Err(refused(format!(
                "{phase} does not rest on {because_of} in definition {}",
                definition.version
            )));
        }
        if !self.has_work(phase) {
            return Err(not_begun(phase));
        }
        if self.stale_because_of(phase).contains(&because_of) {
            return Err(Rejection::new(
                RejectionCode::OutOfOrder,
                format!("{phase} is stale because of {because_of} already"),
            ));
        }
        Ok(vec![RunEvent::PhaseMarkedStale { phase, because_of }])
    }

    pub(super) fn complete(&self, definition: &Definition) -> Result<Vec<RunEvent>, Rejection> {
        let open: Vec<String> = definition
            .phases
            .iter()
            .map(|def| (def.phase, self.phase_status(def.phase)))
            .filter(|(_, status)| !status.is_over())
            .map(|(phase, status)| format!("{phase} ({})", status.name()))
            .collect();
        if open.is_empty() {
            self.nothing_stale(definition)?;
            return Ok(vec![RunEvent::RunCompleted {}]);
        }
        Err(Rejection::new(
            RejectionCode::Incomplete,
            format!(
                "the run is not done; these phases have to be completed or skipped first: {}",
                open.join(", ")
            ),
        ))
    }

    /// What was done on ground that changed since is either done again or said to stand.
    fn nothing_stale(&self, definition: &Definition) -> Result<(), Rejection> {
        let phases = definition.phases.iter().map(|def| def.phase);
        let stale: Vec<Phase> = phases.filter(|phase| self.is_stale(*phase)).collect();
        if stale.is_empty() {
            return Ok(());
        }
        Err(Rejection::new(
            RejectionCode::Incomplete,
            format!(
                "the run is not done: {} rest on what was reopened since; a test executive can reopen each of them or \
                 confirm that it stands",
                list(&stale)
            ),
        ))
    }

    pub(super) fn confirm_phase(
        &self,
        phase: Phase,
        actor: &Actor,
        reason: String,
    ) -> Result<Vec<RunEvent>, Rejection> {
        if self.phase_status(phase) != PhaseStatus::Completed || !self.is_stale(phase) {
            return Err(Rejection::new(
                RejectionCode::OutOfOrder,
                format!("{phase} is not both completed and stale, so there is nothing to confirm"),
            ));
        }
        let open = self.not_over(&self.stale_because_of(phase));
        if !open.is_empty() {
            return Err(Rejection::new(
                RejectionCode::OutOfOrder,
                format!(
                    "{phase} cannot be confirmed while {} is open again",
                    list(&open)
                ),
            ));
        }
        let by = actor.id.clone();
        Ok(vec![RunEvent::PhaseConfirmed { phase, by, reason }])
    }

    fn has_work(&self, phase: Phase) -> bool {
        matches!(
            self.phase_status(phase),
            PhaseStatus::Started | PhaseStatus::Completed
        )
    }

    /// The phase has not begun, `from` is what leads to it, and all of that is done. A phase that was skipped by its
    /// condition can still begin: when a phase before it was reopened, the condition may have come true.
    fn must_be_reachable(&self, def: &PhaseDef, from: &[Phase]) -> Result<(), Rejection> {
        let phase = def.phase;
        match self.phase_status(phase) {
            PhaseStatus::Waiting | PhaseStatus::Skipped => {}
            PhaseStatus::Started => {
                return Err(Rejection::new(
                    RejectionCode::OutOfOrder,
                    format!("{phase} has begun already"),
                ));
            }
            PhaseStatus::Completed => return Err(self.closed(phase)),
        }
        if from != def.after {
            return Err(refused(format!(
                "the definition leads to {phase} from {}, not from {}",
                list(&def.after),
                list(from)
            )));
        }
        let open: Vec<Phase> = self.not_over(&def.after);
        if open.is_empty() {
            return Ok(());
        }
        Err(Rejection::new(
            RejectionCode::OutOfOrder,
            format!(
                "{phase} cannot begin before {} is completed or skipped",
                list(&open)
            ),
        ))
    }

    /// Those of the phases that are neither completed nor skipped.
    pub(super) fn not_over(&self, phases: &[Phase]) -> Vec<Phase> {
        let phases = phases.iter().copied();
        phases
            .filter(|phase| !self.phase_status(*phase).is_over())
            .collect()
    }

    fn closed(&self, phase: Phase) -> Rejection {
        Rejection::new(
            RejectionCode::PhaseClosed,
            format!(
                "{phase} is {}; a test executive can reopen a completed phase",
                self.phase_status(phase).name()
            ),
        )
    }
}

/// What the definition says of a phase.
pub(super) fn known(phase: Phase, definition: &Definition) -> Result<&PhaseDef, Rejection> {
    definition.phase(phase).ok_or_else(|| {
        refused(format!(
            "definition {} does not have the phase {phase}",
            definition.version
        ))
    })
}

fn must_be(given: &TransitionKind, defined: &TransitionKind, to: Phase) -> Result<(), Rejection> {
    if given == defined {
        return Ok(());
    }
    Err(refused(format!(
        "by the definition the run comes to {to} by {}, not by {}",
        describe(defined),
        describe(given)
    )))
}

fn describe(kind: &TransitionKind) -> String {
    match kind {
        TransitionKind::Sequential {} => "a sequential transition".to_owned(),
        TransitionKind::ParallelFork {} => "a parallel fork".to_owned(),
        TransitionKind::ParallelJoin {} => "a parallel join".to_owned(),
        TransitionKind::Conditional { condition, result } => {
            format!("the condition '{condition}' with the result {result}")
        }
    }
}

fn taken(from: &[Phase], to: Phase, kind: &TransitionKind) -> RunEvent {
    RunEvent::TransitionTaken {
        from: from.to_vec(),
        to,
        kind: kind.clone(),
    }
}

fn refused(message: String) -> Rejection {
    Rejection::new(RejectionCode::DefinitionRefused, message)
}

fn not_begun(phase: Phase) -> Rejection {
    Rejection::new(
        RejectionCode::PhaseNotBegun,
        format!("{phase} has not begun"),
    )
}

/// The names of phases, for a message.
pub(super) fn list(phases: &[Phase]) -> String {
    if phases.is_empty() {
        return "nowhere".to_owned();
    }
    let names: Vec<&str> = phases.iter().map(|phase| phase.name()).collect();
    names.join(" and ")
}
