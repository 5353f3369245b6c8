//! What can happen to a run.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::dossier::event::FileRef;
use crate::ids::{PersonId, RunId, StepId};
use crate::people::{Person, Role};
use crate::phase::Phase;
use crate::rejection::RejectionCode;

/// An event of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum RunEvent {
    /// The run began, pinned to its definition.
    RunOpened(Opening),
    /// A person joined, or holds other roles now.
    PersonRegistered {
        /// The person with all roles that they hold from now on.
        person: Person,
    },
    /// A person's name was taken out for good; they act no more.
    PersonErased {
        /// The person.
        person: PersonId,
        /// By whom.
        by: PersonId,
        /// Why.
        reason: String,
    },
    /// A phase was reached.
    PhaseStarted {
        /// The phase.
        phase: Phase,
    },
    /// A phase is done.
    PhaseCompleted {
        /// The phase.
        phase: Phase,
    },
    /// A phase was passed over.
    PhaseSkipped {
        /// The phase.
        phase: Phase,
        /// Why.
        why: String,
    },
    /// A completed phase goes on.
    PhaseReopened {
        /// The phase.
        phase: Phase,
        /// By whom.
        by: PersonId,
        /// Why.
        reason: String,
    },
    /// A stale phase stands as it is.
    PhaseConfirmed {
        /// The phase.
        phase: Phase,
        /// By whom.
        by: PersonId,
        /// Why it is not touched by what was reopened.
        reason: String,
    },
    /// What a phase rests on was reopened.
    PhaseMarkedStale {
        /// The phase.
        phase: Phase,
        /// The one that was reopened.
        because_of: Phase,
    },
    /// The run went from phases to a phase.
    TransitionTaken {
        /// The phases that lead here; none for the first.
        from: Vec<Phase>,
        /// The phase.
        to: Phase,
        /// How.
        #[serde(flatten)]
        kind: TransitionKind,
    },
    /// A step is to come.
    StepScheduled {
        /// The step.
        step: StepId,
        /// Its phase.
        phase: Phase,
        /// What kind of step.
        kind: StepKind,
        /// Who has to act, for a person's step.
        role: Option<Role>,
        /// By when, for a person's step.
        due_at: Option<DateTime<Utc>>,
    },
    /// A step began.
    StepStarted {
        /// The step.
        step: StepId,
    },
    /// A step is done.
    StepCompleted {
        /// The step.
        step: StepId,
        /// How it ended, in a word: `done`, `approved`, `rejected` …
        outcome: String,
    },
    /// A try at a step failed.
    StepFailed {
        /// The step.
        step: StepId,
        /// Which try, from 1.
        attempt: u32,
        /// What went wrong.
        error: String,
    },
    /// A step was not needed.
    StepSkipped {
        /// The step.
        step: StepId,
        /// Why.
        why: String,
    },
    /// A step passed its deadline; it goes on waiting.
    StepTimedOut {
        /// The step.
        step: StepId,
        /// The deadline.
        due_at: DateTime<Utc>,
    },
    /// A run went to a newer definition.
    DefinitionChanged {
        /// From this.
        from: DefinitionRef,
        /// To this.
        to: DefinitionRef,
        /// By whom.
        by: PersonId,
        /// Why.
        reason: String,
    },
    /// Somebody tried what the rules refuse.
    AttemptRefused {
        /// What was tried.
        command: String,
        /// The refusal's code.
        code: RejectionCode,
        /// The refusal's message.
        message: String,
        /// Who tried.
        by: PersonId,
        /// In which role.
        role: Role,
    },
    /// All phases are done or skipped.
    RunCompleted {},
    /// The run was ended before its time.
    RunCancelled {
        /// By whom.
        by: PersonId,
        /// Why.
        reason: String,
    },
}

/// What a run starts with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Opening {
    /// The run.
    pub run: RunId,
    /// The report, for instance `HMDA LAR Boston`.
    pub report: String,
    /// The test cycle, for instance `1990`.
    pub cycle: String,
    /// The definition that it is pinned to.
    pub definition: DefinitionRef,
    /// Everybody on it.
    pub people: Vec<Person>,
    /// The data under test.
    pub data: FileRef,
    /// The dictionary of the data.
    pub dictionary: FileRef,
    /// Lines of business of the data; empty where the report has but one.
    #[serde(default)]
    pub lines_of_business: Vec<String>,
    /// Phases to pass over, where the definition allows it.
    #[serde(default)]
    pub skip: Vec<Phase>,
    /// Seed of all draws.
    pub seed: u64,
    /// How many samples are drawn first.
    pub sample_size: u32,
}

/// A definition by its version and the hash of its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DefinitionRef {
    /// For instance `2.0.0`.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub version: semver::Version,
    /// SHA-256 of the definition's text, in hex.
    pub sha256: String,
}

/// How a transition came about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TransitionKind {
    /// One after the other.
    Sequential {},
    /// One of several that start together.
    ParallelFork {},
    /// All of several had to be done.
    ParallelJoin {},
    /// It depended on a condition.
    Conditional {
        /// The condition's text.
        condition: String,
        /// What it came to.
        result: bool,
    },
}

/// Who does a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// The engine.
    Automatic,
    /// A person.
    Human,
}
