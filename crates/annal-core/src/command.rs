//! What a caller sends, whatever the command's body is.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{CommandId, PersonId};
use crate::people::Role;

/// A command with everything that is not deterministic: its id, who asks, why and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Command<B> {
    /// Chosen by the caller; a retry carries the same id and the same content.
    pub id: CommandId,
    /// Who asks. The run's register says whether they hold the role.
    pub person: PersonId,
    /// The role in which they ask.
    pub role: Role,
    /// In whose place they ask, if in anyone's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<PersonId>,
    /// Why. Blank counts as none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When the act took place, as claimed; when it is carried out, if nothing is claimed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_at: Option<DateTime<Utc>>,
    /// What is asked.
    pub body: B,
}

impl<B> Command<B> {
    /// The reason, unless it is missing or blank.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.reason
            .as_deref()
            .map(str::trim)
            .filter(|reason| !reason.is_empty())
    }
}
