//! What people ask of a run, as it is sent: each act by the name of the activity that carries it out, which its events bear.

use annal_core::dossier::DossierCommand as C;
use annal_core::dossier::command::{OwnerAssignment, TestResult};
use annal_core::dossier::event::FileRef;
use annal_core::item::{Content, DecisionLevel, ItemVerdict, NewItem};
use annal_core::people::Person;
use annal_core::run::RunCommand as R;
use annal_core::version::CarryForward;
use annal_core::{
    CommandId, DocumentId, ItemId, PersonId, Phase, RequestId, Role, TestCaseId, VersionNo,
};
use annal_flow::Act;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::acting::Asked;
use crate::api::extract::Moment;
use crate::problem::{Problem, kinds};

/// One act. `act` says which, and with it which other members there are; a member that is not known is refused.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(example = json!({"act": "submit_version", "phase": "planning"}))]
pub(in crate::api) struct ActRequest {
    /// What is asked.
    #[schema(inline)]
    #[serde(flatten)]
    pub(super) act: ActOf,
    /// How it is asked.
    #[schema(inline)]
    #[serde(flatten)]
    pub(super) how: How,
}

/// How something is asked, beside what. Who asks comes from the sign-in alone.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub(in crate::api) struct How {
    /// Why. Rejections, overrides and changes need it.
    pub(super) reason: Option<String>,
    /// In which role; left out, the one that you hold and the act needs.
    pub(super) role: Option<Role>,
    /// In whose place.
    pub(super) on_behalf_of: Option<PersonId>,
    /// When it took place, as you claim; left out, now.
    pub(super) effective_at: Option<Moment>,
}

/// The members that belong to [`How`].
const HOW: [&str; 4] = ["reason", "role", "on_behalf_of", "effective_at"];

impl<'de> Deserialize<'de> for ActRequest {
    /// By hand, because what is flattened cannot refuse members that it does not know.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let act = Map::deserialize(deserializer)?;
        let (how, act): (Map<_, _>, Map<_, _>) = act
            .into_iter()
            .partition(|(key, _)| HOW.contains(&key.as_str()));
        Ok(Self {
            act: ActOf::deserialize(Value::Object(act)).map_err(D::Error::custom)?,
            how: How::deserialize(Value::Object(how)).map_err(D::Error::custom)?,
        })
    }
}

impl How {
    pub(in crate::api) fn of(reason: Option<String>, role: Option<Role>) -> Self {
        Self {
            reason,
            role,
            ..Self::default()
        }
    }

    pub(in crate::api) fn asked(self, id: CommandId) -> Asked {
        Asked {
            command_id: Some(id),
            role: self.role,
            on_behalf_of: self.on_behalf_of,
            reason: self.reason,
            effective_at: self.effective_at.map(|it| it.0),
            signed_in_again: false,
        }
    }
}

/// The acts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub(in crate::api) enum ActOf {
    /// Adds a person to the run, or changes the roles that they hold. By an admin or a test executive of the run.
    RegisterPerson {
        /// The person with all roles from now on.
        person: Person,
    },
    /// Moves the run to a newer definition. Needs a reason; by a test executive or an admin of the run.
    ChangeDefinition {
        /// Its version.
        #[schema(value_type = String, example = "2.0.0")]
        version: semver::Version,
    },
    /// Ends the run. Needs a reason; by a test executive.
    CancelRun {},
    /// A completed phase goes on. Needs a reason; by a test executive.
    ReopenPhase {
        /// The phase.
        phase: Phase,
    },
    /// A stale phase stands as it is. Needs a reason; by a test executive.
    ConfirmPhase {
        /// The phase.
        phase: Phase,
    },
    /// Makes a first draft by hand.
    CreateVersion {
        /// The phase.
        phase: Phase,
        /// Its items.
        items: Vec<NewItem>,
    },
    /// Makes a draft that answers a rejected version.
    ReviseVersion {
        /// The phase.
        phase: Phase,
        /// What comes along.
        #[serde(default)]
        policy: CarryForward,
        /// sample_selection: so many new samples are drawn beside it.
        #[serde(default)]
        draw: u32,
        /// New items beside it.
        #[serde(default)]
        add: Vec<NewItem>,
    },
    /// Makes a draft with the contents of an old version. Needs a reason.
    RevertVersion {
        /// The phase.
        phase: Phase,
        /// The old version.
        to: VersionNo,
    },
    /// Puts items into the draft.
    AddItems {
        /// The phase.
        phase: Phase,
        /// The items.
        items: Vec<NewItem>,
    },
    /// Gives an item of the draft another content. Needs a reason.
    ChangeItem {
        /// The phase.
        phase: Phase,
        /// The item.
        item: ItemId,
        /// What it says now.
        content: Content,
    },
    /// Takes items out of the draft. Needs a reason.
    RemoveItems {
        /// The phase.
        phase: Phase,
        /// The items.
        items: Vec<ItemId>,
    },
    /// Decides on items; all or nothing.
    DecideItems {
        /// The phase.
        phase: Phase,
        /// The version meant; the open one if none is given.
        version: Option<VersionNo>,
        /// First or second level.
        level: DecisionLevel,
        /// The verdicts.
        decisions: Vec<ItemVerdict>,
    },
    /// Hands the draft in.
    SubmitVersion {
        /// The phase.
        phase: Phase,
        /// The version meant; the open one if none is given.
        version: Option<VersionNo>,
    },
    /// Takes the pending version back to draft. Needs a reason.
    WithdrawVersion {
        /// The phase.
        phase: Phase,
        /// The version meant; the open one if none is given.
        version: Option<VersionNo>,
    },
    /// The pending version stands.
    ApproveVersion {
        /// The phase.
        phase: Phase,
        /// The version meant; the open one if none is given.
        version: Option<VersionNo>,
    },
    /// The pending version does not stand. Needs a reason.
    RejectVersion {
        /// The phase.
        phase: Phase,
        /// The version meant; the open one if none is given.
        version: Option<VersionNo>,
        /// What is asked for.
        #[serde(default)]
        requested_changes: Vec<String>,
    },
    /// data_owner_id: names owners. Whoever had another owner is reassigned, which needs a reason.
    AssignOwners {
        /// The assignments.
        assignments: Vec<OwnerAssignment>,
    },
    /// data_owner_id: you agree to own.
    AcknowledgeOwnership {
        /// The attributes; all that wait for you if empty.
        #[serde(default)]
        attributes: Vec<ItemId>,
    },
    /// data_owner_id: open assignments go up. Needs a reason.
    EscalateOwnership {
        /// The attributes.
        attributes: Vec<ItemId>,
        /// To whom.
        to: PersonId,
    },
    /// request_info: asks an owner for evidence.
    RequestInformation {
        /// An id for the request.
        request: RequestId,
        /// Whom.
        owner: PersonId,
        /// For which attributes.
        attributes: Vec<ItemId>,
        /// What is asked.
        text: String,
    },
    /// request_info: answers a request with a file that was uploaded.
    SubmitDocument {
        /// An id for the document.
        document: DocumentId,
        /// The request.
        request: RequestId,
        /// The file, as the upload answered it.
        file: FileRef,
    },
    /// request_info: a new version of a document. Needs a reason.
    ReviseDocument {
        /// The document.
        document: DocumentId,
        /// The file, as the upload answered it.
        file: FileRef,
    },
    /// request_info: accepts a document's newest version, or sends it back, which needs a reason.
    ReviewDocument {
        /// The document.
        document: DocumentId,
        /// First or second level.
        level: DecisionLevel,
        /// Accept, or send back.
        accept: bool,
    },
    /// test_execution: lets the engine compare samples with evidence.
    ExecuteTests {
        /// These again, which needs a reason; all that were not run yet if empty.
        #[serde(default)]
        cases: Vec<TestCaseId>,
    },
    /// test_execution: results of tests that were run by hand.
    RecordTests {
        /// The results.
        results: Vec<TestResult>,
    },
    /// test_execution: results stand, or have to be run again, which needs a reason.
    ReviewTests {
        /// The cases; all that wait if empty.
        #[serde(default)]
        cases: Vec<TestCaseId>,
        /// They stand.
        accept: bool,
    },
}

impl ActOf {
    /// The act as the workflow takes it.
    pub(super) fn into_act(self) -> Result<Act, Problem> {
        let on = |phase, command| Act::Dossier { phase, command };
        Ok(match self {
            Self::RegisterPerson { person } => Act::Run(R::RegisterPerson { person }),
            Self::ChangeDefinition { version } => {
                let to = annal_core::definition::Definition::builtin(&version)
                    .map_err(|no| Problem::new(&kinds::DEFINITION_REFUSED, no.to_string()))?;
                Act::Run(R::ChangeDefinition { to: to.reference() })
            }
            Self::CancelRun {} => Act::Run(R::Cancel {}),
            Self::ReopenPhase { phase } => Act::Run(R::ReopenPhase { phase }),
            Self::ConfirmPhase { phase } => Act::Run(R::ConfirmPhase { phase }),
            Self::CreateVersion { phase, items } => on(phase, C::CreateVersion { items }),
            Self::ReviseVersion {
                phase,
                policy,
                draw,
                add,
            } => Act::Revise {
                phase,
                policy,
                draw,
                add,
            },
            Self::RevertVersion { phase, to } => on(phase, C::Revert { to }),
            Self::AddItems { phase, items } => on(phase, C::AddItems { items }),
            Self::ChangeItem {
                phase,
                item,
                content,
            } => on(phase, C::ChangeItem { item, content }),
            Self::RemoveItems { phase, items } => on(phase, C::RemoveItems { items }),
            Self::DecideItems {
                phase,
                version,
                level,
                decisions,
            } => on(
                phase,
                C::Decide {
                    version,
                    level,
                    decisions,
                },
            ),
            Self::SubmitVersion { phase, version } => on(phase, C::Submit { version }),
            Self::WithdrawVersion { phase, version } => on(phase, C::Withdraw { version }),
            Self::ApproveVersion { phase, version } => on(phase, C::Approve { version }),
            Self::RejectVersion {
                phase,
                version,
                requested_changes,
            } => on(
                phase,
                C::Reject {
                    version,
                    requested_changes,
                },
            ),
            Self::ExecuteTests { cases } => Act::ExecuteTests { cases },
            Self::AssignOwners { assignments } => {
                on(Phase::DataOwnerId, C::AssignOwners { assignments })
            }
            Self::AcknowledgeOwnership { attributes } => {
                on(Phase::DataOwnerId, C::AcknowledgeOwnership { attributes })
            }
            Self::EscalateOwnership { attributes, to } => {
                on(Phase::DataOwnerId, C::EscalateOwnership { attributes, to })
            }
            Self::RequestInformation {
                request,
                owner,
                attributes,
                text,
            } => on(
                Phase::RequestInfo,
                C::RequestInformation {
                    request,
                    owner,
                    attributes,
                    text,
                },
            ),
            Self::SubmitDocument {
                document,
                request,
                file,
            } => on(
                Phase::RequestInfo,
                C::SubmitDocument {
                    document,
                    request,
                    file,
                },
            ),
            Self::ReviseDocument { document, file } => {
                on(Phase::RequestInfo, C::ReviseDocument { document, file })
            }
            Self::ReviewDocument {
                document,
                level,
                accept,
            } => on(
                Phase::RequestInfo,
                C::ReviewDocument {
                    document,
                    level,
                    accept,
                },
            ),
            Self::RecordTests { results } => on(Phase::TestExecution, C::RecordTests { results }),
            Self::ReviewTests { cases, accept } => {
                on(Phase::TestExecution, C::ReviewTests { cases, accept })
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use annal_flow::BY_PEOPLE;
    use serde_json::json;

    use super::*;

    fn read(body: Value) -> Result<ActRequest, String> {
        ActRequest::deserialize(body).map_err(|no| no.to_string())
    }

    #[test]
    fn every_act_of_people_can_be_asked_for_and_none_of_the_engine() {
        // Signing has a path of its own, because it asks for a sign-in of its own.
        for name in BY_PEOPLE.iter().filter(|it| **it != "sign_sections") {
            let told = read(json!({"act": name})).err().unwrap_or_default();
            assert!(!told.contains("unknown variant"), "{name}: {told}");
        }
        for name in [
            "begin",
            "complete",
            "skip",
            "mark_stale",
            "open",
            "schedule_step",
        ] {
            let told = read(json!({"act": name})).unwrap_err();
            assert!(told.contains("unknown variant"), "{name}: {told}");
        }
    }

    #[test]
    fn an_act_bears_the_name_of_its_activity() {
        let submit = read(json!({"act": "submit_version", "phase": "planning"})).unwrap();
        assert_eq!(submit.act.into_act().unwrap().activity(), "submit_version");
        let cancel = read(json!({"act": "cancel_run", "reason": "no longer due"})).unwrap();
        assert_eq!(cancel.how.reason.as_deref(), Some("no longer due"));
        assert_eq!(cancel.act.into_act().unwrap().activity(), "cancel_run");
        let run = read(json!({"act": "execute_tests"})).unwrap();
        assert_eq!(run.act.into_act().unwrap().activity(), "execute_tests");
    }

    #[test]
    fn a_misspelt_member_is_refused_instead_of_being_passed_over() {
        for body in [
            json!({"act": "submit_version", "phase": "planning", "resaon": "typo"}),
            json!({"act": "submit_version", "phase": "planning", "person": "olga"}),
            json!({"act": "cancel_run", "actor": "olga"}),
        ] {
            let told = read(body.clone()).unwrap_err();
            assert!(told.contains("unknown field"), "{body}: {told}");
        }
    }
}
