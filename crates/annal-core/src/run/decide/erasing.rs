//! A person's name is taken out of a run for good. No command of the workflow: the key that the name is sealed with
//! has to go in the same transaction, so it is asked of the log by an administrator. It holds for runs that are over, too.

use crate::ids::PersonId;
use crate::people::{Actor, Role};
use crate::rejection::{Rejection, RejectionCode};
use crate::run::event::RunEvent;
use crate::run::state::ReportRun;

impl ReportRun {
    /// What is recorded on this run when a person's name is erased; nothing where the person is not on it, or where
    /// their name is gone already. The actor is an admin of this run or of another one of the ledger.
    ///
    /// # Errors
    /// `role_not_allowed` for everybody else, `reason_required` without a reason.
    pub fn erase(
        &self,
        person: &PersonId,
        actor: &Actor,
        reason: &str,
    ) -> Result<Option<RunEvent>, Rejection> {
        if actor.role != Role::Admin {
            return Err(Rejection::new(
                RejectionCode::RoleNotAllowed,
                format!(
                    "{} asks as {}, but only an admin erases a person's name",
                    actor.id, actor.role
                ),
            ));
        }
        if reason.trim().is_empty() {
            return Err(Rejection::new(
                RejectionCode::ReasonRequired,
                "erasing a person's name needs a reason that is not blank",
            ));
        }
        let registered = self.person(person);
        Ok(registered
            .filter(|person| !person.name.is_erased())
            .map(|_| RunEvent::PersonErased {
                person: person.clone(),
                by: actor.id.clone(),
                reason: reason.trim().to_owned(),
            }))
    }
}
