//! The items of a snapshot, at their places, until an event is about them.

use std::collections::HashMap;

use annal_core::ItemId;
use indexmap::IndexMap;

use crate::show::ItemShown;

/// Items as a snapshot has them. They are what is shown, so nothing has to be made of those that no event is about.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kept {
    places: Vec<Place>,
    /// Where each item is; made when the first is looked for.
    by_item: Option<HashMap<ItemId, usize>>,
}

#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all places are as the snapshot has them, and are read from there one by one"
)]
enum Place {
    /// As the snapshot has it.
    Still(ItemShown),
    /// An event was about it, and it is kept elsewhere since.
    Taken(ItemId),
    /// It was taken out. Should it come in again, then as the last.
    Left,
}

impl Kept {
    pub(crate) fn new(items: Vec<ItemShown>) -> Self {
        Self {
            places: items.into_iter().map(Place::Still).collect(),
            by_item: None,
        }
    }

    /// Takes an item up, to be kept elsewhere from now on; none if it is not here, or not any more.
    pub(crate) fn take(&mut self, item: &ItemId) -> Option<ItemShown> {
        let place = self.place(item)?;
        match std::mem::replace(place, Place::Left) {
            Place::Still(shown) => {
                *place = Place::Taken(item.clone());
                Some(shown)
            }
            other => {
                *place = other;
                None
            }
        }
    }

    /// The item is no longer in the version.
    pub(crate) fn leave(&mut self, item: &ItemId) {
        if let Some(place) = self.place(item) {
            *place = Place::Left;
        }
    }

    /// All items in their order, with those that are kept elsewhere.
    pub(crate) fn with(self, elsewhere: IndexMap<ItemId, ItemShown>) -> Vec<ItemShown> {
        let mut elsewhere: IndexMap<_, _> = (elsewhere.into_iter())
            .map(|(item, shown)| (item, Some(shown)))
            .collect();
        let at_its_place = |place| match place {
            Place::Still(shown) => Some(shown),
            Place::Taken(item) => elsewhere.get_mut(&item)?.take(),
            Place::Left => None,
        };
        let mut all: Vec<ItemShown> = self.places.into_iter().filter_map(at_its_place).collect();
        all.extend(elsewhere.into_values().flatten());
        all
    }

    fn place(&mut self, item: &ItemId) -> Option<&mut Place> {
        let by_item = self.by_item.get_or_insert_with(|| {
            let numbered = self.places.iter().enumerate();
            let still = numbered.filter_map(|(number, place)| match place {
                Place::Still(shown) => Some((shown.item.clone(), number)),
                _ => None,
            });
            still.collect()
        });
        let number = *by_item.get(item)?;
        self.places.get_mut(number)
    }
}
