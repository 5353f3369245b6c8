//! Moving a run to a newer definition, where what was done so far allows it.

use super::super::event::{DefinitionRef, RunEvent};
use super::super::state::{PhaseStatus, ReportRun};
use super::opening::missing_roles;
use super::phases::list;
use crate::definition::Definition;
use crate::people::Actor;
use crate::phase::Phase;
use crate::rejection::{RefusedItem, Rejection, RejectionCode};

impl ReportRun {
    pub(super) fn change_definition(
        &self,
        to: &DefinitionRef,
        actor: &Actor,
        reason: String,
    ) -> Result<Vec<RunEvent>, Rejection> {
        let Some(from) = self.definition() else {
            return self.must_be_open().map(|()| Vec::new());
        };
        let newer = Definition::builtin(&to.version).map_err(|error| refused(error.to_string()))?;
        if newer.reference() != *to {
            return Err(refused(format!(
                "definition {} has another text here than the one asked for ({}); use one build everywhere",
                to.version, to.sha256
            )));
        }
        if to.version <= from.version {
            return Err(refused(format!(
                "the run is on definition {}; it can only go to a newer one, not to {}",
                from.version, to.version
            )));
        }
        let obstacles = self.obstacles(&newer);
        if obstacles.is_empty() {
            return Ok(vec![RunEvent::DefinitionChanged {
                from: from.clone(),
                to: to.clone(),
                by: actor.id.clone(),
                reason,
            }]);
        }
        let named: Vec<&str> = obstacles.iter().map(|item| item.why.as_str()).collect();
        Err(Rejection::of_items(
            RejectionCode::DefinitionRefused,
            format!(
                "the run cannot go from definition {} to {}: {}",
                from.version,
                to.version,
                named.join("; ")
            ),
            obstacles,
        ))
    }

    /// Everything that stands in the way of a newer definition.
    fn obstacles(&self, newer: &Definition) -> Vec<RefusedItem> {
        let phases = Phase::ALL
            .into_iter()
            .filter_map(|phase| Some((phase.name(), self.phase_obstacle(phase, newer)?)));
        let roles = missing_roles(self.people(), newer);
        let roles = roles.iter().map(|role| {
            (
                role.name(),
                format!("nobody on the run holds the role {role}"),
            )
        });
        phases
            .chain(roles)
            .map(|(item, why)| RefusedItem {
                item: item.to_owned(),
                why,
            })
            .collect()
    }

    fn phase_obstacle(&self, phase: Phase, newer: &Definition) -> Option<String> {
        let status = self.phase_status(phase);
        let def = newer.phase(phase);
        if status == PhaseStatus::Waiting {
            let kept = def.is_some_and(|def| def.optional);
            return (self.is_to_be_skipped(phase) && !kept)
                .then(|| format!("{phase} is to be skipped, which it does not allow"));
        }
        let Some(def) = def else {
            return Some(format!(
                "{phase} is {}, and it has no such phase",
                status.name()
            ));
        };
        let open = self.not_over(&def.after);
        (!open.is_empty()).then(|| {
            format!(
                "{phase} is {}, and there it comes after {}, which this run has not done",
                status.name(),
                list(&open)
            )
        })
    }
}

fn refused(message: String) -> Rejection {
    Rejection::new(RejectionCode::DefinitionRefused, message)
}
