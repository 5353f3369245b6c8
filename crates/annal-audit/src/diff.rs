//! What changed between two versions, or in one version between two moments.

use std::collections::{BTreeMap, BTreeSet};

use annal_core::ItemId;
use annal_core::Position;
use annal_core::item::DecisionLevel;
use annal_core::version::VersionRef;
use serde::{Deserialize, Serialize};

use crate::Audit;
use crate::content::ContentShown;
use crate::error::AuditError;
use crate::show::{Act, At, DecisionShown, ItemShown, ShownVersion};

/// What is otherwise in `b` than in `a`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Diff {
    /// The earlier one, with the moment at which it was looked at.
    pub a: (VersionRef, Position),
    /// The later one.
    pub b: (VersionRef, Position),
    /// Items that only `b` has.
    pub added: Vec<ItemShown>,
    /// Items that only `a` has.
    pub removed: Vec<RemovedItem>,
    /// Items of `b` that came along from an earlier version.
    pub carried: Vec<ItemId>,
    /// Items that say something else.
    pub content: Vec<ContentChange>,
    /// Items on which something else is decided.
    pub decisions: Vec<DecisionChange>,
    /// Items that are the same in content and decisions.
    pub unchanged: u32,
}

/// An item that is no longer there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RemovedItem {
    /// The item as it was.
    pub item: ItemShown,
    /// Who took it out; none if it was left behind when `b` was made.
    pub removed: Option<Act>,
}

/// An item that says something else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ContentChange {
    /// The item.
    pub item: ItemId,
    /// What it said.
    #[cfg_attr(feature = "openapi", schema(value_type = annal_core::item::Content))]
    pub before: ContentShown,
    /// What it says.
    #[cfg_attr(feature = "openapi", schema(value_type = annal_core::item::Content))]
    pub after: ContentShown,
    /// Who changed it: the last change, or how it came into `b`.
    pub changed: Act,
}

/// Another decision on an item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DecisionChange {
    /// The item.
    pub item: ItemId,
    /// On which level.
    pub level: DecisionLevel,
    /// What stood.
    pub before: Option<DecisionShown>,
    /// What stands.
    pub after: Option<DecisionShown>,
}

impl Audit {
    /// What changed from a version to another, as they are now.
    ///
    /// # Errors
    /// As [`Audit::show`].
    pub async fn diff(&self, a: VersionRef, b: VersionRef) -> Result<Diff, AuditError> {
        self.diff_at((a, At::Latest), (b, At::Latest)).await
    }

    /// What changed from a version at a moment to a version, maybe the same, at another moment.
    ///
    /// # Errors
    /// As [`Audit::show`].
    pub async fn diff_at(
        &self,
        a: (VersionRef, At),
        b: (VersionRef, At),
    ) -> Result<Diff, AuditError> {
        let a = self.show(a.0, a.1).await?;
        let b = self.show(b.0, b.1).await?;
        Ok(Diff::between(&a, &b))
    }
}

impl Diff {
    /// What is otherwise in `b` than in `a`.
    #[must_use]
    pub fn between(a: &ShownVersion, b: &ShownVersion) -> Self {
        let before: BTreeMap<_, _> = a.items.iter().map(|it| (&it.item, it)).collect();
        let taken: BTreeMap<_, _> = b.removed.iter().map(|(item, act)| (item, act)).collect();
        let mut diff = Self {
            a: (a.version, a.position),
            b: (b.version, b.position),
            added: Vec::new(),
            removed: Vec::new(),
            carried: Vec::new(),
            content: Vec::new(),
            decisions: Vec::new(),
            unchanged: 0,
        };
        for item in &b.items {
            if item.carried.is_some() {
                diff.carried.push(item.item.clone());
            }
            match before.get(&item.item) {
                None => diff.added.push(item.clone()),
                Some(old) => diff.compare(old, item),
            }
        }
        let after: BTreeSet<_> = b.items.iter().map(|it| &it.item).collect();
        for item in a.items.iter().filter(|it| !after.contains(&it.item)) {
            let removed = taken.get(&item.item).map(|act| (*act).clone());
            let item = item.clone();
            diff.removed.push(RemovedItem { item, removed });
        }
        diff
    }

    fn compare(&mut self, old: &ItemShown, new: &ItemShown) {
        let changes = self.content.len() + self.decisions.len();
        if old.content != new.content {
            self.content.push(ContentChange {
                item: new.item.clone(),
                before: old.content.clone(),
                after: new.content.clone(),
                changed: new.changed.as_ref().unwrap_or(&new.added).clone(),
            });
        }
        for level in [DecisionLevel::Tester, DecisionLevel::ReportOwner] {
            let (before, after) = (old.decision(level), new.decision(level));
            let say = |it: Option<&DecisionShown>| {
                it.map(|it| (it.verdict, it.by.clone(), it.reason.clone()))
            };
            if say(before) != say(after) {
                self.decisions.push(DecisionChange {
                    item: new.item.clone(),
                    level,
                    before: before.cloned(),
                    after: after.cloned(),
                });
            }
        }
        if changes == self.content.len() + self.decisions.len() {
            self.unchanged += 1;
        }
    }
}
