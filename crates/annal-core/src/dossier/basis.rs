//! What earlier phases settled, as far as a phase's rules rest on it.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{DocumentId, ItemId, PersonId, VersionNo};
use crate::version::VersionRef;

/// Read from the other dossiers of the run before a decision; the same dossiers give the same basis.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Basis {
    /// The approved versions that the phase builds on.
    pub inputs: Vec<VersionRef>,
    /// The attributes in scope that are tested: primary keys only give context.
    pub attributes: BTreeSet<ItemId>,
    /// The report's lines of business.
    pub lines_of_business: Vec<String>,
    /// The owners who agreed, by attribute and line of business.
    pub owners: BTreeMap<ItemId, BTreeMap<String, PersonId>>,
    /// The samples that stand.
    pub samples: BTreeSet<ItemId>,
    /// The evidence accepted on both levels, by document.
    pub evidence: BTreeMap<DocumentId, VersionNo>,
}

impl Basis {
    /// The attributes that each owner answers for, in any line of business.
    #[must_use]
    pub fn attributes_by_owner(&self) -> BTreeMap<&PersonId, BTreeSet<&ItemId>> {
        let mut by_owner: BTreeMap<&PersonId, BTreeSet<&ItemId>> = BTreeMap::new();
        for (attribute, lines) in &self.owners {
            for owner in lines.values() {
                by_owner.entry(owner).or_default().insert(attribute);
            }
        }
        by_owner
    }
}
