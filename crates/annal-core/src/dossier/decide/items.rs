//! The items of a version and the decisions on them. A bulk command is taken whole or refused whole, and the refusal
//! names every bad item.

use std::collections::BTreeSet;

use super::content::{allowed_verdicts, contradicts, fits, is_a_key, loses_its_key};
use super::{Asked, Decided, second_level};
use crate::definition::PhaseDef;
use crate::dossier::event::DossierEvent;
use crate::dossier::state::{Dossier, Item, Version};
use crate::ids::{ItemId, VersionNo};
use crate::item::{Content, DecisionLevel, ItemVerdict, NewItem, Verdict};
use crate::people::Role;
use crate::phase::Phase;
use crate::rejection::{RefusedItem, Rejection, RejectionCode as Code};
use crate::version::{CarryForward, VersionStatus};

impl Dossier {
    pub(super) fn add_items(
        &self,
        asked: &Asked<'_>,
        items: &[NewItem],
        plan: &PhaseDef,
    ) -> Decided {
        asked.in_role(&[plan.work, Role::Engine], "add items")?;
        let draft = self.draft(asked, plan)?;
        not_empty(items.len())?;
        self.added(asked, items, draft.number, Some((draft, CarryForward::All)))
    }

    pub(super) fn change_item(
        &self,
        asked: &Asked<'_>,
        id: &ItemId,
        content: &Content,
        plan: &PhaseDef,
    ) -> Decided {
        asked.in_role(&[plan.work], "change an item")?;
        let draft = self.draft(asked, plan)?;
        let mut bad = Refusals::default();
        bad.note(id, check_changeable(draft, id));
        bad.note(id, loses_its_key(draft, id, content));
        bad.note(id, fits(plan.phase, content));
        bad.into_result("change")?;
        Ok(vec![DossierEvent::ItemChanged {
            version: draft.number,
            item: id.clone(),
            content: content.clone(),
            by: asked.person(),
            reason: asked.due_reason("change an item")?,
        }])
    }

    pub(super) fn remove_items(
        &self,
        asked: &Asked<'_>,
        items: &[ItemId],
        plan: &PhaseDef,
    ) -> Decided {
        asked.in_role(&[plan.work], "remove items")?;
        let draft = self.draft(asked, plan)?;
        not_empty(items.len())?;
        let reason = asked.due_reason("remove items")?;
        let mut bad = Refusals::default();
        let mut seen = BTreeSet::new();
        for id in items {
            bad.note(id, check_changeable(draft, id));
            bad.note(id, is_a_key(draft, id));
            bad.note(id, once(&mut seen, id));
        }
        bad.into_result("remove")?;
        let removed = |item: &ItemId| DossierEvent::ItemRemoved {
            version: draft.number,
            item: item.clone(),
            by: asked.person(),
            reason: reason.clone(),
        };
        Ok(items.iter().map(removed).collect())
    }

    pub(super) fn decide_items(
        &self,
        asked: &Asked<'_>,
        version: Option<VersionNo>,
        level: DecisionLevel,
        decisions: &[ItemVerdict],
        plan: &PhaseDef,
    ) -> Decided {
        let version = self.open_for(asked, version, level, plan)?;
        not_empty(decisions.len())?;
        let mut bad = Refusals::default();
        let mut seen = BTreeSet::new();
        for one in decisions {
            bad.note(&one.item, once(&mut seen, &one.item));
            bad.note(
                &one.item,
                check_decision(asked, version, level, one, plan.phase),
            );
        }
        bad.into_result("decide on")?;
        let events = decisions
            .iter()
            .filter_map(|one| Some((one, version.items.get(&one.item)?)));
        Ok(events
            .map(|(one, item)| DossierEvent::ItemDecided {
                version: version.number,
                item: one.item.clone(),
                level,
                verdict: one.verdict,
                by: asked.person(),
                reason: asked.reason.map(str::to_owned),
                previous: item.verdict_at(level),
            })
            .collect())
    }

    /// The draft that the asker may change.
    fn draft(&self, asked: &Asked<'_>, plan: &PhaseDef) -> Result<&Version, Rejection> {
        let draft = self.in_status(None, VersionStatus::Draft, "changed")?;
        self.first_pair_of_eyes(asked, draft.items.values(), plan, "change it")?;
        Ok(draft)
    }

    /// First-level decisions are for drafts, second-level ones for versions that wait for approval.
    fn open_for(
        &self,
        asked: &Asked<'_>,
        version: Option<VersionNo>,
        level: DecisionLevel,
        plan: &PhaseDef,
    ) -> Result<&Version, Rejection> {
        match level {
            DecisionLevel::Tester => {
                asked.in_role(&[plan.work], "decide on the first level")?;
                let draft = VersionStatus::Draft;
                let version = self.in_status(version, draft, "decided on by a tester")?;
                let items = version.items.values();
                self.first_pair_of_eyes(asked, items, plan, "decide on its first level")?;
                Ok(version)
            }
            DecisionLevel::ReportOwner => {
                asked.in_role(&second_level(plan), "decide on the second level")?;
                let pending = VersionStatus::PendingApproval;
                let version = self.in_status(version, pending, "decided on by a report owner")?;
                self.second_pair_of_eyes(asked, version, "decide on its second level")?;
                Ok(version)
            }
        }
    }

    /// The events for new items; refused if one is there already (in the draft, or carried by the policy).
    pub(super) fn added(
        &self,
        asked: &Asked<'_>,
        items: &[NewItem],
        into: VersionNo,
        beside: Option<(&Version, CarryForward)>,
    ) -> Decided {
        let phase = self.phase()?;
        let mut bad = Refusals::default();
        let mut seen = BTreeSet::new();
        for new in items {
            bad.note(&new.id, once(&mut seen, &new.id));
            bad.note(&new.id, fits(phase, &new.content));
            let there = beside.is_some_and(|(version, policy)| {
                let item = version.items.get(&new.id);
                item.is_some_and(|item| item.comes_along(policy))
            });
            let why = "is in the version already";
            bad.note(
                &new.id,
                there.then(|| (Code::DuplicateItem, why.to_owned())),
            );
        }
        bad.into_result("add")?;
        let added = |new: &NewItem| DossierEvent::ItemAdded {
            version: into,
            item: new.id.clone(),
            content: new.content.clone(),
            by: asked.person(),
        };
        Ok(items.iter().map(added).collect())
    }
}

impl Item {
    /// The verdict that stands at a level.
    #[must_use]
    pub fn verdict_at(&self, level: DecisionLevel) -> Option<Verdict> {
        let decision = match level {
            DecisionLevel::Tester => &self.tester,
            DecisionLevel::ReportOwner => &self.report_owner,
        };
        decision.as_ref().map(|decision| decision.verdict)
    }

    /// Whether its version cannot be submitted yet because of it.
    #[must_use]
    pub fn waits_for_tester(&self) -> bool {
        !self.locked
            && matches!(
                self.verdict_at(DecisionLevel::Tester),
                None | Some(Verdict::RequestChanges)
            )
    }
}

/// A rule that an item breaks, and how.
pub(super) type Breach = (Code, String);

/// The bad items of a bulk command.
#[derive(Default)]
pub(super) struct Refusals {
    code: Option<Code>,
    items: Vec<RefusedItem>,
}

impl Refusals {
    pub(super) fn note(&mut self, item: &impl ToString, breach: Option<Breach>) {
        if let Some((code, why)) = breach {
            self.code.get_or_insert(code);
            let item = item.to_string();
            self.items.push(RefusedItem { item, why });
        }
    }

    /// Refuses the whole command if one item is bad. The code is that of the first.
    pub(super) fn into_result(self, to_do: &str) -> Result<(), Rejection> {
        let Some(code) = self.code else { return Ok(()) };
        let named = |bad: &RefusedItem| format!("{} {}", bad.item, bad.why);
        let first: Vec<_> = self.items.iter().take(3).map(named).collect();
        let more = self.items.len() - first.len();
        let rest = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        Err(Rejection::of_items(
            code,
            format!(
                "nothing was done: cannot {to_do} {}{rest}",
                first.join("; ")
            ),
            self.items,
        ))
    }
}

pub(super) fn once<T: Ord + Clone>(seen: &mut BTreeSet<T>, id: &T) -> Option<Breach> {
    let again = !seen.insert(id.clone());
    again.then(|| (Code::DuplicateItem, "is named twice".to_owned()))
}

pub(super) fn not_empty(count: usize) -> Result<(), Rejection> {
    if count > 0 {
        return Ok(());
    }
    Err(Rejection::new(
        Code::InvalidContent,
        "nothing was named; name at least one item",
    ))
}

fn check_changeable(draft: &Version, id: &ItemId) -> Option<Breach> {
    match draft.items.get(id) {
        None => Some(unknown(draft)),
        Some(item) if item.locked => Some(locked()),
        Some(_) => None,
    }
}

fn unknown(version: &Version) -> Breach {
    let why = format!("is not in version {}", version.number);
    (Code::UnknownItem, why)
}

fn locked() -> Breach {
    let why = "was carried forward approved and is locked";
    (Code::ItemLocked, why.to_owned())
}

fn check_decision(
    asked: &Asked<'_>,
    version: &Version,
    level: DecisionLevel,
    one: &ItemVerdict,
    phase: Phase,
) -> Option<Breach> {
    let Some(item) = version.items.get(&one.item) else {
        return Some(unknown(version));
    };
    if item.locked {
        return Some(locked());
    }
    if !allowed_verdicts(phase, level).contains(&one.verdict) {
        let why = format!("cannot be decided as {} here", one.verdict.name());
        return Some((Code::VerdictNotAllowed, why));
    }
    if let Some(why) = contradicts(&item.content, one.verdict) {
        return Some((Code::VerdictNotAllowed, why.to_owned()));
    }
    let changes = item.verdict_at(level).is_some();
    if asked.reason.is_none() && (changes || one.verdict.needs_reason()) {
        let why = if changes {
            "was decided before; to change that needs a reason".to_owned()
        } else {
            format!("needs a reason to be decided as {}", one.verdict.name())
        };
        return Some((Code::ReasonRequired, why));
    }
    None
}
