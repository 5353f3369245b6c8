//! planning: the attributes of the dictionary.

use annal_core::item::NewItem;

use super::Source;

pub(super) fn items(source: &Source) -> Vec<NewItem> {
    annal_data::planning::attributes(&source.dictionary)
}
