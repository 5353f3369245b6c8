//! What happens to versions.

use super::super::event::DossierEvent as E;
use super::super::state::{Dossier, Version, VersionState};
use crate::ids::{PersonId, VersionNo};

impl Dossier {
    pub(super) fn evolve_version(&mut self, event: &E) {
        self.reopened_untouched = false;
        match event {
            E::VersionCreated {
                version,
                origin,
                inputs,
                by,
            } => self.versions.push(Version {
                number: *version,
                origin: *origin,
                inputs: inputs.clone(),
                created_by: by.clone(),
                state: VersionState::Draft,
                hands: std::collections::BTreeSet::new(),
                edits: 0,
                items: indexmap::IndexMap::new(),
            }),
            E::VersionSubmitted { version, by } => {
                let submitted_by = by.clone();
                self.had_a_hand(*version, by);
                self.change(*version, |_| VersionState::PendingApproval { submitted_by });
            }
            E::VersionWithdrawn { version, .. } => self.change(*version, |_| VersionState::Draft),
            E::VersionApproved { version, by, .. } => {
                let by = by.clone();
                self.change(*version, |submitted_by| VersionState::Approved {
                    submitted_by,
                    by,
                });
            }
            E::VersionRejected {
                version,
                by,
                reason,
                requested_changes,
            } => {
                let (by, reason, requested_changes) =
                    (by.clone(), reason.clone(), requested_changes.clone());
                self.change(*version, |submitted_by| VersionState::Rejected {
                    submitted_by,
                    by,
                    reason,
                    requested_changes,
                });
            }
            E::VersionSuperseded {
                version,
                by_version,
            } => self.supersede(*version, *by_version),
            _ => {}
        }
    }

    /// Changes a version's state, handing over who submitted it (its maker, if nobody did).
    fn change(&mut self, number: VersionNo, to: impl FnOnce(PersonId) -> VersionState) {
        if let Some(version) = self.version_mut(number) {
            let submitter = version.submitter().unwrap_or(&version.created_by).clone();
            version.state = to(submitter);
        }
    }

    pub(super) fn had_a_hand(&mut self, number: VersionNo, person: &PersonId) {
        if let Some(version) = self.version_mut(number) {
            version.hands.insert(person.clone());
        }
    }

    pub(super) fn edited(&mut self, number: VersionNo) {
        if let Some(version) = self.version_mut(number) {
            version.edits += 1;
        }
    }

    fn supersede(&mut self, number: VersionNo, by_version: VersionNo) {
        if let Some(version) = self.version_mut(number)
            && let VersionState::Approved { submitted_by, by } = &version.state
        {
            version.state = VersionState::Superseded {
                submitted_by: submitted_by.clone(),
                approved_by: by.clone(),
                by_version,
            };
        }
    }
}

impl Version {
    /// Who handed it in, while or after it was.
    #[must_use]
    pub const fn submitter(&self) -> Option<&PersonId> {
        match &self.state {
            VersionState::Draft => None,
            VersionState::PendingApproval { submitted_by }
            | VersionState::Approved { submitted_by, .. }
            | VersionState::Rejected { submitted_by, .. }
            | VersionState::Superseded { submitted_by, .. } => Some(submitted_by),
        }
    }
}
