//! state + command → events, or the reason why not. One file for each group of rules.

mod asked;
mod content;
mod engine;
mod evidence;
mod four_eyes;
mod items;
mod ownership;
mod signatures;
mod tests;
mod versions;

pub use asked::Asked;
pub use content::allowed_verdicts;
pub use four_eyes::second_level;
pub use signatures::{next_to_sign, sign_off_order};

use super::basis::Basis;
use super::command::DossierCommand as C;
use super::event::DossierEvent;
use super::state::{Dossier, DossierStatus};
use crate::definition::PhaseDef;
use crate::phase::{Phase, PhaseKind};
use crate::rejection::{Rejection, RejectionCode};

/// What a decision gives.
pub type Decided = Result<Vec<DossierEvent>, Rejection>;

impl Dossier {
    /// The events that a command leads to.
    ///
    /// # Errors
    /// The [`Rejection`] names the rule that the command breaks and what to do instead.
    pub fn decide(
        &self,
        asked: &Asked<'_>,
        command: &C,
        basis: &Basis,
        plan: &PhaseDef,
    ) -> Decided {
        asked.decides_at_all()?;
        self.takes(command)?;
        let mut events = self.events_of(asked, command, basis, plan)?;
        events.extend(self.deputy(asked));
        Ok(events)
    }

    fn events_of(&self, asked: &Asked<'_>, command: &C, basis: &Basis, plan: &PhaseDef) -> Decided {
        match command {
            C::Begin { run, phase, inputs } => self.begin(asked, *run, *phase, inputs),
            C::Complete {} => self.complete(asked, basis, plan),
            C::Skip { why, .. } => self.skip(asked, why),
            C::Reopen {} => self.reopen(asked),
            C::MarkStale { because_of } => self.mark_stale(asked, *because_of),
            C::Remind { step, to, due_at } => self.remind(asked, step, *to, *due_at),
            C::EscalateDeadline {
                step,
                to,
                due_at,
                hours_past,
            } => self.escalate_deadline(asked, step, *to, *due_at, *hours_past),

            C::CreateVersion { items } => self.create_version(asked, items, basis, plan),
            C::Revise { policy, add } => self.revise(asked, *policy, add, basis, plan),
            C::Revert { to } => self.revert(asked, *to, basis, plan),
            C::Submit { version } => self.submit(asked, *version, plan),
            C::Withdraw { version } => self.withdraw(asked, *version),
            C::Approve { version } => self.approve(asked, *version, plan),
            C::Reject {
                version,
                requested_changes,
            } => self.reject(asked, *version, requested_changes, plan),

            C::AddItems { items } => self.add_items(asked, items, plan),
            C::ChangeItem { item, content } => self.change_item(asked, item, content, plan),
            C::RemoveItems { items } => self.remove_items(asked, items, plan),
            C::Decide {
                version,
                level,
                decisions,
            } => self.decide_items(asked, *version, *level, decisions, plan),

            C::AssignOwners { assignments } => self.assign_owners(asked, assignments, basis),
            C::AcknowledgeOwnership { attributes } => self.acknowledge(asked, attributes),
            C::EscalateOwnership { attributes, to } => self.escalate(asked, attributes, to),

            C::RequestInformation {
                request,
                owner,
                attributes,
                text,
            } => self.request(asked, request, owner, attributes, text, basis),
            C::SubmitDocument {
                document,
                request,
                file,
            } => self.submit_document(asked, document, request, file),
            C::ReviseDocument { document, file } => self.revise_document(asked, document, file),
            C::ReviewDocument {
                document,
                level,
                accept,
            } => self.review_document(asked, document, *level, *accept),

            C::RecordTests { results } => self.record_tests(asked, results, basis),
            C::ReviewTests { cases, accept } => self.review_tests(asked, cases, *accept),

            C::Sign { sections } => self.sign(asked, sections, plan),
        }
    }

    /// The phase of this dossier, once it began.
    fn phase(&self) -> Result<Phase, Rejection> {
        self.place.map(|place| place.phase).ok_or_else(|| {
            Rejection::new(
                RejectionCode::PhaseNotBegun,
                "the phase has not begun; wait until the phases before it are done",
            )
        })
    }

    /// Whether this phase takes such a command, and takes it now.
    fn takes(&self, command: &C) -> Result<(), Rejection> {
        if command.opens_or_closes() {
            return Ok(());
        }
        if self.status == DossierStatus::Skipped {
            return Err(Rejection::new(
                RejectionCode::PhaseClosed,
                "the phase was skipped; there is nothing to do in it",
            ));
        }
        let phase = self.phase()?;
        if !command.belongs_to(phase) {
            return Err(Rejection::new(
                RejectionCode::NotInThisPhase,
                format!("{phase} does not know '{}'", command.name()),
            ));
        }
        match self.status {
            DossierStatus::Open => Ok(()),
            DossierStatus::NotBegun => Err(Rejection::new(
                RejectionCode::PhaseNotBegun,
                format!("{phase} has not begun; wait until the phases before it are done"),
            )),
            DossierStatus::Completed | DossierStatus::Skipped => Err(Rejection::new(
                RejectionCode::PhaseClosed,
                format!("{phase} is closed; a test executive can reopen it with a reason"),
            )),
        }
    }
}

impl C {
    /// Commands that are taken whatever the phase's status is; each looks at it for itself.
    const fn opens_or_closes(&self) -> bool {
        matches!(
            self,
            Self::Begin { .. }
                | Self::Skip { .. }
                | Self::Reopen {}
                | Self::Complete {}
                | Self::MarkStale { .. }
        )
    }

    /// Whether such a command fits the phase at all.
    fn belongs_to(&self, phase: Phase) -> bool {
        match self {
            Self::Remind { .. } | Self::EscalateDeadline { .. } => true,
            Self::AssignOwners { .. }
            | Self::AcknowledgeOwnership { .. }
            | Self::EscalateOwnership { .. } => phase == Phase::DataOwnerId,
            Self::RequestInformation { .. }
            | Self::SubmitDocument { .. }
            | Self::ReviseDocument { .. }
            | Self::ReviewDocument { .. } => phase == Phase::RequestInfo,
            Self::RecordTests { .. } | Self::ReviewTests { .. } => phase == Phase::TestExecution,
            Self::Sign { .. } => phase == Phase::TestReport,
            Self::Decide { .. } => {
                phase.kind() == PhaseKind::Versioned && phase != Phase::TestReport
            }
            _ => phase.kind() == PhaseKind::Versioned,
        }
    }
}
