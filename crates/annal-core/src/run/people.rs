//! The run's register: who is on it, and in which role somebody may act.

use super::event::Opening;
use super::state::ReportRun;
use crate::ids::PersonId;
use crate::people::{Actor, Person, Role};
use crate::rejection::{Rejection, RejectionCode};

impl ReportRun {
    /// A person of the run.
    #[must_use]
    pub fn person(&self, id: &PersonId) -> Option<&Person> {
        self.people.get(id)
    }

    /// Everybody on the run, by id.
    pub fn people(&self) -> impl Iterator<Item = &Person> {
        self.people.values()
    }

    /// Everybody who holds a role and can act in it, by id.
    #[must_use]
    pub fn holders(&self, role: Role) -> Vec<&Person> {
        self.people
            .values()
            .filter(|person| person.roles.contains(&role) && !person.name.is_erased())
            .collect()
    }

    /// The actor of a command: a person of this run, in a role that they hold. Who acts in another's place needs the
    /// role just as much as the one in whose place they act.
    ///
    /// # Errors
    /// `unknown_person`, `person_erased`, or `role_not_held` with what the person does hold.
    pub fn authorise(
        &self,
        person: &PersonId,
        role: Role,
        on_behalf_of: Option<&PersonId>,
    ) -> Result<Actor, Rejection> {
        let acting = self.holder(person, role)?;
        if let Some(other) = on_behalf_of {
            self.holder(other, role)?;
            if other == person {
                return Err(Rejection::new(
                    RejectionCode::RoleNotAllowed,
                    format!("{person} cannot act in their own place; leave out on_behalf_of"),
                ));
            }
        }
        Ok(Actor {
            id: acting.id.clone(),
            name: acting.name.clone(),
            role,
            on_behalf_of: on_behalf_of.cloned(),
        })
    }

    /// The actor of the command that opens a run, from the register that it brings along.
    ///
    /// # Errors
    /// As [`ReportRun::authorise`].
    pub fn authorise_opening(
        opening: &Opening,
        person: &PersonId,
        role: Role,
        on_behalf_of: Option<&PersonId>,
    ) -> Result<Actor, Rejection> {
        let register = opening.people.iter();
        let run = Self {
            people: register
                .map(|person| (person.id.clone(), person.clone()))
                .collect(),
            ..Self::default()
        };
        run.authorise(person, role, on_behalf_of)
    }

    fn holder(&self, id: &PersonId, role: Role) -> Result<&Person, Rejection> {
        let Some(person) = self.people.get(id) else {
            return Err(Rejection::new(
                RejectionCode::UnknownPerson,
                format!("{id} is not on this run; an admin or a test executive can register them"),
            ));
        };
        person.expect_name()?;
        // The engine's role is never a person's, whatever a register says.
        if role != Role::Engine && person.roles.contains(&role) {
            return Ok(person);
        }
        let held: Vec<&str> = person.roles.iter().map(|role| role.name()).collect();
        let held = match held.as_slice() {
            [] => "no role".to_owned(),
            held => held.join(", "),
        };
        Err(Rejection::new(
            RejectionCode::RoleNotHeld,
            format!("{id} does not hold the role {role} on this run; they hold {held}"),
        ))
    }
}
