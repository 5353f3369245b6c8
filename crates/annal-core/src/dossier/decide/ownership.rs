//! data_owner_id: who owns the data of each attribute in each line of business.

use std::collections::BTreeSet;

use super::items::{Refusals, not_empty, once};
use super::{Asked, Decided};
use crate::dossier::basis::Basis;
use crate::dossier::command::OwnerAssignment;
use crate::dossier::event::DossierEvent;
use crate::dossier::state::{Assignment, Dossier};
use crate::ids::{ItemId, PersonId};
use crate::people::Role;
use crate::rejection::{Rejection, RejectionCode as Code};

impl Dossier {
    pub(super) fn assign_owners(
        &self,
        asked: &Asked<'_>,
        assignments: &[OwnerAssignment],
        basis: &Basis,
    ) -> Decided {
        asked.in_role(&[Role::Tester, Role::DataExecutive], "assign data owners")?;
        not_empty(assignments.len())?;
        let mut bad = Refusals::default();
        let mut seen = BTreeSet::new();
        for one in assignments {
            let place = format!("{} in {}", one.attribute, one.line_of_business);
            bad.note(&place, once(&mut seen, &place));
            bad.note(&place, self.check_assignment(asked, one, basis));
        }
        bad.into_result("assign")?;
        Ok(assignments
            .iter()
            .map(|one| self.assigned(asked, one))
            .collect())
    }

    fn check_assignment(
        &self,
        asked: &Asked<'_>,
        one: &OwnerAssignment,
        basis: &Basis,
    ) -> Option<(Code, String)> {
        if !basis.attributes.contains(&one.attribute) {
            let why = "is not an attribute in scope that is tested";
            return Some((Code::UnknownItem, why.to_owned()));
        }
        if !basis.lines_of_business.contains(&one.line_of_business) {
            let why = format!(
                "names no line of business of this report ({})",
                basis.lines_of_business.join(", ")
            );
            return Some((Code::InvalidContent, why));
        }
        match self.assignment_of(&one.attribute, &one.line_of_business) {
            Some(now) if now.owner == one.owner => {
                let why = format!("belongs to {} already", one.owner);
                Some((Code::DuplicateItem, why))
            }
            Some(now) if asked.reason.is_none() => {
                let why = format!("belongs to {}; to reassign it needs a reason", now.owner);
                Some((Code::ReasonRequired, why))
            }
            _ => None,
        }
    }

    fn assigned(&self, asked: &Asked<'_>, one: &OwnerAssignment) -> DossierEvent {
        let (attribute, line_of_business) = (one.attribute.clone(), one.line_of_business.clone());
        let (owner, by) = (one.owner.clone(), asked.person());
        match self.assignment_of(&one.attribute, &one.line_of_business) {
            None => DossierEvent::OwnerAssigned {
                attribute,
                line_of_business,
                owner,
                by,
            },
            Some(now) => DossierEvent::OwnerReassigned {
                attribute,
                line_of_business,
                owner,
                previous: now.owner.clone(),
                by,
                reason: asked.reason.unwrap_or_default().to_owned(),
            },
        }
    }

    pub(super) fn acknowledge(&self, asked: &Asked<'_>, attributes: &[ItemId]) -> Decided {
        asked.in_role(&[Role::DataOwner], "acknowledge ownership")?;
        // After a reopening the owners may simply say again that it is theirs.
        let waiting = match self.reopened_untouched {
            true => self.assignments_of(attributes),
            false => self.waiting_assignments(attributes),
        };
        let mine: Vec<_> = waiting
            .into_iter()
            .filter(|(_, _, it)| it.owner == asked.actor.id)
            .collect();
        let mut bad = Refusals::default();
        for attribute in attributes {
            let found = mine.iter().any(|(id, _, _)| *id == attribute);
            let why = format!("does not wait for {}", asked.actor.id);
            bad.note(attribute, (!found).then_some((Code::UnknownItem, why)));
        }
        bad.into_result("acknowledge")?;
        if mine.is_empty() {
            return Err(Rejection::new(
                Code::OutOfOrder,
                format!("nothing waits for {} to acknowledge", asked.actor.id),
            ));
        }
        let acknowledged =
            |(attribute, line, it): (&ItemId, &str, &Assignment)| DossierEvent::OwnerAcknowledged {
                attribute: attribute.clone(),
                line_of_business: line.to_owned(),
                owner: it.owner.clone(),
            };
        Ok(mine.into_iter().map(acknowledged).collect())
    }

    pub(super) fn escalate(
        &self,
        asked: &Asked<'_>,
        attributes: &[ItemId],
        to: &PersonId,
    ) -> Decided {
        let may = [Role::Tester, Role::TestExecutive, Role::Engine];
        asked.in_role(&may, "escalate assignments")?;
        not_empty(attributes.len())?;
        let reason = asked.due_reason("escalate assignments")?;
        let waiting = self.waiting_assignments(attributes);
        let mut bad = Refusals::default();
        for attribute in attributes {
            let found = waiting.iter().any(|(id, _, _)| *id == attribute);
            let why = "has no assignment that waits for its owner".to_owned();
            bad.note(attribute, (!found).then_some((Code::UnknownItem, why)));
        }
        bad.into_result("escalate")?;
        let escalated = |(attribute, line, _): (&ItemId, &str, &Assignment)| {
            DossierEvent::AssignmentEscalated {
                attribute: attribute.clone(),
                line_of_business: line.to_owned(),
                to: to.clone(),
                by: asked.person(),
                reason: reason.clone(),
            }
        };
        Ok(waiting.into_iter().map(escalated).collect())
    }

    fn assignment_of(&self, attribute: &ItemId, line: &str) -> Option<&Assignment> {
        self.assignments.get(attribute)?.get(line)
    }

    /// Assignments that nobody acknowledged, of these attributes (of all, if none is named).
    pub(crate) fn waiting_assignments(
        &self,
        attributes: &[ItemId],
    ) -> Vec<(&ItemId, &str, &Assignment)> {
        let mut waiting = self.assignments_of(attributes);
        waiting.retain(|(_, _, it)| !it.acknowledged);
        waiting
    }

    /// Assignments of these attributes (of all, if none is named).
    fn assignments_of(&self, attributes: &[ItemId]) -> Vec<(&ItemId, &str, &Assignment)> {
        self.assignments
            .iter()
            .filter(|(id, _)| attributes.is_empty() || attributes.contains(id))
            .flat_map(|(id, lines)| lines.iter().map(move |(line, it)| (id, line.as_str(), it)))
            .collect()
    }
}
