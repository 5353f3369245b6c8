//! What happens to the items of a version.

use super::super::event::DossierEvent as E;
use super::super::state::{Dossier, Item};
use crate::ids::{ItemId, VersionNo};
use crate::item::{Decision, DecisionLevel};

impl Dossier {
    pub(super) fn evolve_item(&mut self, event: &E) {
        match event {
            E::ItemAdded {
                version,
                item,
                content,
                by,
            } => {
                if let Some(version) = self.version_mut(*version) {
                    let mut added = Item::new(content.clone());
                    added.hands.insert(by.clone());
                    version.items.insert(item.clone(), added);
                }
            }
            E::ItemCarried {
                version,
                item,
                content,
                from,
                tester,
                report_owner,
                locked,
            } => {
                let before = self.version(from.version);
                let before = before.and_then(|version| version.items.get(item));
                let hands = before.map(|item| item.hands.clone()).unwrap_or_default();
                let decided = tester.iter().map(|decision| decision.by.clone());
                let carried = Item {
                    carried: Some(from.clone()),
                    hands: hands.into_iter().chain(decided).collect(),
                    tester: tester.clone(),
                    report_owner: report_owner.clone(),
                    locked: *locked,
                    ..Item::new(content.clone())
                };
                if let Some(version) = self.version_mut(*version) {
                    version.items.insert(item.clone(), carried);
                }
            }
            E::ItemRemoved {
                version, item, by, ..
            } => {
                self.edited(*version);
                self.had_a_hand(*version, by);
                if let Some(version) = self.version_mut(*version) {
                    version.items.shift_remove(item);
                }
            }
            E::ItemChanged {
                version,
                item,
                content,
                by,
                ..
            } => {
                self.edited(*version);
                self.item(*version, item, |item| {
                    // What was decided or signed was another content.
                    let hands = std::mem::take(&mut item.hands);
                    *item = Item {
                        carried: item.carried.take(),
                        hands,
                        ..Item::new(content.clone())
                    };
                    item.hands.insert(by.clone());
                });
            }
            E::ItemDecided { version, item, .. } => {
                self.item(*version, item, |item| item.take(event));
            }
            E::SectionSigned {
                version,
                section,
                signature,
            } => self.item(*version, section, |item| {
                item.signatures.push(signature.clone());
            }),
            _ => {}
        }
    }

    fn item(&mut self, version: VersionNo, item: &ItemId, change: impl FnOnce(&mut Item)) {
        if let Some(item) = self
            .version_mut(version)
            .and_then(|it| it.items.get_mut(item))
        {
            change(item);
        }
    }
}

impl Item {
    /// Takes a decision. Another verdict on the first level is another matter for the second, so what was decided
    /// there no longer stands on the item (it stays in the log).
    fn take(&mut self, event: &E) {
        let E::ItemDecided {
            level,
            verdict,
            by,
            reason,
            ..
        } = event
        else {
            return;
        };
        let decision = Some(Decision {
            verdict: *verdict,
            by: by.clone(),
            reason: reason.clone(),
        });
        match level {
            DecisionLevel::Tester => {
                if self
                    .tester
                    .as_ref()
                    .is_some_and(|it| it.verdict != *verdict)
                {
                    self.report_owner = None;
                }
                self.tester = decision;
                self.hands.insert(by.clone());
            }
            DecisionLevel::ReportOwner => self.report_owner = decision,
        }
    }
}
