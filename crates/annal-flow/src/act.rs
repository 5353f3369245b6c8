//! What people send to a run, and what they get back.

use annal_core::dossier::DossierCommand;
use annal_core::item::NewItem;
use annal_core::run::RunCommand;
use annal_core::run::event::{DefinitionRef, Opening};
use annal_core::version::{CarryForward, VersionRef};
use annal_core::{
    Command, CommandId, Phase, Position, Rejection, RunId, Summary, Target, TestCaseId,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::trace::Trace;

/// What a person asks of a run. Two acts are more than one command of the core, because the engine has to compute
/// something first; the others are carried out as they are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
#[expect(
    clippy::large_enum_variant,
    reason = "one act at a time; a box would show in every pattern"
)]
pub enum Act {
    /// A command on one phase.
    Dossier {
        /// The phase.
        phase: Phase,
        /// The command.
        command: DossierCommand,
    },
    /// A command on the run.
    Run(RunCommand),
    /// A revision of a phase's last version, for which the engine draws more samples if asked to.
    Revise {
        /// The phase.
        phase: Phase,
        /// Which items come along.
        policy: CarryForward,
        /// How many samples are drawn beside them, none of which any earlier version had. Only in sample selection.
        draw: u32,
        /// Items named by the person.
        add: Vec<NewItem>,
    },
    /// Runs test cases against the accepted evidence.
    ExecuteTests {
        /// These again, which needs a reason; all that were not run yet if empty.
        cases: Vec<TestCaseId>,
    },
}

/// A command on its way to a run: the argument of the update `act` and of the signal `act_later`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// The run.
    pub run: RunId,
    /// The command.
    pub command: Command<Act>,
    /// The trace of whoever sent it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<Trace>,
    /// Which sending of the command this is: see [`Unanswered`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sending: Option<Uuid>,
}

/// Why a run could not answer a command, as it says to its sender.
///
/// Temporal keeps what an update came to, a failure too, and gives it to everybody who asks under the same id. So the
/// failure names the sending that it belongs to: who sends the command again is told of what is now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}{}", .sending.map(|sending| format!("{SENT_AS}{sending}")).unwrap_or_default())]
pub(crate) struct Unanswered {
    /// What went wrong.
    pub(crate) detail: String,
    /// That which failed; none where an older build answered.
    pub(crate) sending: Option<Uuid>,
}

const SENT_AS: &str = "; sent as ";

impl Unanswered {
    /// Reads the text of one, which is all that Temporal keeps of it.
    pub(crate) fn read(text: &str) -> Self {
        let parts = text.rsplit_once(SENT_AS);
        let known = parts.and_then(|(detail, id)| Some((detail, id.parse().ok()?)));
        Self {
            detail: known.map_or(text, |(detail, _)| detail).to_owned(),
            sending: known.map(|(_, sending)| sending),
        }
    }
}

/// A command to open a run on its way there: the argument of the update `open`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct OpeningCall {
    /// The command.
    #[serde(flatten)]
    pub(crate) command: Command<Opening>,
    /// The trace of whoever sent it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) trace: Option<Trace>,
}

/// The answer to a command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum Reply {
    /// It was carried out.
    Accepted(Accepted),
    /// The rules refused it; the refusal is in the log.
    Rejected(Rejection),
}

/// A command that was carried out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Accepted {
    /// The version that it was about, where the phase has versions.
    pub version: Option<VersionRef>,
    /// Its first event.
    pub first: Position,
    /// Its last event.
    pub last: Position,
    /// The log had it already; nothing was written now.
    pub repeated: bool,
    /// Where the run stands now.
    pub summary: Summary,
}

/// The activities that carry out commands of people, by the name that their events bear.
pub const BY_PEOPLE: [&str; 27] = [
    "register_person",
    "change_definition",
    "cancel_run",
    "reopen_phase",
    "confirm_phase",
    "create_version",
    "revise_version",
    "revert_version",
    "add_items",
    "change_item",
    "remove_items",
    "decide_items",
    "submit_version",
    "withdraw_version",
    "approve_version",
    "reject_version",
    "assign_owners",
    "acknowledge_ownership",
    "escalate_ownership",
    "request_information",
    "submit_document",
    "revise_document",
    "review_document",
    "execute_tests",
    "record_tests",
    "review_tests",
    "sign_sections",
];

/// Carries out what no person may ask: the rules refuse it, and the refusal is recorded like any other.
pub(crate) const NOT_FOR_PEOPLE: &str = "refuse_command";

impl Act {
    /// The activity that carries it out.
    #[must_use]
    pub fn activity(&self) -> &'static str {
        let name = match self {
            Self::Dossier { command, .. } => command.name(),
            Self::Run(command) => command.name(),
            Self::Revise { .. } => "revise_version",
            Self::ExecuteTests { .. } => "execute_tests",
        };
        if BY_PEOPLE.contains(&name) {
            name
        } else {
            NOT_FOR_PEOPLE
        }
    }

    /// The phase that it is about, if it is about one.
    #[must_use]
    pub fn phase(&self) -> Option<Phase> {
        match self {
            Self::Dossier { phase, .. } | Self::Revise { phase, .. } => Some(*phase),
            Self::ExecuteTests { .. } => Some(Phase::TestExecution),
            Self::Run(RunCommand::ReopenPhase { phase } | RunCommand::ConfirmPhase { phase }) => {
                Some(*phase)
            }
            Self::Run(_) => None,
        }
    }

    /// The act as a command of the core, without what the engine would add to it: what is recorded of a refusal.
    pub(crate) fn as_asked(&self) -> Target {
        match self {
            Self::Dossier { phase, command } => Target::Dossier {
                phase: *phase,
                command: command.clone(),
            },
            Self::Run(command) => Target::Run {
                command: command.clone(),
            },
            Self::Revise {
                phase, policy, add, ..
            } => Target::Dossier {
                phase: *phase,
                command: DossierCommand::Revise {
                    policy: *policy,
                    add: add.clone(),
                },
            },
            Self::ExecuteTests { .. } => Target::Dossier {
                phase: Phase::TestExecution,
                command: DossierCommand::RecordTests {
                    results: Vec::new(),
                },
            },
        }
    }
}

/// The same command with another body.
pub(crate) fn with_body<A, B>(asked: &Command<A>, body: B) -> Command<B> {
    Command {
        id: asked.id,
        person: asked.person.clone(),
        role: asked.role,
        on_behalf_of: asked.on_behalf_of.clone(),
        reason: asked.reason.clone(),
        effective_at: asked.effective_at,
        body,
    }
}

/// What an activity hands back to the workflow: where the run stands after it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// Where the run stands.
    pub(crate) summary: Summary,
    /// The ledger's position up to which the summary tells all; of two, the later one holds.
    pub(crate) position: Position,
    /// The definition that it is pinned to now; none before it is opened.
    pub(crate) definition: Option<DefinitionRef>,
    /// What led here, for what follows from it.
    #[serde(flatten)]
    pub(crate) cause: Cause,
}

/// What something follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cause {
    /// The command.
    #[serde(rename = "cause")]
    pub(crate) command: CommandId,
    /// The trace of whoever set it off; none in histories from before there were traces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) trace: Option<Trace>,
}

/// What an activity hands back that carried out somebody's command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Answer {
    /// For the caller.
    pub(crate) settled: Settled,
    /// For the workflow.
    pub(crate) progress: Progress,
}

/// How a command was settled, and where its events stand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Settled {
    /// What was decided.
    #[serde(flatten)]
    pub(crate) verdict: Verdict,
    /// Its first event.
    pub(crate) first: Position,
    /// Its last event.
    pub(crate) last: Position,
    /// The log had it already.
    pub(crate) repeated: bool,
}

/// The part of a reply that is known before the events have their positions; the log keeps it with the command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// Carried out.
    Accepted {
        /// The version that it was about.
        version: Option<VersionRef>,
    },
    /// Refused.
    Rejected {
        /// Why.
        rejection: Rejection,
    },
}

impl Answer {
    /// The reply for whoever asked.
    pub(crate) fn into_reply(self) -> Reply {
        let Settled {
            verdict,
            first,
            last,
            repeated,
        } = self.settled;
        match verdict {
            Verdict::Rejected { rejection } => Reply::Rejected(rejection),
            Verdict::Accepted { version } => Reply::Accepted(Accepted {
                version,
                first,
                last,
                repeated,
                summary: self.progress.summary,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_of_a_person_names_its_activity_and_one_of_the_engine_does_not() {
        let act = |command| Act::Dossier {
            phase: Phase::Planning,
            command,
        };
        assert_eq!(
            act(DossierCommand::Submit { version: None }).activity(),
            "submit_version"
        );
        assert_eq!(act(DossierCommand::Reopen {}).activity(), "reopen_phase");
        assert_eq!(act(DossierCommand::Complete {}).activity(), NOT_FOR_PEOPLE);
        assert_eq!(Act::Run(RunCommand::Complete {}).activity(), NOT_FOR_PEOPLE);
        assert_eq!(Act::Run(RunCommand::Cancel {}).activity(), "cancel_run");
    }

    #[test]
    fn an_act_survives_the_way_to_the_workflow() {
        let acts = [
            Act::Run(RunCommand::ReopenPhase {
                phase: Phase::Scoping,
            }),
            Act::ExecuteTests { cases: vec![] },
            Act::Revise {
                phase: Phase::SampleSelection,
                policy: CarryForward::ApprovedOnly,
                draw: 10,
                add: vec![],
            },
        ];
        for act in acts {
            let json = serde_json::to_string(&act).unwrap();
            assert_eq!(serde_json::from_str::<Act>(&json).unwrap(), act, "{json}");
        }
    }
}
