//! From JSON to a definition, with the place of the first fault.

use serde::Deserialize;

use super::{Definition, FACTS, PhaseDef, graph};
use crate::condition::{Condition, ConditionError};
use crate::people::Role;
use crate::phase::Phase;

/// A year; longer waits are mistakes, and dates stay in range.
const LONGEST_HOURS: u32 = 8_760;

/// A definition that is wrong, with the place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the definition is wrong at {path}: {fault}")]
pub struct DefinitionError {
    /// Where in the JSON, for instance `phases[3].after[1]`; `.` is the whole.
    pub path: String,
    /// What is wrong there.
    pub fault: Fault,
}

/// What is wrong with a definition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// No JSON, an unknown or missing field, an unknown phase or role, a number out of range.
    #[error("{0}")]
    Json(String),
    /// The phase is there twice.
    #[error("{0} is there already; list each phase once")]
    DuplicatePhase(Phase),
    /// The phase comes after one that the definition does not have.
    #[error("{0} is not a phase of this definition")]
    UnknownPredecessor(Phase),
    /// The same predecessor twice.
    #[error("{0} is named already; name each predecessor once")]
    DuplicatePredecessor(Phase),
    /// No phase comes first.
    #[error("no phase comes first; exactly one must come after no other")]
    NoFirstPhase,
    /// Two phases come first.
    #[error(
        "{second} comes after no other phase, and neither does {first}; only one may come first"
    )]
    SeveralFirstPhases {
        /// The one listed first.
        first: Phase,
        /// The other one.
        second: Phase,
    },
    /// The phases run in a circle.
    #[error("the phases run in a circle: {}", chain(.0))]
    Cycle(Vec<Phase>),
    /// A join whose branches do not come from a fork.
    #[error(
        "a join without a fork: {later} itself comes after {earlier}, so they never run in parallel; leave out {earlier}"
    )]
    JoinWithoutFork {
        /// The predecessor that comes before the other.
        earlier: Phase,
        /// The other predecessor.
        later: Phase,
    },
    /// A condition that does not parse or asks for an unknown fact.
    #[error(transparent)]
    Condition(#[from] ConditionError),
    /// An approval's condition where nobody approves.
    #[error("nobody approves this phase, so its approval can have no condition")]
    ConditionWithoutApproval,
    /// A role that decides nothing.
    #[error("{0} decides nothing and cannot do or approve a phase")]
    RoleDecidesNothing(Role),
    /// A role that approves twice.
    #[error("{0} approves already; name each role once")]
    DuplicateRole(Role),
    /// Hours that are no limit.
    #[error("{0} hours is no time limit; give 1 to {LONGEST_HOURS}")]
    TimeLimit(u32),
    /// Escalations out of order.
    #[error(
        "{0} hours does not come later than the one before; list escalations in ascending order"
    )]
    EscalationOrder(u32),
}

impl DefinitionError {
    pub(super) fn new(path: impl Into<String>, fault: impl Into<Fault>) -> Self {
        Self {
            path: path.into(),
            fault: fault.into(),
        }
    }
}

fn chain(phases: &[Phase]) -> String {
    let names: Vec<&str> = phases.iter().map(|phase| phase.name()).collect();
    names.join(" → ")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DefinitionText {
    version: semver::Version,
    escalate_after_hours: Vec<u32>,
    phases: Vec<PhaseText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PhaseText {
    phase: Phase,
    after: Vec<Phase>,
    time_limit_hours: u32,
    work: Role,
    approve: Vec<Role>,
    approve_only_if: Option<String>,
    start_if: Option<String>,
    #[serde(default)]
    optional: bool,
}

pub(super) fn parse(text: &str) -> Result<Definition, DefinitionError> {
    let read = read(text)?;
    check_escalations(&read.escalate_after_hours)?;
    let phases: Vec<PhaseDef> = read.phases.into_iter().map(PhaseDef::from).collect();
    for (index, def) in phases.iter().enumerate() {
        check_phase(index, def)?;
    }
    graph::check(&phases)?;
    Ok(Definition {
        version: read.version,
        phases,
        escalate_after_hours: read.escalate_after_hours,
        text: text.to_owned(),
    })
}

fn read(text: &str) -> Result<DefinitionText, DefinitionError> {
    let mut json = serde_json::Deserializer::from_str(text);
    let read = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        DefinitionError::new(path, Fault::Json(error.into_inner().to_string()))
    })?;
    json.end()
        .map_err(|error| DefinitionError::new(".", Fault::Json(error.to_string())))?;
    Ok(read)
}

fn check_escalations(hours: &[u32]) -> Result<(), DefinitionError> {
    let mut before = 0;
    for (index, &hours) in hours.iter().enumerate() {
        let at = format!("escalate_after_hours[{index}]");
        if !(1..=LONGEST_HOURS).contains(&hours) {
            return Err(DefinitionError::new(at, Fault::TimeLimit(hours)));
        }
        if hours <= before {
            return Err(DefinitionError::new(at, Fault::EscalationOrder(hours)));
        }
        before = hours;
    }
    Ok(())
}

/// What can be said of a phase without looking at the others.
fn check_phase(index: usize, def: &PhaseDef) -> Result<(), DefinitionError> {
    let at = |field: &str| format!("phases[{index}].{field}");
    if !(1..=LONGEST_HOURS).contains(&def.time_limit_hours) {
        let fault = Fault::TimeLimit(def.time_limit_hours);
        return Err(DefinitionError::new(at("time_limit_hours"), fault));
    }
    check_role(def.work, || at("work"))?;
    for (place, role) in def.approve.iter().enumerate() {
        let path = || at(&format!("approve[{place}]"));
        check_role(*role, path)?;
        if def.approve[..place].contains(role) {
            return Err(DefinitionError::new(path(), Fault::DuplicateRole(*role)));
        }
    }
    check_condition(def.start_if.as_deref(), || at("start_if"))?;
    check_condition(def.approve_only_if.as_deref(), || at("approve_only_if"))?;
    if def.approve_only_if.is_some() && def.approve.is_empty() {
        let fault = Fault::ConditionWithoutApproval;
        return Err(DefinitionError::new(at("approve_only_if"), fault));
    }
    Ok(())
}

fn check_role(role: Role, path: impl Fn() -> String) -> Result<(), DefinitionError> {
    match role {
        Role::Auditor | Role::Admin | Role::Engine => {
            let fault = Fault::RoleDecidesNothing(role);
            Err(DefinitionError::new(path(), fault))
        }
        _ => Ok(()),
    }
}

fn check_condition(text: Option<&str>, path: impl Fn() -> String) -> Result<(), DefinitionError> {
    let Some(text) = text else { return Ok(()) };
    Condition::parse(text)
        .and_then(|condition| condition.only_asks_for(&FACTS))
        .map_err(|error| DefinitionError::new(path(), error))
}

impl From<PhaseText> for PhaseDef {
    fn from(text: PhaseText) -> Self {
        Self {
            phase: text.phase,
            after: text.after,
            time_limit_hours: text.time_limit_hours,
            work: text.work,
            approve: text.approve,
            approve_only_if: text.approve_only_if,
            start_if: text.start_if,
            optional: text.optional,
        }
    }
}
