//! What can be asked of a run.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::event::{DefinitionRef, Opening, StepKind, TransitionKind};
use crate::ids::StepId;
use crate::people::{Person, Role};
use crate::phase::Phase;

/// A command on a run. Those about steps, transitions and phases come from the engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
#[expect(
    clippy::large_enum_variant,
    reason = "a run is opened once; a box would be in everybody's way for nothing"
)]
pub enum RunCommand {
    /// Opens it.
    Open(Opening),
    /// Adds a person, or changes the roles that they hold. By an admin or a test executive.
    RegisterPerson {
        /// The person with all roles from now on.
        person: Person,
    },
    /// Takes a transition and starts the phase it leads to.
    EnterPhase {
        /// From these.
        from: Vec<Phase>,
        /// To this.
        to: Phase,
        /// How.
        kind: TransitionKind,
    },
    /// Takes a transition past a phase.
    SkipPhase {
        /// From these.
        from: Vec<Phase>,
        /// The phase passed over.
        phase: Phase,
        /// How.
        kind: TransitionKind,
        /// Why.
        why: String,
    },
    /// The phase is done.
    CompletePhase {
        /// The phase.
        phase: Phase,
    },
    /// A completed phase goes on. Needs a reason; by a test executive.
    ReopenPhase {
        /// The phase.
        phase: Phase,
    },
    /// A stale phase stands as it is. Needs a reason; by a test executive.
    ConfirmPhase {
        /// The phase.
        phase: Phase,
    },
    /// What the phase rests on was reopened.
    MarkStale {
        /// The phase.
        phase: Phase,
        /// The one that was reopened.
        because_of: Phase,
    },
    /// A step is to come.
    ScheduleStep {
        /// The step.
        step: StepId,
        /// Its phase.
        phase: Phase,
        /// What kind.
        kind: StepKind,
        /// Who has to act.
        role: Option<Role>,
        /// By when.
        due_at: Option<DateTime<Utc>>,
    },
    /// A step begins.
    StartStep {
        /// The step.
        step: StepId,
    },
    /// A step is done.
    CompleteStep {
        /// The step.
        step: StepId,
        /// How it ended.
        outcome: String,
    },
    /// A try failed.
    FailStep {
        /// The step.
        step: StepId,
        /// Which try.
        attempt: u32,
        /// What went wrong.
        error: String,
    },
    /// A step is not needed.
    SkipStep {
        /// The step.
        step: StepId,
        /// Why.
        why: String,
    },
    /// A step passed its deadline.
    TimeOutStep {
        /// The step.
        step: StepId,
        /// The deadline.
        due_at: DateTime<Utc>,
    },
    /// Goes to a newer definition. Needs a reason; by an admin or a test executive.
    ChangeDefinition {
        /// The newer one.
        to: DefinitionRef,
    },
    /// All phases are done.
    Complete {},
    /// Ends it. Needs a reason; by a test executive.
    Cancel {},
}
