//! scoping: a recommendation for each attribute of the plan, by its risk and by what the rules found.

use annal_core::Case;
use annal_core::item::NewItem;

use super::{plan, rules};
use crate::desk::DeskError;

pub(super) fn items(case: &Case) -> Result<Vec<NewItem>, DeskError> {
    Ok(annal_data::scoping::recommend(&plan(case), &rules(case))?)
}
