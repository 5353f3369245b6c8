//! state + event → state. Events are facts: nothing is refused here.

mod items;
mod trail;
mod versions;

use super::event::DossierEvent as E;
use super::state::{Dossier, DossierStatus, Place};

impl Dossier {
    /// The state after an event.
    pub fn evolve(&mut self, event: &E) {
        match event {
            E::PhaseBegun { run, phase, inputs } => {
                self.status = DossierStatus::Open;
                self.place = Some(Place {
                    run: *run,
                    phase: *phase,
                });
                self.inputs.clone_from(inputs);
            }
            E::PhaseCompleted {} => {
                self.status = DossierStatus::Completed;
                self.reopened = false;
                self.stale_because = None;
            }
            E::PhaseSkipped { .. } => self.status = DossierStatus::Skipped,
            E::PhaseReopened { .. } => {
                self.status = DossierStatus::Open;
                self.reopened_after = self.versions.last().map(|version| version.number);
                self.reopened = true;
                self.reopened_untouched = true;
            }
            E::MarkedStale { because_of } => self.stale_because = Some(*because_of),
            E::PhaseConfirmed { .. } => self.stale_because = None,
            E::DeputyActed { by, in_place_of } => {
                let places = self.deputies.entry(by.clone()).or_default();
                places.insert(in_place_of.clone());
            }
            E::AttemptRefused { .. } => self.refusals += 1,
            E::ReminderSent { .. } | E::DeadlineEscalated { .. } => {}
            E::VersionCreated { .. }
            | E::VersionSubmitted { .. }
            | E::VersionWithdrawn { .. }
            | E::VersionApproved { .. }
            | E::VersionRejected { .. }
            | E::VersionSuperseded { .. } => self.evolve_version(event),
            E::ItemAdded { .. }
            | E::ItemCarried { .. }
            | E::ItemChanged { .. }
            | E::ItemRemoved { .. }
            | E::ItemDecided { .. }
            | E::SectionSigned { .. } => self.evolve_item(event),
            E::OwnerAssigned { .. }
            | E::OwnerReassigned { .. }
            | E::OwnerAcknowledged { .. }
            | E::AssignmentEscalated { .. } => self.evolve_ownership(event),
            E::InformationRequested { .. }
            | E::DocumentSubmitted { .. }
            | E::DocumentRevised { .. }
            | E::DocumentReviewed { .. } => self.evolve_evidence(event),
            E::TestExecuted { .. } | E::TestReviewed { .. } => self.evolve_test(event),
        }
    }

    /// The state after events.
    #[must_use]
    pub fn with(mut self, events: &[E]) -> Self {
        for event in events {
            self.evolve(event);
        }
        self
    }
}
