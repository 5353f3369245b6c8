//! An account of what happened, kept from the events alone and without the code under test: which items each version
//! has, and whose hands it went through.

use std::collections::{BTreeMap, BTreeSet};

use annal_core::dossier::DossierEvent as E;
use annal_core::item::DecisionLevel;
use annal_core::people::Actor;
use annal_core::{ItemId, PersonId, Phase, VersionNo};

#[derive(Default)]
pub(crate) struct Witness {
    versions: BTreeMap<(Phase, VersionNo), Account>,
}

#[derive(Default)]
struct Account {
    items: BTreeSet<ItemId>,
    /// Who made it, handed it in, wrote in it or took first-level decisions.
    first: BTreeSet<PersonId>,
    /// Who took second-level decisions on it.
    second: BTreeSet<PersonId>,
}

impl Witness {
    pub(crate) fn sees(&mut self, phase: Phase, event: &E, actor: &Actor) -> Result<(), String> {
        let persons = || {
            std::iter::once(&actor.id)
                .chain(&actor.on_behalf_of)
                .cloned()
        };
        match event {
            E::VersionCreated { version, .. } => {
                let account = self.versions.entry((phase, *version)).or_default();
                account.first.extend(persons());
            }
            E::ItemAdded { version, item, .. } | E::ItemCarried { version, item, .. } => {
                let account = self.versions.entry((phase, *version)).or_default();
                account.items.insert(item.clone());
            }
            E::ItemRemoved { version, item, .. } => {
                let account = self.versions.entry((phase, *version)).or_default();
                account.items.remove(item);
                account.first.extend(persons());
            }
            E::ItemChanged { version, .. }
            | E::VersionSubmitted { version, .. }
            | E::ItemDecided {
                version,
                level: DecisionLevel::Tester,
                ..
            } => {
                let account = self.versions.entry((phase, *version)).or_default();
                account.first.extend(persons());
            }
            E::ItemDecided { version, .. } | E::VersionRejected { version, .. } => {
                return self.second_level(phase, *version, persons());
            }
            E::VersionApproved {
                version,
                without_approval: None,
                ..
            } => {
                return self.second_level(phase, *version, persons());
            }
            _ => {}
        }
        Ok(())
    }

    fn second_level(
        &mut self,
        phase: Phase,
        version: VersionNo,
        persons: impl Iterator<Item = PersonId>,
    ) -> Result<(), String> {
        let account = self.versions.entry((phase, version)).or_default();
        account.second.extend(persons);
        match account.first.intersection(&account.second).next() {
            None => Ok(()),
            Some(both) => Err(format!("{both} was on both levels of {phase}@{version}")),
        }
    }

    pub(crate) fn items(&self, phase: Phase, version: VersionNo) -> Option<&BTreeSet<ItemId>> {
        self.versions
            .get(&(phase, version))
            .map(|account| &account.items)
    }
}
