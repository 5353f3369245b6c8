//! What the engine has to do next: a pure function of the definition and of where the run stands. The workflow asks it
//! after every change, so there is no second memory of what was done; the log is the only one.

use annal_core::definition::Definition;
use annal_core::dossier::Stage;
use annal_core::run::{PhaseStatus, RunStatus};
use annal_core::{CommandId, Phase, Position, RunId, StepId, Summary};
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

/// Something that the engine does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "work", rename_all = "snake_case")]
pub(crate) enum Work {
    /// Begins a phase, or passes it over where its condition says so.
    EnterPhase {
        /// The phase.
        phase: Phase,
    },
    /// Makes the first draft of a phase.
    Prepare {
        /// The phase.
        phase: Phase,
    },
    /// Completes a phase whose goal is reached.
    CompletePhase {
        /// The phase.
        phase: Phase,
    },
    /// Completes the run.
    CompleteRun,
    /// Says that a step is late.
    PassDeadline {
        /// The phase.
        phase: Phase,
        /// The late step.
        step: StepId,
    },
    /// Takes a late step higher.
    Escalate {
        /// The phase.
        phase: Phase,
        /// The late step.
        step: StepId,
        /// How late it is.
        hours_past: u32,
    },
}

/// A piece of work handed to an activity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Order {
    /// The run.
    pub(crate) run: RunId,
    /// What to do.
    pub(crate) work: Work,
    /// Where the run stood when it became due; makes the id of the command unique and the same for each retry.
    pub(crate) seen: Position,
    /// The command that made it due.
    pub(crate) cause: CommandId,
}

impl Order {
    /// The id of the command with which the work is recorded.
    pub(crate) fn command_id(&self) -> CommandId {
        let seen = self.seen;
        let purpose = match &self.work {
            // A phase begins once, and a step is late once, wherever the run stood when it was noticed.
            Work::EnterPhase { phase } => format!("enter {phase}"),
            Work::CompleteRun => "complete run".to_owned(),
            Work::PassDeadline { step, .. } => format!("deadline {step}"),
            Work::Escalate {
                step, hours_past, ..
            } => format!("escalate {step} {hours_past}"),
            // These happen again after a reopening.
            Work::Prepare { phase } => format!("prepare {phase} after {seen}"),
            Work::CompletePhase { phase } => format!("complete {phase} after {seen}"),
        };
        CommandId(self.run.0).derive(&purpose)
    }
}

impl Work {
    /// The activity that does it, by the name that its events bear.
    pub(crate) fn activity(&self) -> &'static str {
        match self {
            Self::EnterPhase { .. } => "enter_phase",
            Self::CompletePhase { .. } => "complete_phase",
            Self::CompleteRun => "complete_run",
            Self::PassDeadline { .. } => "pass_deadline",
            Self::Escalate { .. } => "escalate",
            Self::Prepare { phase } => match phase {
                Phase::Planning => "list_attributes",
                Phase::DataProfiling => "profile_data",
                Phase::Scoping => "recommend_scope",
                Phase::SampleSelection => "draw_samples",
                Phase::Observations => "group_observations",
                Phase::TestReport => "compose_report",
                // Nothing is prepared in an audited phase; the stage never asks for it.
                Phase::DataOwnerId | Phase::RequestInfo | Phase::TestExecution => "prepare_phase",
            },
        }
    }
}

/// What is due in a phase, apart from its deadlines.
pub(crate) fn work(definition: &Definition, summary: &Summary, phase: Phase) -> Option<Work> {
    if summary.status != RunStatus::Open {
        return None;
    }
    let plan = definition.phase(phase)?;
    let now = summary.phase(phase)?;
    let over = |before: &Phase| {
        let before = summary.phase(*before);
        before.is_some_and(|it| it.status.is_over())
    };
    match (now.status, now.stage) {
        (PhaseStatus::Waiting, _) if plan.after.iter().all(over) => {
            Some(Work::EnterPhase { phase })
        }
        (PhaseStatus::Started, Stage::Prepare) => Some(Work::Prepare { phase }),
        (PhaseStatus::Started, Stage::Ready) => Some(Work::CompletePhase { phase }),
        _ => None,
    }
}

/// Whether nothing is left to do in any phase.
pub(crate) fn all_over(summary: &Summary) -> bool {
    let open = summary.status == RunStatus::Open;
    open && summary.phases.iter().all(|phase| phase.status.is_over())
}

/// A deadline or an escalation that is to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Alarm {
    /// When it rings.
    pub(crate) at: DateTime<Utc>,
    /// The step that it watches.
    pub(crate) step: StepId,
    /// What is done then.
    pub(crate) work: Work,
}

/// The next alarm of a phase's open step, of whose alarms `rung` rang already: first its deadline, then each
/// escalation.
pub(crate) fn alarm(
    definition: &Definition,
    summary: &Summary,
    phase: Phase,
    rung: impl Fn(&StepId) -> usize,
) -> Option<Alarm> {
    if summary.status != RunStatus::Open {
        return None;
    }
    let state = summary.phase(phase)?;
    let (step, due_at) = (state.step.clone()?, state.due_at?);
    let Some(escalation) = rung(&step).checked_sub(1) else {
        let work = Work::PassDeadline {
            phase,
            step: step.clone(),
        };
        let at = due_at;
        return Some(Alarm { at, step, work });
    };
    let hours_past = *definition.escalate_after_hours.get(escalation)?;
    Some(Alarm {
        at: due_at + Duration::hours(i64::from(hours_past)),
        work: Work::Escalate {
            phase,
            step: step.clone(),
            hours_past,
        },
        step,
    })
}
