//! A case, the people who work on it, and a clock that moves with each command.

use std::sync::Arc;

use annal_core::case::{Case, Outcome, Target};
use annal_core::definition::Definition;
use annal_core::dossier::DossierCommand as C;
use annal_core::dossier::event::FileRef;
use annal_core::people::Person;
use annal_core::rejection::{Rejection, RejectionCode};
use annal_core::run::event::{Opening, TransitionKind};
use annal_core::run::{RunCommand, RunEvent};
use annal_core::{Command, CommandId, ItemId, PersonId, Phase, Role, RunId};
use chrono::{DateTime, Duration, TimeZone, Utc};
use uuid::Uuid;

pub(crate) struct Office {
    pub(crate) case: Case,
    /// Everything that happened to the run.
    pub(crate) events: Vec<RunEvent>,
    commands: u32,
}

pub(crate) fn id(text: &str) -> ItemId {
    text.parse().unwrap()
}

pub(crate) fn person(name: &str) -> PersonId {
    name.parse().unwrap()
}

pub(crate) const TOM: (&str, Role) = ("tom", Role::Tester);
pub(crate) const TINA: (&str, Role) = ("tina", Role::Tester);
pub(crate) const OLGA: (&str, Role) = ("olga", Role::ReportOwner);
pub(crate) const ED: (&str, Role) = ("ed", Role::ReportExecutive);
pub(crate) const DORA: (&str, Role) = ("dora", Role::DataOwner);
pub(crate) const XENA: (&str, Role) = ("xena", Role::TestExecutive);
pub(crate) const CARL: (&str, Role) = ("carl", Role::DataExecutive);
pub(crate) const AUDREY: (&str, Role) = ("audrey", Role::Auditor);
pub(crate) const ADAM: (&str, Role) = ("adam", Role::Admin);

pub(crate) fn opening(version: &str) -> Opening {
    let definition = Definition::builtin(&version.parse().unwrap()).unwrap();
    let data = FileRef {
        name: "data.csv".to_owned(),
        sha256: "0".repeat(64),
        bytes: 1,
    };
    let register = |(name, role): (&str, Role)| Person {
        id: person(name),
        name: name.to_uppercase().into(),
        roles: [role].into(),
    };
    let people = [TOM, TINA, OLGA, ED, DORA, XENA, CARL, AUDREY, ADAM];
    Opening {
        run: RunId(Uuid::from_u128(1)),
        report: "HMDA".to_owned(),
        cycle: "1990".to_owned(),
        definition: definition.reference(),
        people: people.into_iter().map(register).collect(),
        data: data.clone(),
        dictionary: data,
        skip: vec![],
        lines_of_business: vec!["retail".to_owned()],
        seed: 7,
        sample_size: 2,
    }
}

impl Office {
    pub(crate) fn open(version: &str) -> Self {
        Self::open_with(opening(version))
    }

    pub(crate) fn open_with(opening: Opening) -> Self {
        let definition = Definition::builtin(&opening.definition.version).unwrap();
        let mut office = Self {
            case: Case::new(Arc::new(definition)),
            events: Vec::new(),
            commands: 0,
        };
        let asked = office.command(XENA, None, opening);
        let opened = office.case.open(&asked, office.now()).unwrap();
        office.take(&opened);
        office
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        let start = Utc.with_ymd_and_hms(2026, 1, 5, 9, 0, 0).unwrap();
        start + Duration::minutes(i64::from(self.commands))
    }

    pub(crate) fn command<B>(
        &mut self,
        (who, role): (&str, Role),
        why: Option<&str>,
        body: B,
    ) -> Command<B> {
        self.commands += 1;
        Command {
            id: CommandId(Uuid::from_u128(u128::from(self.commands))),
            person: person(who),
            role,
            on_behalf_of: None,
            reason: why.map(str::to_owned),
            effective_at: Some(self.now()),
            body,
        }
    }

    pub(crate) fn take(&mut self, outcome: &Outcome) {
        self.case = self.case.clone().after(outcome);
        self.events.extend(outcome.run.iter().cloned());
    }

    #[track_caller]
    pub(crate) fn enter(&mut self, phase: Phase) -> Outcome {
        let entered = self.case.enter_phase(phase, self.now()).unwrap();
        self.take(&entered);
        entered
    }

    #[track_caller]
    pub(crate) fn complete(&mut self, phase: Phase) {
        let awaiting = self.case.summary().awaiting;
        let completed = self.case.complete_phase(phase, self.now());
        self.take(&completed.unwrap_or_else(|no| panic!("{no}: {awaiting:?}")));
    }

    #[track_caller]
    pub(crate) fn engine(&mut self, phase: Phase, command: C) {
        let target = Target::Dossier { phase, command };
        let done = self.case.engine(&target, self.now()).unwrap();
        self.take(&done);
    }

    pub(crate) fn asks(
        &mut self,
        who: (&str, Role),
        why: Option<&str>,
        phase: Phase,
        command: C,
    ) -> Result<Outcome, Rejection> {
        let asked = self.command(who, why, Target::Dossier { phase, command });
        self.case.act(&asked, self.now())
    }

    #[track_caller]
    pub(crate) fn does(&mut self, who: (&str, Role), phase: Phase, command: C) -> Outcome {
        self.does_because(who, "so it is", phase, command)
    }

    #[track_caller]
    pub(crate) fn does_because(
        &mut self,
        who: (&str, Role),
        why: &str,
        phase: Phase,
        command: C,
    ) -> Outcome {
        let done = self.asks(who, Some(why), phase, command);
        let done = done.unwrap_or_else(|no| panic!("{} in {phase}: {no}", who.0));
        self.take(&done);
        done
    }

    pub(crate) fn asks_run(
        &mut self,
        who: (&str, Role),
        why: Option<&str>,
        command: RunCommand,
    ) -> Result<Outcome, Rejection> {
        let asked = self.command(who, why, Target::Run { command });
        self.case.act(&asked, self.now())
    }

    #[track_caller]
    pub(crate) fn does_run(&mut self, who: (&str, Role), command: RunCommand) -> Outcome {
        let done = self.asks_run(who, Some("so it is"), command).unwrap();
        self.take(&done);
        done
    }

    /// `step: how it ended` of every step of a phase, `open` for one that is not over.
    pub(crate) fn steps(&self, phase: Phase) -> Vec<String> {
        let steps = self.case.run.steps().filter(|step| step.phase == phase);
        let told = |step: &annal_core::run::StepState| {
            let end = match (&step.outcome, step.status.is_over()) {
                (Some(outcome), _) => outcome.as_str(),
                (None, true) => "skipped",
                (None, false) => "open",
            };
            let name = step.id.as_str().split_once('.').unwrap().1;
            format!("{name}: {end}")
        };
        steps.map(told).collect()
    }

    pub(crate) fn transition(&self, to: Phase) -> &TransitionKind {
        let mut taken = self.case.run.transitions().iter();
        &taken.rfind(|it| it.to == to).unwrap().kind
    }
}

#[track_caller]
pub(crate) fn refused(asked: Result<Outcome, Rejection>, code: RejectionCode, part: &str) {
    let no = asked.expect_err("it was taken");
    assert_eq!(no.code, code, "{no}");
    assert!(no.message.contains(part), "'{no}' does not say '{part}'");
}
