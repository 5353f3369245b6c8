//! Who asks, why and when: what stands beside a command's body.

use chrono::{DateTime, Utc};

use crate::ids::PersonId;
use crate::people::{Actor, Role};
use crate::rejection::{Rejection, RejectionCode};

/// The asker of a command, already authorised by the run's register.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Who.
    pub actor: &'a Actor,
    /// Why; never blank.
    pub reason: Option<&'a str>,
    /// When, as claimed.
    pub effective_at: DateTime<Utc>,
}

impl Asked<'_> {
    /// Auditors and admins decide nothing.
    pub(super) fn decides_at_all(&self) -> Result<(), Rejection> {
        match self.actor.role {
            Role::Auditor | Role::Admin => Err(Rejection::new(
                RejectionCode::RoleNotAllowed,
                format!(
                    "{} acts as {}, a role that decides nothing; act in another role",
                    self.actor.id, self.actor.role
                ),
            )),
            _ => Ok(()),
        }
    }

    pub(super) fn person(&self) -> PersonId {
        self.actor.id.clone()
    }

    /// The role has to be one of these. The engine passes only where it is named.
    pub(super) fn in_role(&self, allowed: &[Role], to_do: &str) -> Result<(), Rejection> {
        if allowed.contains(&self.actor.role) {
            return Ok(());
        }
        let names: Vec<_> = allowed.iter().map(|role| role.name()).collect();
        Err(Rejection::new(
            RejectionCode::RoleNotAllowed,
            format!(
                "{} acts as {}, but to {to_do} is for: {}",
                self.actor.id,
                self.actor.role,
                names.join(", ")
            ),
        ))
    }

    /// The reason, which is due here.
    pub(super) fn due_reason(&self, to_do: &str) -> Result<String, Rejection> {
        self.reason.map(str::to_owned).ok_or_else(|| {
            Rejection::new(
                RejectionCode::ReasonRequired,
                format!("to {to_do} needs a reason that is not blank"),
            )
        })
    }

    /// Whether this person asks, or is the one in whose place it is asked.
    pub(super) fn is(&self, person: &PersonId) -> bool {
        *person == self.actor.id || Some(person) == self.actor.on_behalf_of.as_ref()
    }
}
