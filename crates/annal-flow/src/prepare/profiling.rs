//! data_profiling: rules derived from the plan, run over all rows.

use annal_core::Case;
use annal_core::item::NewItem;
use annal_data::planning::planned;
use annal_data::profiling::{Breaches, derive_rules, profile, rules_of};

use super::{Source, plan, rules};
use crate::desk::DeskError;

pub(super) fn items(case: &Case, source: &Source) -> Result<Vec<NewItem>, DeskError> {
    let plan = planned(&plan(case))?;
    Ok(profile(&derive_rules(&plan), &source.data)?.items)
}

/// The rows that break the rules that stand, by running them again: what is approved is what is executed.
pub(super) fn breaches(case: &Case, source: &Source) -> Result<Breaches, DeskError> {
    let plan = planned(&plan(case))?;
    let rules = rules_of(&rules(case), &plan)?;
    Ok(profile(&rules, &source.data)?.breaches)
}
