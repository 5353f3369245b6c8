//! Given, when, then; and a run with its people to try things on.

use annal_core::command::Command;
use annal_core::definition::Definition;
use annal_core::dossier::event::FileRef;
use annal_core::ids::{CommandId, PersonId, RunId, StepId};
use annal_core::people::{Actor, Person, Role};
use annal_core::phase::Phase;
use annal_core::rejection::{Rejection, RejectionCode};
use annal_core::run::event::{Opening, StepKind, TransitionKind};
use annal_core::run::{ReportRun, RunCommand, RunEvent};
use chrono::{DateTime, TimeZone, Utc};
use uuid::Uuid;

pub(crate) struct Given {
    pub(crate) run: ReportRun,
    pub(crate) definition: Definition,
}

pub(crate) struct Then(Result<Vec<RunEvent>, Rejection>);

/// A run to which these events happened, on the definition that it is pinned to (2.0.0 before it is opened).
pub(crate) fn given(events: &[RunEvent]) -> Given {
    let mut run = ReportRun::default();
    for event in events {
        run.evolve(event);
    }
    let definition = run.definition().map_or_else(Definition::latest, |pinned| {
        Definition::builtin(&pinned.version).unwrap()
    });
    Given { run, definition }
}

impl Given {
    /// The engine asks.
    pub(crate) fn when_engine(self, body: RunCommand) -> Then {
        self.when_actor(&Actor::engine(), None, body)
    }

    /// The person who holds this role asks, with a reason.
    pub(crate) fn when(self, role: Role, body: RunCommand) -> Then {
        self.when_because(role, Some("the examiner asked"), body)
    }

    pub(crate) fn when_because(self, role: Role, reason: Option<&str>, body: RunCommand) -> Then {
        let id = person_id(role);
        let actor = match &body {
            RunCommand::Open(opening) => {
                ReportRun::authorise_opening(opening, &id, role, None).unwrap()
            }
            _ => self.run.authorise(&id, role, None).unwrap(),
        };
        self.when_actor(&actor, reason, body)
    }

    pub(crate) fn when_actor(self, actor: &Actor, reason: Option<&str>, body: RunCommand) -> Then {
        let asked = Command {
            id: CommandId(Uuid::from_u128(9)),
            person: actor.id.clone(),
            role: actor.role,
            on_behalf_of: None,
            reason: reason.map(str::to_owned),
            effective_at: Some(noon()),
            body,
        };
        Then(self.run.decide(&asked, actor, &self.definition))
    }
}

impl Then {
    #[track_caller]
    pub(crate) fn then_events(self, expected: &[RunEvent]) {
        assert_eq!(self.0.as_deref(), Ok(expected));
    }

    /// Refused with this code and a message that says this.
    #[track_caller]
    pub(crate) fn then_rejected(self, code: RejectionCode, part: &str) {
        let rejection = self.0.expect_err("it was accepted");
        assert_eq!(rejection.code, code, "{rejection}");
        assert!(rejection.message.contains(part), "{rejection}");
    }

    /// The items that a refusal names.
    #[track_caller]
    pub(crate) fn refused_items(self) -> Vec<String> {
        let rejection = self.0.expect_err("accepted");
        rejection.items.into_iter().map(|item| item.item).collect()
    }
}

pub(crate) fn noon() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 2, 12, 0, 0).unwrap()
}

pub(crate) fn person_id(role: Role) -> PersonId {
    PersonId::new(format!("the.{role}")).unwrap()
}

pub(crate) fn person(id: &str, roles: &[Role]) -> Person {
    Person {
        id: PersonId::new(id).unwrap(),
        name: format!("Printed {id}").into(),
        roles: roles.iter().copied().collect(),
    }
}

/// One person for each role that a person can hold.
pub(crate) fn everybody() -> Vec<Person> {
    Role::ALL
        .into_iter()
        .filter(|role| *role != Role::Engine)
        .map(|role| person(person_id(role).as_str(), &[role]))
        .collect()
}

pub(crate) fn definition(version: &str) -> Definition {
    Definition::builtin(&version.parse().unwrap()).unwrap()
}

pub(crate) fn opening(version: &str) -> Opening {
    let file = |name: &str| FileRef {
        name: name.to_owned(),
        sha256: "ab".repeat(32),
        bytes: 17,
    };
    Opening {
        run: RunId(Uuid::from_u128(1)),
        report: "HMDA LAR Boston".to_owned(),
        cycle: "1990".to_owned(),
        definition: definition(version).reference(),
        people: everybody(),
        data: file("hmda.csv"),
        dictionary: file("dictionary.csv"),
        lines_of_business: vec!["retail".to_owned()],
        skip: Vec::new(),
        seed: 7,
        sample_size: 100,
    }
}

pub(crate) fn opened(version: &str) -> Vec<RunEvent> {
    vec![RunEvent::RunOpened(opening(version))]
}

pub(crate) fn opened_skipping(version: &str, skip: &[Phase]) -> Vec<RunEvent> {
    let mut opening = opening(version);
    opening.skip = skip.to_vec();
    vec![RunEvent::RunOpened(opening)]
}

/// The phase was entered, its condition being true if it has one.
pub(crate) fn begun(version: &str, to: Phase) -> Vec<RunEvent> {
    let (from, kind) = way(version, to, true);
    vec![
        RunEvent::TransitionTaken { from, to, kind },
        RunEvent::PhaseStarted { phase: to },
    ]
}

pub(crate) fn done(version: &str, phase: Phase) -> Vec<RunEvent> {
    let mut events = begun(version, phase);
    events.push(RunEvent::PhaseCompleted { phase });
    events
}

/// An open run in which all phases listed before this one are done.
pub(crate) fn before(version: &str, phase: Phase) -> Vec<RunEvent> {
    let mut events = opened(version);
    for def in &definition(version).phases {
        if def.phase == phase {
            break;
        }
        events.extend(done(version, def.phase));
    }
    events
}

/// As [`before`], with this phase begun.
pub(crate) fn in_phase(version: &str, phase: Phase) -> Vec<RunEvent> {
    let mut events = before(version, phase);
    events.extend(begun(version, phase));
    events
}

/// As [`before`], with this phase done.
pub(crate) fn after(version: &str, phase: Phase) -> Vec<RunEvent> {
    let mut events = before(version, phase);
    events.extend(done(version, phase));
    events
}

pub(crate) fn cancelled() -> RunEvent {
    RunEvent::RunCancelled {
        by: person_id(Role::TestExecutive),
        reason: "the report is no longer due".to_owned(),
    }
}

/// From where and how a run comes to a phase.
pub(crate) fn way(version: &str, to: Phase, condition: bool) -> (Vec<Phase>, TransitionKind) {
    let definition = definition(version);
    let def = definition.phase(to).unwrap();
    let result = def.start_if.is_some().then_some(condition);
    (def.after.clone(), definition.transition(to, result))
}

pub(crate) fn enter(version: &str, to: Phase) -> RunCommand {
    let (from, kind) = way(version, to, true);
    RunCommand::EnterPhase { from, to, kind }
}

pub(crate) fn skip(version: &str, phase: Phase) -> RunCommand {
    let (from, kind) = way(version, phase, false);
    RunCommand::SkipPhase {
        from,
        phase,
        kind,
        why: "no test failed".to_owned(),
    }
}

pub(crate) fn skipped(version: &str, phase: Phase) -> Vec<RunEvent> {
    let (from, kind) = way(version, phase, false);
    vec![
        RunEvent::TransitionTaken {
            from,
            to: phase,
            kind,
        },
        RunEvent::PhaseSkipped {
            phase,
            why: "no test failed".to_owned(),
        },
    ]
}

pub(crate) fn step(id: &str) -> StepId {
    StepId::new(id).unwrap()
}

/// A tester's step, due tomorrow at noon.
pub(crate) fn scheduled(id: &str, phase: Phase) -> RunEvent {
    RunEvent::StepScheduled {
        step: step(id),
        phase,
        kind: StepKind::Human,
        role: Some(Role::Tester),
        due_at: Some(tomorrow()),
    }
}

pub(crate) fn tomorrow() -> DateTime<Utc> {
    noon() + chrono::TimeDelta::days(1)
}

/// Events one after the other.
pub(crate) fn all(parts: &[Vec<RunEvent>]) -> Vec<RunEvent> {
    parts.concat()
}
