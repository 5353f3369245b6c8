//! What a revision takes along from its parent, and what a revert takes from an old version.

use super::event::DossierEvent;
use super::state::{Item, Version};
use crate::ids::{ItemId, VersionNo};
use crate::item::{CarriedFrom, Decision, Verdict};
use crate::version::CarryForward;

impl Version {
    /// The events that bring this version's items into its revision `into`.
    #[must_use]
    pub fn carry_forward(&self, policy: CarryForward, into: VersionNo) -> Vec<DossierEvent> {
        self.items
            .iter()
            .filter(|(_, item)| item.comes_along(policy))
            .map(|(id, item)| self.carried(policy, into, id, item))
            .collect()
    }

    /// The events that bring the contents alone into `into`: decisions on them are taken anew.
    #[must_use]
    pub fn contents_for_revert(&self, into: VersionNo) -> Vec<DossierEvent> {
        let why = format!("contents of version {}", self.number);
        self.items
            .iter()
            .map(|(id, item)| DossierEvent::ItemCarried {
                version: into,
                item: id.clone(),
                content: item.content.clone(),
                from: self.origin_of(&why),
                tester: None,
                report_owner: None,
                locked: false,
            })
            .collect()
    }

    fn carried(
        &self,
        policy: CarryForward,
        into: VersionNo,
        id: &ItemId,
        item: &Item,
    ) -> DossierEvent {
        let locked = policy == CarryForward::ApprovedOnly;
        let (tester, why) = match policy {
            CarryForward::ApprovedOnly => (item.tester.clone(), "approved on both levels"),
            CarryForward::All => (item.tester.clone(), "everything as it was"),
            CarryForward::AllClearRejected if item.owner_said(Verdict::Reject) => {
                (None, "rejected by the report owner: to be decided again")
            }
            CarryForward::AllClearRejected => (item.tester.clone(), "not rejected"),
        };
        let report_owner = tester
            .is_some()
            .then(|| item.report_owner.clone())
            .flatten();
        DossierEvent::ItemCarried {
            version: into,
            item: id.clone(),
            content: item.content.clone(),
            from: self.origin_of(&format!("{}: {why}", policy.name())),
            tester,
            report_owner,
            locked,
        }
    }

    fn origin_of(&self, why: &str) -> CarriedFrom {
        CarriedFrom {
            version: self.number,
            why: why.to_owned(),
        }
    }
}

impl Item {
    /// Whether the policy takes this item along.
    #[must_use]
    pub fn comes_along(&self, policy: CarryForward) -> bool {
        match policy {
            CarryForward::ApprovedOnly => self.approved_on_both_levels(),
            CarryForward::AllClearRejected | CarryForward::All => true,
        }
    }

    fn owner_said(&self, verdict: Verdict) -> bool {
        self.report_owner.as_ref().map(verdict_of) == Some(verdict)
    }
}

const fn verdict_of(decision: &Decision) -> Verdict {
    decision.verdict
}
