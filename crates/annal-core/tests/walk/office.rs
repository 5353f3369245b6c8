//! Five people and a clock that moves with each command.

use std::sync::Arc;

use annal_core::case::{Case, Outcome, Target};
use annal_core::definition::Definition;
use annal_core::dossier::DossierCommand as C;
use annal_core::dossier::event::FileRef;
use annal_core::item::{DecisionLevel, ItemVerdict, Verdict};
use annal_core::people::Person;
use annal_core::run::event::Opening;
use annal_core::{Command, CommandId, ItemId, PersonId, Phase, Role, RunId};
use chrono::{DateTime, Duration, TimeZone, Utc};
use uuid::Uuid;

/// A case and the people who work on it.
pub(crate) struct Office {
    pub(crate) case: Case,
    commands: u128,
}

pub(crate) fn id(text: &str) -> ItemId {
    text.parse().unwrap()
}

pub(crate) fn person(name: &str) -> PersonId {
    name.parse().unwrap()
}

fn people() -> Vec<Person> {
    let roles = [
        ("tom", Role::Tester),
        ("tina", Role::Tester),
        ("olga", Role::ReportOwner),
        ("ed", Role::ReportExecutive),
        ("dora", Role::DataOwner),
        ("xena", Role::TestExecutive),
        ("carl", Role::DataExecutive),
    ];
    let person = |(name, role): (&str, Role)| Person {
        id: person(name),
        name: name.to_uppercase().into(),
        roles: [role].into(),
    };
    roles.into_iter().map(person).collect()
}

impl Office {
    pub(crate) fn open() -> Self {
        let definition = Arc::new(Definition::latest().clone());
        let case = Case::new(definition.clone());
        let mut office = Self { case, commands: 0 };
        let data = FileRef {
            name: "data.csv".to_owned(),
            sha256: "0".repeat(64),
            bytes: 1,
        };
        let opening = Opening {
            run: RunId(Uuid::from_u128(1)),
            report: "HMDA".to_owned(),
            cycle: "1990".to_owned(),
            definition: definition.reference(),
            people: people(),
            data: data.clone(),
            dictionary: data,
            skip: vec![],
            lines_of_business: vec!["retail".to_owned()],
            seed: 7,
            sample_size: 100,
        };
        let asked = office.command("xena", Role::TestExecutive, None, opening);
        let opened = office.case.open(&asked, office.now()).unwrap();
        office.take(&opened);
        office
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        let minutes = i64::try_from(self.commands).unwrap();
        Utc.with_ymd_and_hms(2026, 1, 5, 9, 0, 0).unwrap() + Duration::minutes(minutes)
    }

    fn command<B>(&mut self, who: &str, role: Role, why: Option<&str>, body: B) -> Command<B> {
        self.commands += 1;
        Command {
            id: CommandId(Uuid::from_u128(self.commands)),
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
    }

    pub(crate) fn enter(&mut self, phase: Phase) {
        let entered = self.case.enter_phase(phase, self.now()).unwrap();
        self.take(&entered);
    }

    pub(crate) fn complete(&mut self, phase: Phase) {
        let awaiting = self.case.summary().awaiting;
        let completed = self.case.complete_phase(phase, self.now());
        self.take(&completed.unwrap_or_else(|no| panic!("{no}: {awaiting:?}")));
    }

    pub(crate) fn engine(&mut self, phase: Phase, command: C) {
        let target = Target::Dossier { phase, command };
        let done = self.case.engine(&target, self.now()).unwrap();
        self.take(&done);
    }

    fn act(&mut self, who: &str, role: Role, why: Option<&str>, phase: Phase, command: C) {
        let asked = self.command(who, role, why, Target::Dossier { phase, command });
        let done = self.case.act(&asked, self.now());
        self.take(&done.unwrap_or_else(|no| panic!("{who} in {phase}: {no}")));
    }

    pub(crate) fn tester(&mut self, phase: Phase, command: C) {
        self.act("tom", Role::Tester, None, phase, command);
    }

    pub(crate) fn tester_because(&mut self, phase: Phase, why: &str, command: C) {
        self.act("tom", Role::Tester, Some(why), phase, command);
    }

    pub(crate) fn second_tester(&mut self, phase: Phase, command: C) {
        self.act("tina", Role::Tester, None, phase, command);
    }

    pub(crate) fn owner(&mut self, phase: Phase, command: C) {
        self.act("olga", Role::ReportOwner, None, phase, command);
    }

    pub(crate) fn owner_because(&mut self, phase: Phase, why: &str, command: C) {
        self.act("olga", Role::ReportOwner, Some(why), phase, command);
    }

    pub(crate) fn executive(&mut self, phase: Phase, command: C) {
        self.act("ed", Role::ReportExecutive, None, phase, command);
    }

    pub(crate) fn data_owner(&mut self, phase: Phase, command: C) {
        self.act("dora", Role::DataOwner, None, phase, command);
    }

    pub(crate) fn data_owner_because(&mut self, phase: Phase, why: &str, command: C) {
        self.act("dora", Role::DataOwner, Some(why), phase, command);
    }

    /// The items of the newest version that are not locked.
    pub(crate) fn items(&self, phase: Phase) -> Vec<ItemId> {
        let dossier = self.case.dossier(phase);
        let items = &dossier.versions.last().unwrap().items;
        let open = items.iter().filter(|(_, item)| !item.locked);
        open.map(|(id, _)| id.clone()).collect()
    }

    fn decided(items: &[ItemId], level: DecisionLevel, verdict: Verdict) -> C {
        let one = |item: &ItemId| ItemVerdict {
            item: item.clone(),
            verdict,
        };
        C::Decide {
            version: None,
            level,
            decisions: items.iter().map(one).collect(),
        }
    }

    pub(crate) fn all(&mut self, phase: Phase, level: DecisionLevel, verdict: Verdict) {
        let command = Self::decided(&self.items(phase), level, verdict);
        match level {
            DecisionLevel::Tester => self.tester(phase, command),
            DecisionLevel::ReportOwner => self.owner(phase, command),
        }
    }

    pub(crate) fn owner_decides(
        &mut self,
        phase: Phase,
        items: &[ItemId],
        verdict: Verdict,
        why: Option<&str>,
    ) {
        let command = Self::decided(items, DecisionLevel::ReportOwner, verdict);
        self.act("olga", Role::ReportOwner, why, phase, command);
    }

    pub(crate) fn submit_and_approve(&mut self, phase: Phase) {
        self.tester(phase, C::Submit { version: None });
        self.all(phase, DecisionLevel::ReportOwner, Verdict::Approve);
        self.owner(phase, C::Approve { version: None });
    }
}
