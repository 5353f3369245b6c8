//! People, the roles they hold on a run, and the actor of a command.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ids::PersonId;
use crate::printed_name::PrintedName;
use crate::rejection::{Rejection, RejectionCode};

/// What a person may do on a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Role {
    /// Prepares every phase and takes the first-level decisions.
    Tester,
    /// May reopen a phase.
    TestExecutive,
    /// Takes the second-level decisions.
    ReportOwner,
    /// Signs the report last.
    ReportExecutive,
    /// Provides the evidence for the attributes that they own.
    DataOwner,
    /// The chief data officer's side; hears of escalations.
    DataExecutive,
    /// Reads everything, decides nothing.
    Auditor,
    /// Configures, decides nothing.
    Admin,
    /// The engine itself: automatic steps. No person holds it.
    Engine,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 9] = [
        Self::Tester,
        Self::TestExecutive,
        Self::ReportOwner,
        Self::ReportExecutive,
        Self::DataOwner,
        Self::DataExecutive,
        Self::Auditor,
        Self::Admin,
        Self::Engine,
    ];

    /// The name used in payloads and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tester => "tester",
            Self::TestExecutive => "test_executive",
            Self::ReportOwner => "report_owner",
            Self::ReportExecutive => "report_executive",
            Self::DataOwner => "data_owner",
            Self::DataExecutive => "data_executive",
            Self::Auditor => "auditor",
            Self::Admin => "admin",
            Self::Engine => "engine",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A word that names no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' is not a role; the roles are tester, test_executive, report_owner, report_executive, data_owner, data_executive, auditor, admin"
)]
pub struct UnknownRole(pub String);

impl FromStr for Role {
    type Err = UnknownRole;
    fn from_str(value: &str) -> Result<Self, Self::Err> {
        let name = value.replace('-', "_");
        Self::ALL
            .into_iter()
            .find(|role| role.name() == name)
            .ok_or_else(|| UnknownRole(value.to_owned()))
    }
}

/// A person on a run, with every role that they hold there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Person {
    /// Stable, never reused.
    pub id: PersonId,
    /// As it is printed beside a signature.
    pub name: PrintedName,
    /// Roles on this run.
    pub roles: BTreeSet<Role>,
}

impl Person {
    /// Refuses a person whose name was erased: there is none to be printed beside an act.
    ///
    /// # Errors
    /// `person_erased`.
    pub fn expect_name(&self) -> Result<(), Rejection> {
        if !self.name.is_erased() {
            return Ok(());
        }
        Err(Rejection::new(
            RejectionCode::PersonErased,
            format!(
                "the name of {} was erased and they act no more; register who acts now under another id",
                self.id
            ),
        ))
    }
}

/// Who acts. Made only from a run's own register (`ReportRun::authorise`) or as the engine, so a command cannot
/// bring a name or a role of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The person.
    pub id: PersonId,
    /// Printed name at the time of the act.
    pub name: PrintedName,
    /// The role in which the person acts here.
    pub role: Role,
    /// The person in whose place they act, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<PersonId>,
}

impl Actor {
    /// The engine, for automatic steps.
    ///
    /// # Panics
    /// Never: the id is a constant that is valid.
    #[must_use]
    pub fn engine() -> Self {
        let id = PersonId::new("annal").expect("a constant, valid id");
        Self {
            id,
            name: "Annal".into(),
            role: Role::Engine,
            on_behalf_of: None,
        }
    }
}
