//! Four eyes: whoever made or handed in a version, or took a first-level decision in it, never takes a second-level one,
//! whatever roles they hold and in whosever place they act. It holds whichever came first.

use super::Asked;
use crate::definition::PhaseDef;
use crate::dossier::event::DossierEvent;
use crate::dossier::state::{Dossier, Item, Version, VersionState};
use crate::ids::PersonId;
use crate::people::Role;
use crate::rejection::{Rejection, RejectionCode};

/// The roles that take second-level decisions. A role that does a phase's work does not count as its approver too:
/// where a definition names it among those who approve, that is the first level.
#[must_use]
pub fn second_level(plan: &PhaseDef) -> Vec<Role> {
    let approve = plan.approve.iter().copied();
    approve.filter(|role| *role != plan.work).collect()
}

impl Dossier {
    /// Refuses who had a hand in it. Who acted in another's place had it for both.
    pub(super) fn other_than<'p>(
        &'p self,
        asked: &Asked<'_>,
        hands: impl IntoIterator<Item = (&'p PersonId, &'static str)>,
        to_do: &str,
    ) -> Result<(), Rejection> {
        let mut hands = hands.into_iter();
        match hands.find(|(person, _)| self.is_asker(asked, person)) {
            None => Ok(()),
            Some((person, what)) => Err(Rejection::new(
                RejectionCode::FourEyes,
                format!("{person} {what} and so may not {to_do}; somebody else has to"),
            )),
        }
    }

    /// Whether the asker, or the one in whose place they ask, is this person or had them for a deputy here.
    pub(super) fn is_asker(&self, asked: &Asked<'_>, person: &PersonId) -> bool {
        let mut places = self.deputies.get(person).into_iter().flatten();
        asked.is(person) || places.any(|in_place_of| asked.is(in_place_of))
    }

    /// Before a second-level act on a version.
    pub(super) fn second_pair_of_eyes(
        &self,
        asked: &Asked<'_>,
        version: &Version,
        to_do: &str,
    ) -> Result<(), Rejection> {
        let made = [(&version.created_by, "made the version")];
        let submitted = match &version.state {
            VersionState::PendingApproval { submitted_by } => Some((submitted_by, "submitted it")),
            _ => None,
        };
        let handled = version.hands.iter();
        let handled = handled.map(|person| (person, "submitted it or took items out"));
        let items = version.items.values().flat_map(|item| &item.hands);
        let items = items.map(|person| (person, "wrote or decided on the first level in it"));
        let hands = made
            .into_iter()
            .chain(submitted)
            .chain(handled)
            .chain(items);
        self.other_than(asked, hands, to_do)
    }

    /// Before a first-level act on a version, or on items that are about to be carried into one.
    pub(super) fn first_pair_of_eyes<'p>(
        &'p self,
        asked: &Asked<'_>,
        items: impl IntoIterator<Item = &'p Item>,
        plan: &PhaseDef,
        to_do: &str,
    ) -> Result<(), Rejection> {
        let second = |item: &'p Item| {
            let signed = item.signatures.iter().filter(|it| it.role != plan.work);
            let signed = signed.map(|it| &it.by);
            signed.chain(item.report_owner.iter().map(|it| &it.by))
        };
        let hands = items.into_iter().flat_map(second);
        let hands = hands.map(|person| (person, "took a second-level decision that stands in it"));
        self.other_than(asked, hands, to_do)
    }

    /// The record that somebody acts in another's place here, the first time.
    pub(super) fn deputy(&self, asked: &Asked<'_>) -> Option<DossierEvent> {
        let in_place_of = asked.actor.on_behalf_of.clone()?;
        let by = asked.person();
        let known = self
            .deputies
            .get(&by)
            .is_some_and(|it| it.contains(&in_place_of));
        (!known).then_some(DossierEvent::DeputyActed { by, in_place_of })
    }
}
