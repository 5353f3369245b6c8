//! What people may try: mostly what waits for somebody, by anybody who holds the role; sometimes anything at all.

use annal_core::case::{Case, Target};
use annal_core::dossier::command::{OwnerAssignment, SectionSignature};
use annal_core::dossier::event::{FileRef, Meaning, TestOutcome};
use annal_core::dossier::state::{Item, Version};
use annal_core::dossier::{Action, DossierCommand as C, content_hash};
use annal_core::item::{DecisionLevel as L, ItemVerdict, Verdict as V};
use annal_core::people::Role;
use annal_core::run::RunCommand;
use annal_core::version::{CarryForward, VersionStatus};
use annal_core::{Command, CommandId, ItemId, Phase, VersionNo};
use chrono::{DateTime, Utc};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::office::person;
use crate::script::{items, result};

/// Everybody holds several roles, so that only the rules keep their hands apart.
pub(crate) const PEOPLE: [&str; 4] = ["ada", "ben", "cleo", "dora"];

#[derive(Debug, Clone)]
pub(crate) struct Move {
    who: &'static str,
    instead: Option<&'static str>,
    what: What,
    pick: Index,
    yes: bool,
}

#[derive(Debug, Clone)]
enum What {
    /// Something that waits for somebody.
    Awaited,
    /// Anything, anywhere.
    Wild(Phase, u8),
    /// The submitter of a pending version takes it back.
    TakeBack,
    Reopen(Phase),
    Confirm(Phase),
}

pub(crate) fn a_move() -> impl Strategy<Value = Move> {
    let phase = || select(Phase::ALL.to_vec());
    let what = prop_oneof![
        30 => Just(What::Awaited),
        8 => (phase(), 0..14_u8).prop_map(|(phase, kind)| What::Wild(phase, kind)),
        3 => Just(What::TakeBack),
        1 => phase().prop_map(What::Reopen),
        1 => phase().prop_map(What::Confirm),
    ];
    let who = || select(PEOPLE.to_vec());
    let instead = proptest::option::weighted(0.1, who());
    let yes = prop::bool::weighted(0.85);
    (who(), instead, what, any::<Index>(), yes).prop_map(|(who, instead, what, pick, yes)| Move {
        who,
        instead,
        what,
        pick,
        yes,
    })
}

impl Move {
    /// The command that it comes to in this case.
    pub(crate) fn command(&self, case: &Case, number: u128, now: DateTime<Utc>) -> Command<Target> {
        let (role, body) = self.asked(case);
        let submitter = pending(case).and_then(|(_, version)| version.submitter().cloned());
        let taken_back = matches!(self.what, What::TakeBack).then_some(submitter);
        Command {
            id: CommandId(uuid::Uuid::from_u128(number)),
            person: taken_back.flatten().unwrap_or_else(|| person(self.who)),
            role,
            on_behalf_of: self.instead.map(person),
            // A change of mind needs a reason; without one the rule of reasons would be met most often.
            reason: Some("so it is".to_owned()),
            effective_at: Some(now),
            body,
        }
    }

    fn asked(&self, case: &Case) -> (Role, Target) {
        let on = |phase, command| Target::Dossier { phase, command };
        match self.what {
            What::TakeBack => {
                let phase = pending(case).map_or(Phase::Planning, |(phase, _)| phase);
                (Role::Tester, on(phase, C::Withdraw { version: None }))
            }
            What::Reopen(phase) => (Role::TestExecutive, on(phase, C::Reopen {})),
            What::Confirm(phase) => {
                let command = RunCommand::ConfirmPhase { phase };
                (Role::TestExecutive, Target::Run { command })
            }
            What::Wild(phase, kind) => {
                let role = if kind < 8 {
                    Role::Tester
                } else {
                    Role::ReportOwner
                };
                (role, on(phase, self.wild(case, phase, kind)))
            }
            What::Awaited => {
                let awaiting = case.summary().awaiting;
                if awaiting.is_empty() {
                    return (
                        Role::Tester,
                        on(Phase::Planning, C::Submit { version: None }),
                    );
                }
                let waits = &awaiting[self.pick.index(awaiting.len())];
                let awaited = &waits.awaited;
                if awaited.action == Action::Confirm && self.yes {
                    let phase = waits.phase;
                    let command = RunCommand::ConfirmPhase { phase };
                    return (awaited.role, Target::Run { command });
                }
                let command = self.answer(case, waits.phase, awaited.role, awaited.action);
                (awaited.role, on(waits.phase, command))
            }
        }
    }

    fn answer(&self, case: &Case, phase: Phase, role: Role, action: Action) -> C {
        let version = None;
        match action {
            Action::Decide if role == Role::Tester => self.decide(case, phase, L::Tester),
            Action::Decide => self.decide(case, phase, L::ReportOwner),
            Action::Submit => C::Submit { version },
            Action::Approve if self.yes => C::Approve { version },
            Action::Approve => reject(),
            Action::Revise => self.revise(case, phase),
            Action::AssignOwners => assign(case),
            Action::Acknowledge => C::AcknowledgeOwnership { attributes: vec![] },
            Action::RequestInformation => ask(case),
            Action::SubmitDocument => hand_in(case),
            Action::ReviseDocument => C::ReviseDocument {
                document: "extract".parse().unwrap(),
                file: file(self.pick.index(9) + 1),
            },
            Action::ReviewDocument => C::ReviewDocument {
                document: "extract".parse().unwrap(),
                level: match role {
                    Role::Tester => L::Tester,
                    _ => L::ReportOwner,
                },
                accept: self.yes,
            },
            Action::ExecuteTests => self.execute(case),
            Action::ReviewTests => C::ReviewTests {
                cases: vec![],
                accept: self.yes,
            },
            Action::Sign => self.sign(case),
            Action::Confirm => C::Reopen {},
        }
    }

    fn wild(&self, case: &Case, phase: Phase, kind: u8) -> C {
        let version = None;
        let one = || newest(case, phase).first().map(|(id, _)| id.clone());
        let item = || one().unwrap_or_else(|| "none".parse().unwrap());
        let content = match phase {
            Phase::DataOwnerId | Phase::RequestInfo | Phase::TestExecution => Phase::Planning,
            other => other,
        };
        let items = || items(content);
        match kind {
            0 => C::CreateVersion { items: items() },
            1 => self.revise(case, phase),
            2 => C::Revert { to: VersionNo(1) },
            3 => C::AddItems { items: items() },
            4 => C::ChangeItem {
                item: item(),
                content: items()[0].content.clone(),
            },
            5 => C::RemoveItems {
                items: vec![item()],
            },
            6 => C::Withdraw { version },
            7 => self.decide(case, phase, L::Tester),
            8 => self.decide(case, phase, L::ReportOwner),
            9 => C::Approve { version },
            10 => reject(),
            11 => C::Submit { version },
            12 => self.sign(case),
            _ => C::Complete {},
        }
    }

    fn decide(&self, case: &Case, phase: Phase, level: L) -> C {
        let verdict = |item: &Item| match (level, phase, self.yes) {
            (L::Tester, Phase::Planning, true) => V::Include,
            (L::Tester, Phase::Planning, false) => V::Modify,
            (L::Tester, Phase::Scoping, true) => V::Accept,
            (L::Tester, Phase::Scoping, false) if item.in_scope() => V::Accept,
            (L::Tester, Phase::Scoping, false) => V::OverrideOut,
            (_, _, true) => V::Approve,
            (_, _, false) => V::Reject,
        };
        let open = newest(case, phase);
        let open = open.into_iter().filter(|(_, item)| !item.locked);
        let decisions = open.map(|(id, item)| ItemVerdict {
            verdict: verdict(&item),
            item: id,
        });
        C::Decide {
            version: None,
            level,
            decisions: decisions.collect(),
        }
    }

    fn revise(&self, case: &Case, phase: Phase) -> C {
        let policies = [
            CarryForward::ApprovedOnly,
            CarryForward::AllClearRejected,
            CarryForward::All,
        ];
        let policy = policies[self.pick.index(3)];
        let there = newest(case, phase);
        let missing = |id: &ItemId| {
            let known = there.iter().find(|(it, _)| it == id);
            !known.is_some_and(|(_, item)| item.comes_along(policy))
        };
        let add = match phase {
            Phase::DataOwnerId | Phase::RequestInfo | Phase::TestExecution => vec![],
            _ => items(phase),
        };
        let add = add.into_iter().filter(|new| missing(&new.id)).collect();
        C::Revise { policy, add }
    }

    fn execute(&self, case: &Case) -> C {
        let basis = case.basis(Phase::TestExecution);
        let outcome = match self.yes {
            true => TestOutcome::Passed,
            false => TestOutcome::Failed,
        };
        let open = case.dossier(Phase::TestExecution).unexecuted(&basis);
        let evidence = basis.evidence.values().next().copied();
        let results = open.into_iter().map(|(sample, attribute)| {
            let mut result = result(sample.as_str(), attribute.as_str(), outcome);
            result.evidence.version = evidence.unwrap_or(VersionNo(1));
            result
        });
        C::RecordTests {
            results: results.collect(),
        }
    }

    fn sign(&self, case: &Case) -> C {
        let sections = newest(case, Phase::TestReport);
        let unsigned = sections
            .into_iter()
            .filter(|(_, item)| item.signatures.len() < 3);
        let sections = unsigned.map(|(section, item)| SectionSignature {
            section,
            content_hash: content_hash(&item.content),
            meaning: Meaning::Approve,
        });
        C::Sign {
            sections: sections.collect(),
        }
    }
}

fn newest(case: &Case, phase: Phase) -> Vec<(ItemId, Item)> {
    let dossier = case.dossier(phase);
    let newest = dossier.versions.last();
    let items = newest.into_iter().flat_map(|version| &version.items);
    items.map(|(id, item)| (id.clone(), item.clone())).collect()
}

fn pending(case: &Case) -> Option<(Phase, Version)> {
    case.dossiers.iter().find_map(|(phase, dossier)| {
        let version = dossier.open_version()?;
        let waits = version.status() == VersionStatus::PendingApproval;
        waits.then(|| (*phase, version.clone()))
    })
}

fn reject() -> C {
    C::Reject {
        version: None,
        requested_changes: vec![],
    }
}

fn assign(case: &Case) -> C {
    let basis = case.basis(Phase::DataOwnerId);
    let missing = case.dossier(Phase::DataOwnerId).unassigned(&basis);
    let assign = |(attribute, line_of_business)| OwnerAssignment {
        attribute,
        line_of_business,
        owner: person("dora"),
    };
    C::AssignOwners {
        assignments: missing.into_iter().map(assign).collect(),
    }
}

fn ask(case: &Case) -> C {
    let basis = case.basis(Phase::RequestInfo);
    let open = case.dossier(Phase::RequestInfo).unrequested(&basis);
    C::RequestInformation {
        request: "request-1".parse().unwrap(),
        owner: person("dora"),
        attributes: open.into_iter().map(|(_, attribute)| attribute).collect(),
        text: "the source values".to_owned(),
    }
}

fn hand_in(case: &Case) -> C {
    let known = case.dossier(Phase::RequestInfo).requests.len();
    C::SubmitDocument {
        document: "extract".parse().unwrap(),
        request: "request-1".parse().unwrap(),
        file: file(known),
    }
}

fn file(number: usize) -> FileRef {
    FileRef {
        name: "a.csv".to_owned(),
        sha256: format!("{number:0>64}"),
        bytes: 3,
    }
}
