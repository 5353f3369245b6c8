//! No sequence of commands breaks a run.

use std::collections::{BTreeMap, BTreeSet};

use annal_core::ids::StepId;
use annal_core::people::{Actor, Role};
use annal_core::phase::Phase;
use annal_core::run::event::{StepKind, TransitionKind};
use annal_core::run::{PhaseStatus, ReportRun, RunCommand, RunEvent, RunStatus};
use annal_core::{Command, CommandId};
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::*;

const VERSIONS: [&str; 4] = ["1.0.0", "1.1.0", "1.2.0", "2.0.0"];

/// A command that is made up when its turn comes, so that it can fit the run or not.
#[derive(Debug, Clone)]
enum Move {
    /// Enter or skip a phase, in the way that the run's definition says.
    Proper { phase: Phase, condition: bool },
    /// The same for the first phase that waits, which is what leads far.
    Next { condition: bool },
    /// Complete the first phase that has begun.
    Finish,
    /// Anything at all.
    Any(Box<RunCommand>),
}

fn phase() -> impl Strategy<Value = Phase> {
    select(Phase::ALL.to_vec())
}

fn step_id() -> impl Strategy<Value = StepId> {
    (
        select(Phase::ALL[..3].to_vec()),
        select(vec!["work", "approve"]),
    )
        .prop_map(|(phase, name)| step(&format!("{phase}.{name}")))
}

fn kind() -> impl Strategy<Value = TransitionKind> {
    prop_oneof![
        Just(TransitionKind::Sequential {}),
        Just(TransitionKind::ParallelFork {}),
        Just(TransitionKind::ParallelJoin {}),
        any::<bool>().prop_map(|result| TransitionKind::Conditional {
            condition: "failed_tests > 0".to_owned(),
            result,
        }),
    ]
}

fn role() -> impl Strategy<Value = Role> {
    select(Role::ALL.to_vec())
}

fn phase_command() -> impl Strategy<Value = RunCommand> {
    let from = || proptest::collection::vec(phase(), 0..3);
    prop_oneof![
        (from(), phase(), kind()).prop_map(|(from, to, kind)| RunCommand::EnterPhase {
            from,
            to,
            kind
        }),
        (from(), phase(), kind()).prop_map(|(from, phase, kind)| RunCommand::SkipPhase {
            from,
            phase,
            kind,
            why: "why not".to_owned()
        }),
        phase().prop_map(|phase| RunCommand::CompletePhase { phase }),
        phase().prop_map(|phase| RunCommand::ReopenPhase { phase }),
        (phase(), phase())
            .prop_map(|(phase, because_of)| RunCommand::MarkStale { phase, because_of }),
    ]
}

fn step_command() -> impl Strategy<Value = RunCommand> {
    prop_oneof![
        (
            step_id(),
            phase(),
            proptest::option::of(role()),
            any::<bool>()
        )
            .prop_map(|(step, other, role, own)| {
                let name = step.as_str().split('.').next().unwrap_or_default();
                RunCommand::ScheduleStep {
                    phase: if own { name.parse().unwrap() } else { other },
                    kind: if role.is_some() {
                        StepKind::Human
                    } else {
                        StepKind::Automatic
                    },
                    due_at: role.map(|_| tomorrow()),
                    step,
                    role,
                }
            }),
        step_id().prop_map(|step| RunCommand::StartStep { step }),
        step_id().prop_map(|step| RunCommand::CompleteStep {
            step,
            outcome: "done".to_owned()
        }),
        (step_id(), 0_u32..4).prop_map(|(step, attempt)| RunCommand::FailStep {
            step,
            attempt,
            error: "reset".to_owned()
        }),
        step_id().prop_map(|step| RunCommand::SkipStep {
            step,
            why: "not needed".to_owned()
        }),
        step_id().prop_map(|step| RunCommand::TimeOutStep {
            step,
            due_at: tomorrow()
        }),
    ]
}

fn run_command() -> impl Strategy<Value = RunCommand> {
    let version = || select(VERSIONS.to_vec());
    prop_oneof![
        version().prop_map(|version| RunCommand::Open(opening(version))),
        (role(), role()).prop_map(|(who, holds)| RunCommand::RegisterPerson {
            person: person(person_id(who).as_str(), &[holds])
        }),
        version().prop_map(|version| RunCommand::ChangeDefinition {
            to: definition(version).reference()
        }),
        Just(RunCommand::Complete {}),
    ]
}

fn any_move(command: RunCommand) -> Move {
    Move::Any(Box::new(command))
}

fn a_move() -> impl Strategy<Value = Move> {
    prop_oneof![
        3 => (phase(), any::<bool>()).prop_map(|(phase, condition)| Move::Proper { phase, condition }),
        6 => any::<bool>().prop_map(|condition| Move::Next { condition }),
        6 => Just(Move::Finish),
        3 => phase_command().prop_map(any_move),
        9 => step_command().prop_map(any_move),
        2 => run_command().prop_map(any_move),
        1 => prop_oneof![9 => Just(RunCommand::Complete {}), 1 => Just(RunCommand::Cancel {})].prop_map(any_move),
    ]
}

fn made(a_move: &Move, run: &ReportRun) -> Option<RunCommand> {
    let version = run.definition()?.version.to_string();
    let definition = definition(&version);
    let first = |status| {
        let mut phases = definition.phases.iter().map(|def| def.phase);
        phases.find(|phase| run.phase_status(*phase) == status)
    };
    let (phase, condition) = match a_move {
        Move::Any(command) => return Some(command.as_ref().clone()),
        Move::Finish => {
            let phase = first(PhaseStatus::Started)?;
            return Some(RunCommand::CompletePhase { phase });
        }
        Move::Proper { phase, condition } => (*phase, *condition),
        Move::Next { condition } => (first(PhaseStatus::Waiting)?, *condition),
    };
    let def = definition.phase(phase)?;
    Some(if condition || def.start_if.is_none() {
        enter(&version, phase)
    } else {
        skip(&version, phase)
    })
}

/// What must be true of the events themselves, kept apart from the state that the run keeps.
#[derive(Default)]
struct Witness {
    over: BTreeSet<Phase>,
    started_steps: BTreeMap<StepId, bool>,
    ended_steps: BTreeSet<StepId>,
    ended: bool,
}

impl Witness {
    fn sees(&mut self, event: &RunEvent, run: &ReportRun) -> Result<(), TestCaseError> {
        prop_assert!(!self.ended, "{event:?} after the end");
        let version = &run.definition().unwrap().version.to_string();
        match event {
            RunEvent::PhaseStarted { phase } | RunEvent::PhaseSkipped { phase, .. } => {
                for before in &definition(version).phase(*phase).unwrap().after {
                    prop_assert!(self.over.contains(before), "{phase} before {before}");
                }
                self.over.remove(phase);
                if matches!(event, RunEvent::PhaseSkipped { .. }) {
                    self.over.insert(*phase);
                }
            }
            RunEvent::PhaseCompleted { phase } => {
                prop_assert!(self.over.insert(*phase), "{phase} completed twice");
            }
            RunEvent::PhaseReopened { phase, reason, .. } => {
                prop_assert!(self.over.remove(phase), "{phase} was not over");
                prop_assert!(!reason.trim().is_empty());
            }
            RunEvent::StepScheduled { step, .. } => {
                let before = self.started_steps.insert(step.clone(), false);
                prop_assert!(before.is_none(), "{step} scheduled twice");
            }
            RunEvent::StepStarted { step } => {
                prop_assert_eq!(self.started_steps.insert(step.clone(), true), Some(false));
            }
            RunEvent::StepCompleted { step, .. } => {
                prop_assert_eq!(self.started_steps.get(step), Some(&true));
                prop_assert!(self.ended_steps.insert(step.clone()), "{step} ended twice");
            }
            RunEvent::StepSkipped { step, .. } => {
                prop_assert!(self.started_steps.contains_key(step));
                prop_assert!(self.ended_steps.insert(step.clone()), "{step} ended twice");
            }
            RunEvent::RunCompleted {} => {
                for def in &definition(version).phases {
                    prop_assert!(self.over.contains(&def.phase), "without {}", def.phase);
                }
                self.ended = true;
            }
            RunEvent::RunCancelled { .. } => self.ended = true,
            _ => {}
        }
        Ok(())
    }
}

/// Who would send this; for a command at random now and then somebody else.
fn actor(command: &RunCommand, run: &ReportRun, other: Option<Role>) -> Option<Actor> {
    let proper = match command {
        RunCommand::Open(_)
        | RunCommand::RegisterPerson { .. }
        | RunCommand::ReopenPhase { .. }
        | RunCommand::ChangeDefinition { .. }
        | RunCommand::Cancel {} => Role::TestExecutive,
        _ => Role::Engine,
    };
    match other.unwrap_or(proper) {
        Role::Engine => Some(Actor::engine()),
        role => run.authorise(&person_id(role), role, None).ok(),
    }
}

fn play(run: &mut ReportRun, moves: &[(Move, Option<Role>)]) -> Result<(), TestCaseError> {
    let mut witness = Witness::default();
    for (a_move, other) in moves {
        let Some(command) = made(a_move, run) else {
            continue;
        };
        let Some(actor) = actor(&command, run, *other) else {
            continue;
        };
        let asked = Command {
            id: CommandId(uuid::Uuid::from_u128(5)),
            person: actor.id.clone(),
            role: actor.role,
            on_behalf_of: None,
            reason: Some("at random".to_owned()),
            effective_at: Some(noon()),
            body: command,
        };
        let pinned = definition(&run.definition().unwrap().version.to_string());
        let Ok(events) = run.decide(&asked, &actor, &pinned) else {
            continue;
        };
        prop_assert!(
            !events.is_empty(),
            "{asked:?} was accepted without an event"
        );
        for event in &events {
            witness.sees(event, run)?;
            run.evolve(event);
        }
        let needed = definition(&run.definition().unwrap().version.to_string()).roles();
        for role in needed {
            prop_assert!(!run.holders(role).is_empty(), "nobody holds {role}");
        }
    }
    for step in run.steps() {
        let ended = witness.ended_steps.contains(&step.id);
        prop_assert_eq!(step.status.is_over(), ended, "{:?}", step);
    }
    Ok(())
}

fn any_event() -> impl Strategy<Value = RunEvent> {
    prop_oneof![
        select(VERSIONS.to_vec()).prop_map(|version| RunEvent::RunOpened(opening(version))),
        phase().prop_map(|phase| RunEvent::PhaseStarted { phase }),
        phase().prop_map(|phase| RunEvent::PhaseCompleted { phase }),
        (phase(), phase())
            .prop_map(|(phase, because_of)| RunEvent::PhaseMarkedStale { phase, because_of }),
        (proptest::collection::vec(phase(), 0..3), phase(), kind())
            .prop_map(|(from, to, kind)| RunEvent::TransitionTaken { from, to, kind }),
        (step_id(), phase()).prop_map(|(step, phase)| scheduled(step.as_str(), phase)),
        step_id().prop_map(|step| RunEvent::StepStarted { step }),
        step_id().prop_map(|step| RunEvent::StepTimedOut {
            step,
            due_at: noon()
        }),
        (step_id(), any::<u32>()).prop_map(|(step, attempt)| RunEvent::StepFailed {
            step,
            attempt,
            error: String::new()
        }),
        step_id().prop_map(|step| RunEvent::StepCompleted {
            step,
            outcome: String::new()
        }),
        Just(RunEvent::RunCompleted {}),
        Just(cancelled()),
    ]
}

proptest! {
    #[test]
    fn no_sequence_of_commands_breaks_a_run(
        version in select(VERSIONS.to_vec()),
        moves in proptest::collection::vec(
            (a_move(), proptest::option::weighted(0.05, role())),
            0..120,
        ),
    ) {
        let mut run = given(&opened(version)).run;
        play(&mut run, &moves)?;
    }

    #[test]
    fn no_sequence_of_events_makes_evolve_panic(
        events in proptest::collection::vec(any_event(), 0..60),
    ) {
        let mut run = ReportRun::default();
        for event in &events {
            run.evolve(event);
        }
        let json = serde_json::to_string(&run).unwrap();
        prop_assert_eq!(serde_json::from_str::<ReportRun>(&json).unwrap(), run);
    }
}

/// The generator above would prove nothing if its runs never got anywhere.
#[test]
fn the_moves_at_random_lead_some_runs_to_their_end() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    let mut runner = TestRunner::deterministic();
    let moves = proptest::collection::vec((a_move(), Just(None)), 120..121);
    let completed = (0..50)
        .filter(|_| {
            let mut run = given(&opened("2.0.0")).run;
            let moves = moves.new_tree(&mut runner).unwrap().current();
            play(&mut run, &moves).unwrap();
            run.status() == RunStatus::Completed
        })
        .count();
    assert!(completed >= 5, "only {completed} of 50 runs were completed");
}
