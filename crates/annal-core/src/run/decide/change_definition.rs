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
        pinned: &Definition,
    ) -> Result<Vec<RunEvent>, Rejection> {
        let from = pinned.reference();
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
                from,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::{Person, Role};
    use crate::run::event::Opening;

    /// A run that is open, with nobody on it and this to be skipped.
    fn run_skipping(phase: Phase) -> ReportRun {
        let opening = serde_json::json!({
            "run": "018f4e2a-7c1b-7000-8000-000000000001", "report": "R", "cycle": "C",
            "definition": Definition::latest().reference(), "people": [], "skip": [phase], "seed": 1,
            "data": {"name": "d", "sha256": "", "bytes": 1}, "dictionary": {"name": "d", "sha256": "", "bytes": 1},
            "sample_size": 1,
        });
        let opening: Opening = serde_json::from_value(opening).unwrap();
        let mut run = ReportRun::default();
        run.evolve(&RunEvent::RunOpened(opening));
        run
    }

    fn whys(run: &ReportRun, newer: &Definition) -> Vec<String> {
        let obstacles = run.obstacles(newer);
        obstacles.into_iter().map(|item| item.why).collect()
    }

    /// No two definitions of this build differ in these, so a definition of its own shows them.
    #[test]
    fn a_skip_a_role_or_a_phase_that_the_newer_one_does_not_have_is_in_the_way() {
        let strict = r#"{"version": "9.0.0", "escalate_after_hours": [], "phases": [{"phase": "planning",
            "after": [], "time_limit_hours": 1, "work": "tester", "approve": ["data_executive"]}]}"#;
        let strict = Definition::parse(strict).unwrap();
        let mut run = run_skipping(Phase::Observations);
        run.evolve(&RunEvent::PersonRegistered {
            person: Person {
                id: crate::PersonId::new("ana").unwrap(),
                name: "Ana".into(),
                roles: [Role::Tester].into(),
            },
        });
        run.evolve(&RunEvent::PhaseStarted {
            phase: Phase::Scoping,
        });
        assert_eq!(
            whys(&run, &strict),
            [
                "scoping is started, and it has no such phase",
                "observations is to be skipped, which it does not allow",
                "nobody on the run holds the role data_executive",
            ]
        );
    }
}
