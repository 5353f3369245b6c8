//! Why the domain says no. A rejection is an answer, not a failure: it is recorded and never retried.

use serde::{Deserialize, Serialize};

/// A refusal with its stable code, what it is about and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Rejection {
    /// Stable; scripts may match on it.
    pub code: RejectionCode,
    /// What happened, to what, and what to do.
    pub message: String,
    /// Every item that is wrong, where a bulk command was refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<RefusedItem>,
}

/// One bad item of a bulk command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RefusedItem {
    /// The item as it was named.
    pub item: String,
    /// What is wrong with it.
    pub why: String,
}

impl Rejection {
    /// A rejection about one thing.
    #[must_use]
    pub fn new(code: RejectionCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            items: Vec::new(),
        }
    }

    /// A rejection of a bulk command that names every bad item.
    #[must_use]
    pub fn of_items(
        code: RejectionCode,
        message: impl Into<String>,
        items: Vec<RefusedItem>,
    ) -> Self {
        Self {
            code,
            message: message.into(),
            items,
        }
    }
}

/// The stable codes of all rejections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum RejectionCode {
    /// The run is not open (never opened, completed or cancelled).
    RunNotOpen,
    /// The run is open already.
    RunAlreadyOpen,
    /// The person is not on the run's register.
    UnknownPerson,
    /// The person's name was erased; they act no more.
    PersonErased,
    /// The person does not hold the role.
    RoleNotHeld,
    /// The role may not do this.
    RoleNotAllowed,
    /// The same person took part on the other level.
    FourEyes,
    /// A reason is due and none was given.
    ReasonRequired,
    /// The phase has not begun.
    PhaseNotBegun,
    /// The phase is complete or skipped.
    PhaseClosed,
    /// The phase does not do this.
    NotInThisPhase,
    /// There is no such version.
    UnknownVersion,
    /// The version's status does not allow this.
    VersionClosed,
    /// Another version of the phase is open.
    VersionOpen,
    /// There is no such item.
    UnknownItem,
    /// The item exists already.
    DuplicateItem,
    /// The item was carried forward approved and is locked.
    ItemLocked,
    /// The verdict does not fit the phase, level or item.
    VerdictNotAllowed,
    /// Something has to be decided or done first.
    Incomplete,
    /// Not the next in order.
    OutOfOrder,
    /// The contents do not fit (wrong kind of item, empty bulk, bad value).
    InvalidContent,
    /// The signature is not for exactly this content.
    SignatureMismatch,
    /// The command id was used for other content.
    CommandReused,
    /// The definition does not allow this.
    DefinitionRefused,
}

impl RejectionCode {
    /// The code as text.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RunNotOpen => "run_not_open",
            Self::RunAlreadyOpen => "run_already_open",
            Self::UnknownPerson => "unknown_person",
            Self::PersonErased => "person_erased",
            Self::RoleNotHeld => "role_not_held",
            Self::RoleNotAllowed => "role_not_allowed",
            Self::FourEyes => "four_eyes",
            Self::ReasonRequired => "reason_required",
            Self::PhaseNotBegun => "phase_not_begun",
            Self::PhaseClosed => "phase_closed",
            Self::NotInThisPhase => "not_in_this_phase",
            Self::UnknownVersion => "unknown_version",
            Self::VersionClosed => "version_closed",
            Self::VersionOpen => "version_open",
            Self::UnknownItem => "unknown_item",
            Self::DuplicateItem => "duplicate_item",
            Self::ItemLocked => "item_locked",
            Self::VerdictNotAllowed => "verdict_not_allowed",
            Self::Incomplete => "incomplete",
            Self::OutOfOrder => "out_of_order",
            Self::InvalidContent => "invalid_content",
            Self::SignatureMismatch => "signature_mismatch",
            Self::CommandReused => "command_reused",
            Self::DefinitionRefused => "definition_refused",
        }
    }
}
