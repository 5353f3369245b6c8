//! The numbers that the conditions of a definition may speak of.

use std::collections::BTreeMap;

use super::event::TestOutcome;
use super::state::{Dossier, Version};
use crate::item::{Content, Verdict};

/// Numbers by name.
pub type Facts = BTreeMap<String, i64>;

impl Version {
    /// `items`, `in_scope` (attributes that are tested), `changed` (modified, overridden, excluded, rewritten or
    /// taken out) and
    /// `carried`.
    #[must_use]
    pub fn facts(&self) -> Facts {
        let count = |keep: &dyn Fn(&super::state::Item) -> bool| {
            self.items.values().filter(|item| keep(item)).count()
        };
        let tested = |item: &super::state::Item| {
            let key = matches!(
                item.content,
                Content::ScopeAttribute {
                    primary_key: true,
                    ..
                }
            );
            item.in_scope() && !key
        };
        named([
            ("items", self.items.len()),
            ("in_scope", count(&tested)),
            ("changed", count(&|item| item.was_changed()) + self.edits),
            ("carried", self.carried_forward()),
        ])
    }
}

impl super::state::Item {
    fn was_changed(&self) -> bool {
        matches!(
            self.tester.as_ref().map(|decision| decision.verdict),
            Some(Verdict::Modify | Verdict::Exclude | Verdict::OverrideIn | Verdict::OverrideOut)
        )
    }
}

impl Dossier {
    /// What a later phase's condition may ask of this one: the facts of its current version, and for tests
    /// `failed_tests`, `passed_tests`, `inconclusive_tests`.
    #[must_use]
    pub fn facts(&self) -> Facts {
        let mut facts = self.current().map(Version::facts).unwrap_or_default();
        let count = |outcome| {
            let ended = |case: &&super::state::TestCase| case.outcome == outcome;
            self.tests.values().filter(ended).count()
        };
        if !self.tests.is_empty() {
            facts.extend(named([
                ("failed_tests", count(TestOutcome::Failed)),
                ("passed_tests", count(TestOutcome::Passed)),
                ("inconclusive_tests", count(TestOutcome::Inconclusive)),
            ]));
        }
        facts
    }
}

fn named<const N: usize>(facts: [(&str, usize); N]) -> Facts {
    let number = |count| i64::try_from(count).unwrap_or(i64::MAX);
    facts
        .map(|(name, count)| (name.to_owned(), number(count)))
        .into()
}
