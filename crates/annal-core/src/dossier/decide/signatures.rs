//! test_report: sections are signed in the order tester, report owner, report executive; each signature stands for
//! exactly one content.

use std::collections::BTreeSet;

use super::items::{Refusals, not_empty, once};
use super::{Asked, Decided};
use crate::definition::PhaseDef;
use crate::dossier::command::SectionSignature;
use crate::dossier::event::{DossierEvent, Signature};
use crate::dossier::hash::content_hash;
use crate::dossier::state::{Dossier, Item, Version};
use crate::people::Role;
use crate::rejection::{Rejection, RejectionCode as Code};
use crate::version::VersionStatus;

impl Dossier {
    pub(super) fn sign(
        &self,
        asked: &Asked<'_>,
        sections: &[SectionSignature],
        plan: &PhaseDef,
    ) -> Decided {
        let order = sign_off_order(plan);
        asked.in_role(&order, "sign a section")?;
        not_empty(sections.len())?;
        let version = self.open_to_signature(asked, plan)?;
        let mut bad = Refusals::default();
        let mut seen = BTreeSet::new();
        for one in sections {
            bad.note(&one.section, once(&mut seen, &one.section));
            bad.note(
                &one.section,
                self.check_signature(asked, version, one, &order),
            );
        }
        bad.into_result("sign")?;
        let mut events: Vec<_> = sections
            .iter()
            .map(|it| signed(asked, version, it))
            .collect();
        if order.last() == Some(&asked.actor.role) && all_signed(version, sections, asked) {
            events.extend(self.approved_events(version, asked.person(), None));
        }
        Ok(events)
    }

    /// The tester signs the draft, as its author; the others sign what was handed in.
    fn open_to_signature(&self, asked: &Asked<'_>, plan: &PhaseDef) -> Result<&Version, Rejection> {
        if asked.actor.role == plan.work {
            let draft = self.in_status(None, VersionStatus::Draft, "signed by a tester")?;
            self.first_pair_of_eyes(asked, draft.items.values(), plan, "sign it as its author")?;
            return Ok(draft);
        }
        let version = self.in_status(None, VersionStatus::PendingApproval, "signed off")?;
        self.second_pair_of_eyes(asked, version, "sign it off")?;
        let signatures = version.items.values().flat_map(|it| &it.signatures);
        let authors = signatures.filter(|it| it.role == plan.work);
        let authors = authors.map(|it| (&it.by, "signed it as its author"));
        self.other_than(asked, authors, "sign it off")?;
        Ok(version)
    }

    fn check_signature(
        &self,
        asked: &Asked<'_>,
        version: &Version,
        one: &SectionSignature,
        order: &[Role],
    ) -> Option<(Code, String)> {
        let Some(item) = version.items.get(&one.section) else {
            let why = format!("is not in version {}", version.number);
            return Some((Code::UnknownItem, why));
        };
        let role = asked.actor.role;
        if item.signatures.iter().any(|it| it.role == role) {
            let why = format!("is signed by a {role} already");
            return Some((Code::DuplicateItem, why));
        }
        let mut signatures = item.signatures.iter();
        if let Some(other) = signatures.find(|it| self.is_asker(asked, &it.by)) {
            let why = format!("was signed by {} in another role", other.by);
            return Some((Code::FourEyes, why));
        }
        match next_to_sign(item, order) {
            Some(next) if next != role => {
                let why = format!("waits for the signature of a {next} first");
                return Some((Code::OutOfOrder, why));
            }
            _ => {}
        }
        let hash = content_hash(&item.content);
        (hash != one.content_hash).then(|| {
            let why = format!("says something else now (its hash is {hash}); read it again");
            (Code::SignatureMismatch, why)
        })
    }
}

/// The roles that sign, first to last.
#[must_use]
pub fn sign_off_order(plan: &PhaseDef) -> Vec<Role> {
    let mut order = vec![plan.work];
    order.extend(&plan.approve);
    order
}

/// The role whose signature a section waits for.
#[must_use]
pub fn next_to_sign(item: &Item, order: &[Role]) -> Option<Role> {
    let signed = |role: &Role| item.signatures.iter().any(|it| it.role == *role);
    order.iter().copied().find(|role| !signed(role))
}

fn signed(asked: &Asked<'_>, version: &Version, one: &SectionSignature) -> DossierEvent {
    DossierEvent::SectionSigned {
        version: version.number,
        section: one.section.clone(),
        signature: Signature {
            by: asked.person(),
            printed_name: asked.actor.name.clone(),
            role: asked.actor.role,
            meaning: one.meaning,
            content_hash: one.content_hash.clone(),
            signed_at: asked.effective_at,
        },
    }
}

fn all_signed(version: &Version, now: &[SectionSignature], asked: &Asked<'_>) -> bool {
    version.items.iter().all(|(id, item)| {
        let before = |it: &Signature| it.role == asked.actor.role;
        item.signatures.iter().any(before) || now.iter().any(|it| it.section == *id)
    })
}
