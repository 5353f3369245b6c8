//! observations: the tests that did not pass, grouped by attribute and kind.

use annal_core::Case;
use annal_core::item::NewItem;
use annal_data::planning::planned;

use super::{plan, testing};
use crate::desk::DeskError;

pub(super) fn items(case: &Case) -> Result<Vec<NewItem>, DeskError> {
    let plan = planned(&plan(case))?;
    Ok(annal_data::observations::group(
        &testing::results(case),
        &plan,
    )?)
}
