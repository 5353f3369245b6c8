//! Names of commands and events, for the log, for activities and for messages.

use super::command::DossierCommand as C;
use super::event::DossierEvent as E;

impl C {
    /// The command's name in snake case; also the name of the activity that carries it out.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Begin { .. } => "begin_phase",
            Self::CreateVersion { .. } => "create_version",
            Self::Revise { .. } => "revise_version",
            Self::Revert { .. } => "revert_version",
            Self::AddItems { .. } => "add_items",
            Self::ChangeItem { .. } => "change_item",
            Self::RemoveItems { .. } => "remove_items",
            Self::Decide { .. } => "decide_items",
            Self::Submit { .. } => "submit_version",
            Self::Withdraw { .. } => "withdraw_version",
            Self::Approve { .. } => "approve_version",
            Self::Reject { .. } => "reject_version",
            Self::AssignOwners { .. } => "assign_owners",
            Self::AcknowledgeOwnership { .. } => "acknowledge_ownership",
            Self::EscalateOwnership { .. } => "escalate_ownership",
            Self::RequestInformation { .. } => "request_information",
            Self::SubmitDocument { .. } => "submit_document",
            Self::ReviseDocument { .. } => "revise_document",
            Self::ReviewDocument { .. } => "review_document",
            Self::RecordTests { .. } => "record_tests",
            Self::ReviewTests { .. } => "review_tests",
            Self::Sign { .. } => "sign_sections",
            Self::Remind { .. } => "remind",
            Self::EscalateDeadline { .. } => "escalate_deadline",
            Self::Complete {} => "complete_phase",
            Self::Skip { .. } => "skip_phase",
            Self::Reopen {} => "reopen_phase",
            Self::MarkStale { .. } => "mark_stale",
        }
    }
}

impl E {
    /// The event's type: the `type` of its payload.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::PhaseBegun { .. } => "phase_begun",
            Self::VersionCreated { .. } => "version_created",
            Self::ItemAdded { .. } => "item_added",
            Self::ItemCarried { .. } => "item_carried",
            Self::ItemChanged { .. } => "item_changed",
            Self::ItemRemoved { .. } => "item_removed",
            Self::ItemDecided { .. } => "item_decided",
            Self::VersionSubmitted { .. } => "version_submitted",
            Self::VersionWithdrawn { .. } => "version_withdrawn",
            Self::VersionApproved { .. } => "version_approved",
            Self::VersionRejected { .. } => "version_rejected",
            Self::VersionSuperseded { .. } => "version_superseded",
            Self::OwnerAssigned { .. } => "owner_assigned",
            Self::OwnerReassigned { .. } => "owner_reassigned",
            Self::OwnerAcknowledged { .. } => "owner_acknowledged",
            Self::AssignmentEscalated { .. } => "assignment_escalated",
            Self::InformationRequested { .. } => "information_requested",
            Self::DocumentSubmitted { .. } => "document_submitted",
            Self::DocumentRevised { .. } => "document_revised",
            Self::DocumentReviewed { .. } => "document_reviewed",
            Self::TestExecuted { .. } => "test_executed",
            Self::TestReviewed { .. } => "test_reviewed",
            Self::SectionSigned { .. } => "section_signed",
            Self::ReminderSent { .. } => "reminder_sent",
            Self::DeadlineEscalated { .. } => "deadline_escalated",
            Self::PhaseCompleted {} => "phase_completed",
            Self::PhaseSkipped { .. } => "phase_skipped",
            Self::PhaseReopened { .. } => "phase_reopened",
            Self::MarkedStale { .. } => "marked_stale",
            Self::PhaseConfirmed { .. } => "phase_confirmed",
            Self::DeputyActed { .. } => "deputy_acted",
            Self::AttemptRefused { .. } => "attempt_refused",
        }
    }
}

impl cqrs_es::DomainEvent for E {
    fn event_type(&self) -> String {
        self.name().to_owned()
    }

    fn event_version(&self) -> String {
        "1.0".to_owned()
    }
}
