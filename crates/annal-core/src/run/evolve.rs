//! State + event → state. Takes every event as a fact: it checks nothing and cannot fail.

use super::event::{Opening, RunEvent};
use super::state::{PhaseStatus, ReportRun, RunStatus, StepState, StepStatus, Transition};
use crate::ids::{PersonId, StepId};
use crate::phase::Phase;
use crate::printed_name::PrintedName;

impl ReportRun {
    /// Takes in what happened.
    pub fn evolve(&mut self, event: &RunEvent) {
        match event {
            RunEvent::RunOpened(opening) => self.opened(opening),
            RunEvent::PersonRegistered { person } => {
                self.people.insert(person.id.clone(), person.clone());
            }
            RunEvent::PersonErased { person, .. } => self.erased(person),
            RunEvent::DefinitionChanged { to, .. } => self.definition = Some(to.clone()),
            RunEvent::RunCompleted {} => self.status = RunStatus::Completed,
            RunEvent::RunCancelled { .. } => self.status = RunStatus::Cancelled,
            RunEvent::TransitionTaken { from, to, kind } => self.transitions.push(Transition {
                from: from.clone(),
                to: *to,
                kind: kind.clone(),
            }),
            RunEvent::PhaseStarted { phase } | RunEvent::PhaseReopened { phase, .. } => {
                self.phases.entry(*phase).or_default().status = PhaseStatus::Started;
            }
            RunEvent::PhaseSkipped { phase, .. } => {
                self.phases.entry(*phase).or_default().status = PhaseStatus::Skipped;
            }
            RunEvent::PhaseCompleted { phase } => self.phase_completed(*phase),
            RunEvent::PhaseConfirmed { phase, .. } => {
                let state = self.phases.entry(*phase).or_default();
                state.stale_because_of.clear();
            }
            RunEvent::PhaseMarkedStale { phase, because_of } => {
                let state = self.phases.entry(*phase).or_default();
                state.stale_because_of.insert(*because_of);
            }
            RunEvent::StepScheduled { .. }
            | RunEvent::StepStarted { .. }
            | RunEvent::StepCompleted { .. }
            | RunEvent::StepFailed { .. }
            | RunEvent::StepSkipped { .. }
            | RunEvent::StepTimedOut { .. } => self.step_happened(event),
            RunEvent::AttemptRefused { .. } => {}
        }
    }

    fn opened(&mut self, opening: &Opening) {
        self.status = RunStatus::Open;
        self.definition = Some(opening.definition.clone());
        self.people = opening
            .people
            .iter()
            .map(|person| (person.id.clone(), person.clone()))
            .collect();
        self.opening = Some(opening.clone());
    }

    fn erased(&mut self, person: &PersonId) {
        let opening = self.opening.iter_mut().flat_map(|it| &mut it.people);
        let registered = self.people.values_mut();
        for known in registered.chain(opening).filter(|it| it.id == *person) {
            known.name = PrintedName::Erased;
        }
    }

    /// A phase done again rests on what it rests on as it is now. Where that is itself still open, the phase stays
    /// stale: it was finished on ground that is about to change.
    fn phase_completed(&mut self, phase: Phase) {
        let mut stale = self
            .phases
            .get(&phase)
            .map(|state| state.stale_because_of.clone())
            .unwrap_or_default();
        stale.retain(|reopened| !self.phase_status(*reopened).is_over());
        let state = self.phases.entry(phase).or_default();
        state.status = PhaseStatus::Completed;
        state.stale_because_of = stale;
    }

    fn step_happened(&mut self, event: &RunEvent) {
        match event {
            RunEvent::StepScheduled {
                step,
                phase,
                kind,
                role,
                due_at,
            } => {
                let state = StepState {
                    id: step.clone(),
                    phase: *phase,
                    kind: *kind,
                    role: *role,
                    due_at: *due_at,
                    status: StepStatus::Scheduled,
                    failed_attempts: 0,
                    timed_out: false,
                    outcome: None,
                };
                self.steps.insert(step.clone(), state);
            }
            RunEvent::StepStarted { step } => {
                self.change(step, |state| state.status = StepStatus::Started);
            }
            RunEvent::StepCompleted { step, outcome } => self.change(step, |state| {
                state.status = StepStatus::Completed;
                state.outcome = Some(outcome.clone());
            }),
            RunEvent::StepFailed { step, attempt, .. } => {
                self.change(step, |state| state.failed_attempts = *attempt);
            }
            RunEvent::StepSkipped { step, .. } => {
                self.change(step, |state| state.status = StepStatus::Skipped);
            }
            RunEvent::StepTimedOut { step, .. } => {
                self.change(step, |state| state.timed_out = true);
            }
            _ => {}
        }
    }

    fn change(&mut self, step: &StepId, change: impl FnOnce(&mut StepState)) {
        if let Some(state) = self.steps.get_mut(step) {
            change(state);
        }
    }
}
