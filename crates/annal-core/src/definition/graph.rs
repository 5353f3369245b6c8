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

/// A circle always has a phase that comes after one listed later (or after itself); that is the place reported, as it is
/// what somebody who wrote the phases in their order got wrong.
fn no_cycle(phases: &[PhaseDef]) -> Result<(), DefinitionError> {
    let Some(circle) = phases
        .iter()
        .find_map(|def| circle(phases, &mut vec![def.phase]))
    else {
        return Ok(());
    };
    let index = |phase: Phase| phases.iter().position(|def| def.phase == phase);
    let back = circle
        .windows(2)
        .find(|edge| index(edge[0]) >= index(edge[1]));
    let at = back.and_then(|edge| {
        let to = index(edge[1])?;
        let place = phases[to].after.iter().position(|from| *from == edge[0])?;
        Some(format!("phases[{to}].after[{place}]"))
    });
    let at = at.unwrap_or_else(|| "phases".to_owned());
    Err(DefinitionError::new(at, Fault::Cycle(circle)))
}

/// Walks backwards; a phase met again on the same walk closes a circle, which is given in the direction of the run.
fn circle(phases: &[PhaseDef], walk: &mut Vec<Phase>) -> Option<Vec<Phase>> {
    let here = walk[walk.len() - 1];
    let def = phases.iter().find(|def| def.phase == here)?;
    for from in &def.after {
        if let Some(met) = walk.iter().position(|phase| phase == from) {
            let mut met = walk[met..].to_vec();
            met.push(*from);
            met.reverse();
            return Some(met);
        }
        walk.push(*from);
        let found = circle(phases, walk);
        if found.is_some() {
            return found;
        }
        walk.pop();
    }
    None
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
