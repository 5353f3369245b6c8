//! In which role an act is done.

use annal_core::definition::Definition;
use annal_core::dossier::{DossierCommand as C, sign_off_order};
use annal_core::item::DecisionLevel;
use annal_core::run::RunCommand as R;
use annal_core::{Case, PersonId, Role};

use crate::act::Act;

const WORK: &[Role] = &[Role::Tester];
const SECOND: &[Role] = &[Role::ReportOwner, Role::ReportExecutive];
const DATA_OWNER: &[Role] = &[Role::DataOwner];
const EXECUTIVE: &[Role] = &[Role::TestExecutive];

impl Act {
    /// The roles in which it can be done, the usual one first; none for what no person may ask. The rules of the core
    /// decide whether it is done: this says only in which of their roles somebody means it.
    #[must_use]
    pub fn roles(&self, definition: &Definition) -> Vec<Role> {
        match self {
            Self::Dossier {
                phase,
                command: C::Sign { .. },
            } => definition
                .phase(*phase)
                .map_or_else(Vec::new, sign_off_order),
            Self::Dossier { command, .. } => of_command(command).to_vec(),
            Self::Run(command) => of_run_command(command).to_vec(),
            Self::Revise { .. } | Self::ExecuteTests { .. } => WORK.to_vec(),
        }
    }

    /// The role in which somebody means this act, when they name none: the first that fits and that they hold. Where
    /// they hold none, the rules say so, and know best how to.
    #[must_use]
    pub fn role_of(&self, case: &Case, person: &PersonId) -> Role {
        let roles = self.roles(&case.definition);
        let held = case.run.person(person).map(|it| &it.roles);
        let holds = |role: &&Role| held.is_some_and(|held| held.contains(*role));
        let found = roles.iter().find(holds).or(roles.first());
        found.copied().unwrap_or(Role::Tester)
    }
}

fn of_command(command: &C) -> &'static [Role] {
    match command {
        C::Decide { level, .. } => match level {
            DecisionLevel::Tester => WORK,
            DecisionLevel::ReportOwner => SECOND,
        },
        C::Approve { .. } | C::Reject { .. } => SECOND,
        C::ReviewDocument { level, .. } => match level {
            DecisionLevel::Tester => WORK,
            DecisionLevel::ReportOwner => &[Role::ReportOwner],
        },
        C::AssignOwners { .. } => &[Role::Tester, Role::DataExecutive],
        C::EscalateOwnership { .. } => &[Role::Tester, Role::TestExecutive],
        C::AcknowledgeOwnership { .. } | C::SubmitDocument { .. } | C::ReviseDocument { .. } => {
            DATA_OWNER
        }
        C::Reopen {} => EXECUTIVE,
        _ => WORK,
    }
}

fn of_run_command(command: &R) -> &'static [Role] {
    match command {
        R::RegisterPerson { .. } => &[Role::Admin, Role::TestExecutive],
        R::ChangeDefinition { .. } => &[Role::TestExecutive, Role::Admin],
        _ => EXECUTIVE,
    }
}
