//! Whether the phases of a definition make a graph that a run can follow.

use std::collections::BTreeMap;

use super::PhaseDef;
use super::parse::{DefinitionError, Fault};
use crate::phase::Phase;

pub(super) fn check(phases: &[PhaseDef]) -> Result<(), DefinitionError> {
    no_phase_twice(phases)?;
    predecessors_exist(phases)?;
    one_first_phase(phases)?;
    no_cycle(phases)?;
    joins_have_forks(phases)
}

fn no_phase_twice(phases: &[PhaseDef]) -> Result<(), DefinitionError> {
    for (index, def) in phases.iter().enumerate() {
        if phases[..index].iter().any(|other| other.phase == def.phase) {
            let at = format!("phases[{index}].phase");
            return Err(DefinitionError::new(at, Fault::DuplicatePhase(def.phase)));
        }
    }
    Ok(())
}

fn predecessors_exist(phases: &[PhaseDef]) -> Result<(), DefinitionError> {
    for (index, def) in phases.iter().enumerate() {
        for (place, from) in def.after.iter().enumerate() {
            let at = || format!("phases[{index}].after[{place}]");
            if !phases.iter().any(|other| other.phase == *from) {
                let fault = Fault::UnknownPredecessor(*from);
                return Err(DefinitionError::new(at(), fault));
            }
            if def.after[..place].contains(from) {
                let fault = Fault::DuplicatePredecessor(*from);
                return Err(DefinitionError::new(at(), fault));
            }
        }
    }
    Ok(())
}

fn one_first_phase(phases: &[PhaseDef]) -> Result<(), DefinitionError> {
    let mut first = None;
    for (index, def) in phases.iter().enumerate() {
        if !def.after.is_empty() {
            continue;
        }
        if let Some(first) = first {
            let at = format!("phases[{index}].after");
            let second = def.phase;
            return Err(DefinitionError::new(
                at,
                Fault::SeveralFirstPhases { first, second },
            ));
        }
        first = Some(def.phase);
    }
    match first {
        Some(_) => Ok(()),
        None => Err(DefinitionError::new("phases", Fault::NoFirstPhase)),
    }
}

/// Walks backwards from each phase; a phase met again on the same walk closes a circle.
fn no_cycle(phases: &[PhaseDef]) -> Result<(), DefinitionError> {
    for start in phases {
        let mut walk = vec![start.phase];
        walk_back(phases, &mut walk)?;
    }
    Ok(())
}

fn walk_back(phases: &[PhaseDef], walk: &mut Vec<Phase>) -> Result<(), DefinitionError> {
    let here = walk[walk.len() - 1];
    let Some(index) = phases.iter().position(|def| def.phase == here) else {
        return Ok(());
    };
    for (place, from) in phases[index].after.iter().enumerate() {
        if let Some(met) = walk.iter().position(|phase| phase == from) {
            let mut circle = walk[met..].to_vec();
            circle.push(*from);
            circle.reverse();
            let at = format!("phases[{index}].after[{place}]");
            return Err(DefinitionError::new(at, Fault::Cycle(circle)));
        }
        walk.push(*from);
        walk_back(phases, walk)?;
        walk.pop();
    }
    Ok(())
}

/// Two predecessors of a join run in parallel unless one leads to the other. As all phases come from one first phase,
/// two that do not lead to each other have a phase before them where their ways part: that is their fork.
fn joins_have_forks(phases: &[PhaseDef]) -> Result<(), DefinitionError> {
    let after: BTreeMap<Phase, &[Phase]> = phases
        .iter()
        .map(|def| (def.phase, def.after.as_slice()))
        .collect();
    for (index, def) in phases.iter().enumerate() {
        for (place, &earlier) in def.after.iter().enumerate() {
            let mut others = def.after.iter().copied().filter(|other| *other != earlier);
            if let Some(later) = others.find(|later| leads_to(&after, earlier, *later)) {
                let at = format!("phases[{index}].after[{place}]");
                return Err(DefinitionError::new(
                    at,
                    Fault::JoinWithoutFork { earlier, later },
                ));
            }
        }
    }
    Ok(())
}

fn leads_to(after: &BTreeMap<Phase, &[Phase]>, from: Phase, to: Phase) -> bool {
    let mut before = after.get(&to).copied().unwrap_or_default().iter();
    before.any(|phase| *phase == from || leads_to(after, from, *phase))
}
