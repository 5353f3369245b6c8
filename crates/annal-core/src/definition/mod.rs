//! Definitions: which phases a run has, in what order, who does them and within what time. A run is pinned to one.
//!
//! A definition is data (`definitions/*.json` of this crate); only [`Definition::parse`] makes one, so every
//! definition that exists has passed its checks. What changed from one to the next:
//!
//! - **1.0.0**: eight phases in a line, without data_profiling. One time limit for all: 168 hours, the longest that
//!   any phase has today, so that no run of that time is late by a limit that it never had.
//! - **1.1.0**: a time limit for each phase, by which each of its steps is timed.
//! - **1.2.0**: sample_selection and data_owner_id run in parallel and join in request_info; an optional phase
//!   (observations) may be skipped when the run is opened.
//! - **2.0.0**: nine phases with data_profiling (optional); scoping needs its approval only where something is in
//!   scope or changed.
//!
//! In all of them observations start only if a test failed: without one there is nothing to observe, and a version
//! without items could never be approved. A skip is recorded like any transition, so a line stays a line.

mod builtin;
mod graph;
mod parse;

use std::collections::BTreeSet;

use serde::Serialize;
use sha2::{Digest, Sha256};

pub use builtin::UnknownDefinition;
pub use parse::{DefinitionError, Fault};

use crate::people::Role;
use crate::phase::Phase;
use crate::run::event::{DefinitionRef, TransitionKind};

/// The facts that a condition may ask for: attributes in scope, items that the tester changed against the
/// recommendation, tests whose standing result is a failure.
pub const FACTS: [&str; 3] = ["in_scope", "changed", "failed_tests"];

/// A definition that passed all checks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Definition {
    /// For instance `2.0.0`.
    pub version: semver::Version,
    /// Its phases, in the order in which they are shown.
    pub phases: Vec<PhaseDef>,
    /// Hours past a deadline at which it goes up, ascending.
    pub escalate_after_hours: Vec<u32>,
    /// The text that it was parsed from, to the byte.
    #[serde(skip)]
    text: String,
}

/// One phase of a definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PhaseDef {
    /// The phase.
    pub phase: Phase,
    /// The phases that have to be completed or skipped first; none for the first phase.
    pub after: Vec<Phase>,
    /// How long a person's wait in it may take, in hours.
    pub time_limit_hours: u32,
    /// Who does its work.
    pub work: Role,
    /// Who approves it, in order.
    pub approve: Vec<Role>,
    /// The approval is due only if this holds; always where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approve_only_if: Option<String>,
    /// The phase starts only if this holds, and is skipped otherwise; always where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_if: Option<String>,
    /// A run may be opened with this phase skipped.
    pub optional: bool,
}

impl Definition {
    /// Reads a definition from JSON and checks it.
    ///
    /// # Errors
    /// [`DefinitionError`] with the place in the JSON, for instance `phases[3].after[1]`.
    pub fn parse(text: &str) -> Result<Self, DefinitionError> {
        parse::parse(text)
    }

    /// The text that it was parsed from.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What a run is pinned to: the version and the hash of the text.
    #[must_use]
    pub fn reference(&self) -> DefinitionRef {
        DefinitionRef {
            version: self.version.clone(),
            sha256: hex::encode(Sha256::digest(&self.text)),
        }
    }

    /// What it says of a phase; none where it does not have the phase.
    #[must_use]
    pub fn phase(&self, phase: Phase) -> Option<&PhaseDef> {
        self.phases.iter().find(|def| def.phase == phase)
    }

    /// The one phase that comes after no other.
    #[must_use]
    pub fn first(&self) -> Option<Phase> {
        let first = self.phases.iter().find(|def| def.after.is_empty());
        first.map(|def| def.phase)
    }

    /// The phases that come right after this one, in the definition's order.
    #[must_use]
    pub fn successors(&self, phase: Phase) -> Vec<Phase> {
        self.phases
            .iter()
            .filter(|def| def.after.contains(&phase))
            .map(|def| def.phase)
            .collect()
    }

    /// All phases that rest on this one, near or far, in the definition's order.
    #[must_use]
    pub fn descendants(&self, phase: Phase) -> Vec<Phase> {
        let mut found = BTreeSet::new();
        let mut open = vec![phase];
        while let Some(next) = open.pop() {
            open.extend(
                self.successors(next)
                    .into_iter()
                    .filter(|phase| found.insert(*phase)),
            );
        }
        self.phases
            .iter()
            .map(|def| def.phase)
            .filter(|phase| found.contains(phase))
            .collect()
    }

    /// Every role that some phase needs for its work or its approval.
    #[must_use]
    pub fn roles(&self) -> BTreeSet<Role> {
        self.phases
            .iter()
            .flat_map(|def| std::iter::once(def.work).chain(def.approve.iter().copied()))
            .collect()
    }

    /// How a run comes to a phase. `condition_result` is what the phase's `start_if` came to; none where it was not
    /// evaluated, because the phase has none or is skipped by the opening.
    #[must_use]
    pub fn transition(&self, to: Phase, condition_result: Option<bool>) -> TransitionKind {
        let Some(def) = self.phase(to) else {
            return TransitionKind::Sequential {};
        };
        match (&def.start_if, condition_result, def.after.as_slice()) {
            (Some(condition), Some(result), _) => TransitionKind::Conditional {
                condition: condition.clone(),
                result,
            },
            (_, _, [_, _, ..]) => TransitionKind::ParallelJoin {},
            (_, _, [from]) if self.successors(*from).len() > 1 => TransitionKind::ParallelFork {},
            _ => TransitionKind::Sequential {},
        }
    }
}
