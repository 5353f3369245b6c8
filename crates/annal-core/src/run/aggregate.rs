//! The run as an aggregate of `cqrs-es`.

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};

use super::command::RunCommand;
use super::event::RunEvent;
use super::state::ReportRun;
use crate::command::Command;
use crate::definition::Definition;
use crate::people::Actor;
use crate::rejection::Rejection;

/// All that a run needs to decide.
#[derive(Debug, Clone)]
pub struct RunRequest {
    /// What is asked.
    pub asked: Command<RunCommand>,
    /// By whom, as authorised.
    pub actor: Actor,
    /// The definition that the run is pinned to.
    pub definition: Definition,
}

impl Aggregate for ReportRun {
    const TYPE: &'static str = "report_run";
    type Command = RunRequest;
    type Event = RunEvent;
    type Error = Rejection;
    type Services = ();

    async fn handle(
        &mut self,
        command: RunRequest,
        _services: &(),
        sink: &EventSink<Self>,
    ) -> Result<(), Rejection> {
        let RunRequest {
            asked,
            actor,
            definition,
        } = command;
        for event in self.decide(&asked, &actor, &definition)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: RunEvent) {
        self.evolve(&event);
    }
}

impl DomainEvent for RunEvent {
    fn event_type(&self) -> String {
        self.name().to_owned()
    }

    fn event_version(&self) -> String {
        "1.0".to_owned()
    }
}

impl RunEvent {
    /// The event's type: the tag of its payload.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::RunOpened(_) => "run_opened",
            Self::PersonRegistered { .. } => "person_registered",
            Self::PersonErased { .. } => "person_erased",
            Self::PhaseStarted { .. } => "phase_started",
            Self::PhaseCompleted { .. } => "phase_completed",
            Self::PhaseSkipped { .. } => "phase_skipped",
            Self::PhaseReopened { .. } => "phase_reopened",
            Self::PhaseConfirmed { .. } => "phase_confirmed",
            Self::PhaseMarkedStale { .. } => "phase_marked_stale",
            Self::TransitionTaken { .. } => "transition_taken",
            Self::StepScheduled { .. } => "step_scheduled",
            Self::StepStarted { .. } => "step_started",
            Self::StepCompleted { .. } => "step_completed",
            Self::StepFailed { .. } => "step_failed",
            Self::StepSkipped { .. } => "step_skipped",
            Self::StepTimedOut { .. } => "step_timed_out",
            Self::DefinitionChanged { .. } => "definition_changed",
            Self::AttemptRefused { .. } => "attempt_refused",
            Self::RunCompleted {} => "run_completed",
            Self::RunCancelled { .. } => "run_cancelled",
        }
    }
}
