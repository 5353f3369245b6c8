//! What is known of a run: a fold over its events, never set by hand.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::event::{DefinitionRef, Opening, StepKind, TransitionKind};
use crate::ids::{PersonId, StepId};
use crate::people::{Person, Role};
use crate::phase::Phase;

/// A report run. Its rules are in `decide`, its changes in `evolve`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ReportRun {
    pub(super) status: RunStatus,
    pub(super) opening: Option<Opening>,
    pub(super) definition: Option<DefinitionRef>,
    pub(super) people: BTreeMap<PersonId, Person>,
    pub(super) phases: BTreeMap<Phase, PhaseState>,
    pub(super) transitions: Vec<Transition>,
    pub(super) steps: IndexMap<StepId, StepState>,
}

/// Where a run stands.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum RunStatus {
    /// Nothing has happened yet.
    #[default]
    NotOpened,
    /// It goes on.
    Open,
    /// All phases are done.
    Completed,
    /// Ended before its time.
    Cancelled,
}

impl RunStatus {
    /// The name used in payloads and messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotOpened => "not_opened",
            Self::Open => "open",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Where a phase stands in its run.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum PhaseStatus {
    /// Not reached.
    #[default]
    Waiting,
    /// Begun, or begun again.
    Started,
    /// Done.
    Completed,
    /// Passed over.
    Skipped,
}

impl PhaseStatus {
    /// The name used in payloads and messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Started => "started",
            Self::Completed => "completed",
            Self::Skipped => "skipped",
        }
    }

    /// Whether what comes after the phase may begin.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Skipped)
    }
}

/// A phase as its run knows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PhaseState {
    pub(super) status: PhaseStatus,
    /// The reopened phases because of which it is stale.
    pub(super) stale_because_of: BTreeSet<Phase>,
}

/// A transition that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// The phases that led there; none for the first.
    pub from: Vec<Phase>,
    /// The phase reached or passed over.
    pub to: Phase,
    /// How.
    #[serde(flatten)]
    pub kind: TransitionKind,
}

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepStatus {
    /// To come.
    Scheduled,
    /// Begun; tries may have failed and its deadline may have passed.
    Started,
    /// Done.
    Completed,
    /// Not needed.
    Skipped,
}

impl StepStatus {
    /// The name used in payloads and messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Started => "started",
            Self::Completed => "completed",
            Self::Skipped => "skipped",
        }
    }

    /// Whether nothing more can happen to the step.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Skipped)
    }
}

/// A step of a phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepState {
    /// Its id.
    pub id: StepId,
    /// Its phase.
    pub phase: Phase,
    /// Who does it.
    pub kind: StepKind,
    /// The role that has to act, for a person's step.
    pub role: Option<Role>,
    /// By when, for a person's step.
    pub due_at: Option<DateTime<Utc>>,
    /// Where it stands.
    pub status: StepStatus,
    /// Tries that failed; the number of the last one.
    pub failed_attempts: u32,
    /// Its deadline passed; if it is not over, it goes on waiting.
    pub timed_out: bool,
    /// How it ended.
    pub outcome: Option<String>,
}

impl ReportRun {
    /// Where the run stands.
    #[must_use]
    pub fn status(&self) -> RunStatus {
        self.status
    }

    /// What it started with; none before it was opened.
    #[must_use]
    pub fn opening(&self) -> Option<&Opening> {
        self.opening.as_ref()
    }

    /// The definition that it is pinned to now; none before it was opened.
    #[must_use]
    pub fn definition(&self) -> Option<&DefinitionRef> {
        self.definition.as_ref()
    }

    /// Where a phase stands.
    #[must_use]
    pub fn phase_status(&self, phase: Phase) -> PhaseStatus {
        self.phases
            .get(&phase)
            .map_or_else(PhaseStatus::default, |state| state.status)
    }

    /// Whether something that the phase rests on was reopened and the phase has not been completed again since.
    #[must_use]
    pub fn is_stale(&self, phase: Phase) -> bool {
        !self.stale_because_of(phase).is_empty()
    }

    /// The reopened phases because of which a phase is stale.
    #[must_use]
    pub fn stale_because_of(&self, phase: Phase) -> Vec<Phase> {
        self.phases.get(&phase).map_or_else(Vec::new, |state| {
            state.stale_because_of.iter().copied().collect()
        })
    }

    /// Whether the run was opened with this phase to be passed over.
    #[must_use]
    pub fn is_to_be_skipped(&self, phase: Phase) -> bool {
        self.opening
            .as_ref()
            .is_some_and(|opening| opening.skip.contains(&phase))
    }

    /// Every transition taken, in order.
    #[must_use]
    pub fn transitions(&self) -> &[Transition] {
        &self.transitions
    }

    /// Every step, in the order in which they were scheduled.
    pub fn steps(&self) -> impl Iterator<Item = &StepState> {
        self.steps.values()
    }

    /// A step by its id.
    #[must_use]
    pub fn step(&self, id: &StepId) -> Option<&StepState> {
        self.steps.get(id)
    }

    /// The step of a phase that was scheduled last among those that are not over.
    #[must_use]
    pub fn open_step(&self, phase: Phase) -> Option<&StepState> {
        self.steps
            .values()
            .rev()
            .find(|step| step.phase == phase && !step.status.is_over())
    }

    /// The id of the next step of this name: `scoping.approve`, and in later rounds `scoping.approve#2` and so on.
    ///
    /// # Panics
    /// If the name is longer than 150 bytes or holds a control character; names are words of the engine.
    #[must_use]
    pub fn next_step_id(&self, phase: Phase, name: &str) -> StepId {
        let id = |text: String| StepId::new(text).expect("a phase and a plain word make a step id");
        let first = id(format!("{phase}.{name}"));
        if !self.steps.contains_key(&first) {
            return first;
        }
        (2_u64..)
            .map(|round| id(format!("{first}#{round}")))
            .find(|id| !self.steps.contains_key(id))
            .unwrap_or(first)
    }
}
