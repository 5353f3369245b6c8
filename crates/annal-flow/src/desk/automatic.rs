//! The engine's own work.

use annal_core::case::Outcome;
use annal_core::dossier::DossierCommand;
use annal_core::item::NewItem;
use annal_core::run::RunCommand;
use annal_core::{Case, Phase, Rejection, Target};

use super::record::Entry;
use super::{Decided, Desk, DeskError, Place};
use crate::act::{Cause, Progress, Verdict};
use crate::due::{self, Order, Work};
use crate::prepare;

impl Desk {
    /// Does what is due. Work that is not due any more, because somebody was quicker or because it was done in a try
    /// whose answer was lost, is left.
    pub(crate) async fn work(&self, order: &Order, place: &Place) -> Result<Progress, DeskError> {
        let slot = self.load(order.run).await?;
        if !is_due(&slot.case, &order.work) {
            return Ok(slot.progress(order.cause));
        }
        let case = slot.case.clone();
        drop(slot);
        if let Work::Prepare { phase } = order.work {
            return self.prepare(order, phase, case, place).await;
        }
        match self.record(order, place, None).await {
            // A person was quicker: the next look at the run tells what is due now.
            Err(DeskError::Refused(_)) => self.stand(order.run, order.cause).await,
            done => done,
        }
    }

    /// Makes a first draft. Others may act on the run meanwhile; only what the draft was built from must not change.
    async fn prepare(
        &self,
        order: &Order,
        phase: Phase,
        case: Case,
        place: &Place,
    ) -> Result<Progress, DeskError> {
        let done = match prepare::first_draft(&self.files, case.clone(), phase).await {
            Ok(items) => {
                let draft = Draft {
                    phase,
                    inputs: case.inputs(phase),
                    items,
                };
                self.record(order, place, Some(&draft)).await
            }
            Err(error) => Err(error),
        };
        if let Err(error) = &done {
            self.note_failure(order, phase, place, error).await;
        }
        done
    }

    async fn record(
        &self,
        order: &Order,
        place: &Place,
        draft: Option<&Draft>,
    ) -> Result<Progress, DeskError> {
        let entry = Entry::follow_up(order.command_id(), order.cause, self.now())?;
        let decide = |case: &Case| {
            let outcome = match draft {
                Some(draft) => draft.enter(self, case)?,
                None => self
                    .step_on(case, &order.work)
                    .map_err(DeskError::Refused)?,
            };
            let verdict = Verdict::Accepted { version: None };
            Ok(Decided { outcome, verdict })
        };
        let answer = self.settle(order.run, &entry, place, decide).await?;
        Ok(answer.progress)
    }

    fn step_on(&self, case: &Case, work: &Work) -> Result<Outcome, Rejection> {
        let now = self.now();
        match work {
            Work::EnterPhase { phase } => case.enter_phase(*phase, now),
            Work::CompletePhase { phase } => case.complete_phase(*phase, now),
            Work::CompleteRun | Work::Prepare { .. } => case.complete_run(now),
            Work::PassDeadline { phase, step } => case.pass_deadline(*phase, step, now),
            Work::Escalate {
                phase,
                step,
                hours_past,
            } => case.escalate(*phase, step, *hours_past, now),
        }
    }

    /// Records that a try failed, as well as the log can be reached; the try itself is repeated or given up by
    /// Temporal.
    async fn note_failure(&self, order: &Order, phase: Phase, place: &Place, error: &DeskError) {
        let failed = error.to_string();
        let noted = async {
            let purpose = format!("failed try {} of {}", place.attempt, place.run_id);
            let id = order.command_id().derive(&purpose);
            let cause = Cause {
                command: order.command_id(),
                ..order.cause
            };
            let entry = Entry::follow_up(id, cause, self.now())?;
            let decide = |case: &Case| {
                let step = case.run.open_step(phase).cloned();
                let step = step.ok_or_else(|| DeskError::Broken("no step is open".to_owned()))?;
                let command = RunCommand::FailStep {
                    attempt: step.failed_attempts + 1,
                    step: step.id,
                    error: failed.clone(),
                };
                let outcome = case.engine(&Target::Run { command }, self.now());
                Ok(Decided {
                    outcome: outcome.map_err(DeskError::Refused)?,
                    verdict: Verdict::Accepted { version: None },
                })
            };
            self.settle(order.run, &entry, place, decide).await
        };
        if let Err(unnoted) = noted.await {
            tracing::warn!(%phase, error = %failed, %unnoted, "a failed try could not be recorded");
        }
    }
}

/// A first draft with what it was built from.
struct Draft {
    phase: Phase,
    inputs: Vec<annal_core::version::VersionRef>,
    items: Vec<NewItem>,
}

impl Draft {
    fn enter(&self, desk: &Desk, case: &Case) -> Result<Outcome, DeskError> {
        if case.inputs(self.phase) != self.inputs {
            let message = format!("what {} builds on changed meanwhile", self.phase);
            return Err(DeskError::Broken(message));
        }
        let target = Target::Dossier {
            phase: self.phase,
            command: DossierCommand::CreateVersion {
                items: self.items.clone(),
            },
        };
        case.engine(&target, desk.now()).map_err(DeskError::Refused)
    }
}

fn is_due(case: &Case, work: &Work) -> bool {
    let summary = case.summary();
    match work {
        Work::EnterPhase { phase } | Work::Prepare { phase } | Work::CompletePhase { phase } => {
            due::work(&case.definition, &summary, *phase).as_ref() == Some(work)
        }
        Work::CompleteRun => due::all_over(&summary),
        // The core knows whether the step still waits.
        Work::PassDeadline { .. } | Work::Escalate { .. } => true,
    }
}
