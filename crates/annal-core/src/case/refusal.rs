//! The record of what the rules refused.

use super::{Case, Outcome, Target};
use crate::command::Command;
use crate::dossier::{DossierEvent, DossierStatus};
use crate::ids::StepId;
use crate::people::Actor;
use crate::rejection::Rejection;
use crate::run::RunEvent;

impl Case {
    /// What is recorded of a refused attempt: in the phase's stream if the phase began, else in the run's.
    #[must_use]
    pub fn refused(&self, asked: &Command<Target>, rejection: &Rejection) -> Outcome {
        let (phase, command) = match &asked.body {
            Target::Run { command } => (None, command.name()),
            Target::Dossier { phase, command } => (Some(*phase), command.name()),
        };
        let begun = phase.filter(|it| self.dossier(*it).status != DossierStatus::NotBegun);
        let (by, role) = (asked.person.clone(), asked.role);
        let (command, code) = (command.to_owned(), rejection.code);
        let message = rejection.message.clone();
        let mut outcome = Outcome {
            actor: self.as_given(asked),
            step: self.refused_at(begun),
            run: Vec::new(),
            dossiers: std::collections::BTreeMap::new(),
        };
        match begun {
            Some(phase) => {
                let event = DossierEvent::AttemptRefused {
                    command,
                    code,
                    message,
                    by,
                    role,
                };
                outcome.dossiers.insert(phase, vec![event]);
            }
            None => outcome.run.push(RunEvent::AttemptRefused {
                command,
                code,
                message,
                by,
                role,
            }),
        }
        outcome
    }

    fn refused_at(&self, phase: Option<crate::phase::Phase>) -> StepId {
        let open = phase.and_then(|phase| self.run.open_step(phase));
        let name = || phase.map_or("run", crate::phase::Phase::name);
        open.map_or_else(
            || StepId::new(name()).expect("a phase's name or `run`"),
            |step| step.id.clone(),
        )
    }

    /// The asker as they gave themselves: who is not on the register has no name there.
    fn as_given(&self, asked: &Command<Target>) -> Actor {
        let name = self.run.person(&asked.person).map(|it| it.name.clone());
        Actor {
            id: asked.person.clone(),
            name: name.unwrap_or_else(|| "(not on the register)".into()),
            role: asked.role,
            on_behalf_of: asked.on_behalf_of.clone(),
        }
    }
}
