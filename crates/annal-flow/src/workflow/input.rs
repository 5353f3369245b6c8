//! What an execution starts with.

use std::collections::BTreeMap;

use annal_core::run::event::Opening;
use annal_core::{Command, LedgerId, Phase, StepId};
use serde::{Deserialize, Serialize};

use crate::act::{Call, Progress, Reply};
use crate::trace::Trace;

/// The input of an execution. The definition comes along as text, so that a replay years later reads the same one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RunInput {
    /// The ledger that holds the run.
    pub(crate) ledger: LedgerId,
    /// How the run is opened.
    pub(crate) opening: Command<Opening>,
    /// The trace of whoever opens it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) trace: Option<Trace>,
    /// The definition's text; empty where there is no such definition, which the opening then is refused for.
    pub(crate) definition: String,
    /// How fast its clock runs and how long its history may grow.
    #[serde(default)]
    pub(crate) pace: Pace,
    /// Whether the server knows our search attributes; the memo is kept in any case.
    #[serde(default)]
    pub(crate) searchable: bool,
    /// What the execution before this one handed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) carried: Option<Carried>,
}

/// How fast a run's clock runs, and when its history is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pace {
    /// How many milliseconds an hour of a deadline lasts. A rehearsal makes it short.
    pub(crate) hour_ms: u64,
    /// Events after which the run goes on in a new execution, if the server did not suggest it before.
    pub(crate) history_events: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            hour_ms: 3_600_000,
            history_events: 4_000,
        }
    }
}

/// What goes over into a new execution.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Carried {
    /// Where the run stands.
    pub(crate) progress: Option<Progress>,
    /// The answer to the opening.
    pub(crate) opened: Option<Reply>,
    /// Alarms that rang.
    pub(crate) rung: BTreeMap<Phase, (StepId, usize)>,
    /// Commands that wait their turn.
    pub(crate) mail: Vec<Call>,
}
