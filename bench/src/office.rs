//! People who work on a run, in memory: every event of the generator comes out of the rules of the domain.

use std::collections::BTreeMap;
use std::sync::Arc;

use annal_core::case::{Case, Outcome, Target};
use annal_core::definition::Definition;
use annal_core::dossier::DossierCommand as C;
use annal_core::dossier::event::FileRef;
use annal_core::envelope::{Metadata, Provenance};
use annal_core::item::{DecisionLevel, ItemVerdict, Verdict};
use annal_core::people::Person;
use annal_core::run::event::Opening;
use annal_core::{Command, CommandId, ItemId, PersonId, Phase, Role, RunId, Sequence};
use annal_log::{Append, AppendError, EventData, Log, StreamAppend, StreamId};
use chrono::{DateTime, Duration, TimeZone, Utc};
use uuid::Uuid;

use crate::fill::put;

/// Decisions of one command; nobody marks thousands of items at once.
const BULK: usize = 500;

/// One run's case, its people and what they have written so far.
pub struct Office {
    pub(crate) case: Case,
    run: RunId,
    number: u64,
    /// Where in the calendar the run stands: far above the first runs it begins again, or there would be no such year.
    place: u64,
    commands: u64,
    lengths: BTreeMap<String, u64>,
    written: Vec<Append>,
}

/// An item's id.
pub(crate) fn id(text: &str) -> ItemId {
    text.parse().expect("the generator's ids are valid")
}

/// A person's id.
pub(crate) fn person(name: &str) -> PersonId {
    name.parse().expect("the generator's ids are valid")
}

impl Office {
    /// Opens the run of a number; the same number gives the same run.
    pub(crate) fn open(number: u64, samples: u32) -> Self {
        let definition = Arc::new(Definition::latest().clone());
        let run = RunId(Uuid::from_u128(
            0x0193_0000_0000_7000_8000_0000_0000_0000 + u128::from(number),
        ));
        let place = number % (1 << 20);
        let mut office = Self {
            case: Case::new(definition.clone()),
            run,
            number,
            place,
            commands: 0,
            lengths: BTreeMap::new(),
            written: Vec::new(),
        };
        let file = FileRef {
            name: "data.csv".to_owned(),
            sha256: format!("{number:064x}"),
            bytes: 1,
        };
        let opening = Opening {
            run,
            report: format!("Report {}", number % 20),
            cycle: format!("{}-Q{}", 2000 + place / 80, place / 20 % 4 + 1),
            definition: definition.reference(),
            people: office.people(),
            data: file.clone(),
            dictionary: file,
            skip: vec![],
            lines_of_business: vec!["retail".to_owned()],
            seed: number,
            sample_size: samples,
        };
        let asked = office.command(Role::TestExecutive, "xena", None, opening);
        let opened = office.case.open(&asked, office.now());
        let opened = opened.expect("the rules let a run be opened");
        office.take(asked.id, asked.reason, &opened);
        office
    }

    /// Appends what was written since the last time, in order.
    ///
    /// # Errors
    /// The first append that fails.
    pub async fn hand_over(&mut self, log: &Log) -> Result<(), AppendError> {
        put(log, std::mem::take(&mut self.written)).await
    }

    /// What was written, in order.
    pub(crate) fn written(self) -> Vec<Append> {
        self.written
    }

    /// Teams differ from run to run, so that a question about a person is about some runs.
    fn team(&self, role: &str) -> String {
        format!("{role}-{}", self.number % 17)
    }

    fn people(&self) -> Vec<Person> {
        let roles = [
            ("tom", Role::Tester),
            ("tina", Role::Tester),
            ("olga", Role::ReportOwner),
            ("ed", Role::ReportExecutive),
            ("dora", Role::DataOwner),
            ("xena", Role::TestExecutive),
        ];
        let person = |(name, role): (&str, Role)| Person {
            id: person(&self.team(name)),
            name: name.to_uppercase().into(),
            roles: [role].into(),
        };
        roles.into_iter().map(person).collect()
    }

    fn now(&self) -> DateTime<Utc> {
        let minutes = i64::try_from(self.place * 3_000 + self.commands).unwrap_or_default();
        Utc.with_ymd_and_hms(2020, 1, 5, 9, 0, 0)
            .single()
            .unwrap_or_default()
            + Duration::minutes(minutes)
    }

    fn command<B>(&mut self, role: Role, who: &str, why: Option<&str>, body: B) -> Command<B> {
        self.commands += 1;
        let name = self.team(who);
        Command {
            id: self.command_id(),
            person: person(&name),
            role,
            on_behalf_of: None,
            reason: why.map(str::to_owned),
            effective_at: Some(self.now()),
            body,
        }
    }

    fn command_id(&self) -> CommandId {
        CommandId(Uuid::from_u128(
            (u128::from(self.number) << 64) + u128::from(self.commands) + 1,
        ))
    }

    fn take(&mut self, id: CommandId, reason: Option<String>, outcome: &Outcome) {
        self.case = self.case.clone().after(outcome);
        let mut streams = Vec::new();
        if !outcome.run.is_empty() {
            let events = outcome.run.iter().map(EventData::encode);
            streams.push((
                StreamId::run(self.run),
                events.collect::<Result<Vec<_>, _>>(),
            ));
        }
        for (phase, events) in &outcome.dossiers {
            let events = events.iter().map(EventData::encode);
            let stream = StreamId::dossier(self.run, *phase);
            streams.push((stream, events.collect::<Result<Vec<_>, _>>()));
        }
        let streams = streams.into_iter().filter_map(|(stream, events)| {
            let events = events.expect("the domain's events can be written");
            let length = self.lengths.entry(stream.aggregate_id.clone()).or_default();
            let expected = Sequence(*length);
            *length += events.len() as u64;
            let append = StreamAppend {
                stream,
                expected,
                events,
            };
            (!append.events.is_empty()).then_some(append)
        });
        let streams: Vec<_> = streams.collect();
        if streams.is_empty() {
            return;
        }
        let metadata = self.metadata(id, reason, outcome);
        self.written.push(Append {
            command_id: id,
            content_hash: [0; 32],
            metadata,
            streams,
            reply: serde_json::Value::Null,
        });
    }

    fn metadata(&self, id: CommandId, reason: Option<String>, outcome: &Outcome) -> Metadata {
        Metadata {
            command_id: id,
            correlation_id: self.run.0,
            causation_id: None,
            actor: outcome.actor.clone(),
            reason,
            effective_at: self.now(),
            provenance: Some(Provenance {
                workflow_id: format!("annal/bench/{}", self.run),
                run_id: format!("execution-{}", self.number),
                step_id: outcome.step.to_string(),
                activity_name: "act".to_owned(),
                attempt: 1,
            }),
            engine: "bench".to_owned(),
        }
    }

    /// The workflow begins a phase.
    pub(crate) fn enter(&mut self, phase: Phase) {
        self.commands += 1;
        let entered = self.case.enter_phase(phase, self.now());
        let entered = entered.unwrap_or_else(|no| panic!("{phase} cannot be entered: {no}"));
        self.take(self.command_id(), None, &entered);
    }

    /// The workflow ends a phase.
    pub(crate) fn complete(&mut self, phase: Phase) {
        self.commands += 1;
        let completed = self.case.complete_phase(phase, self.now());
        let completed = completed.unwrap_or_else(|no| panic!("{phase} cannot be completed: {no}"));
        self.take(self.command_id(), None, &completed);
    }

    /// The workflow ends the run.
    pub(crate) fn complete_run(&mut self) {
        self.commands += 1;
        let completed = self.case.complete_run(self.now());
        let completed = completed.unwrap_or_else(|no| panic!("the run cannot be completed: {no}"));
        self.take(self.command_id(), None, &completed);
    }

    /// The engine prepares something.
    pub(crate) fn engine(&mut self, phase: Phase, command: C) {
        self.commands += 1;
        let target = Target::Dossier { phase, command };
        let done = self.case.engine(&target, self.now());
        let done = done.unwrap_or_else(|no| panic!("the engine in {phase}: {no}"));
        self.take(self.command_id(), None, &done);
    }

    /// A person acts. What the rules refuse is written, too.
    pub fn act(&mut self, who: &str, why: Option<&str>, phase: Phase, command: C) {
        let role = match who {
            "olga" => Role::ReportOwner,
            "ed" => Role::ReportExecutive,
            "dora" => Role::DataOwner,
            _ => Role::Tester,
        };
        let asked = self.command(role, who, why, Target::Dossier { phase, command });
        let done = self.case.act(&asked, self.now());
        let outcome = done.unwrap_or_else(|no| self.case.refused(&asked, &no));
        self.take(asked.id, asked.reason, &outcome);
    }

    /// The items of the newest version that are not locked.
    #[must_use]
    pub fn items(&self, phase: Phase) -> Vec<ItemId> {
        let dossier = self.case.dossier(phase);
        let newest = dossier.versions.last().map(|it| &it.items);
        let open = newest.into_iter().flatten().filter(|(_, it)| !it.locked);
        open.map(|(id, _)| id.clone()).collect()
    }

    /// A person decides on items, in commands of a size that a person would send.
    pub(crate) fn decide(
        &mut self,
        who: &str,
        why: Option<&str>,
        phase: Phase,
        verdicts: &[(ItemId, Verdict)],
    ) {
        let level = match who {
            "olga" => DecisionLevel::ReportOwner,
            _ => DecisionLevel::Tester,
        };
        for some in verdicts.chunks(BULK) {
            let one = |(item, verdict): &(ItemId, Verdict)| ItemVerdict {
                item: item.clone(),
                verdict: *verdict,
            };
            let command = C::Decide {
                version: None,
                level,
                decisions: some.iter().map(one).collect(),
            };
            self.act(who, why, phase, command);
        }
    }

    /// The same verdict for all open items.
    pub(crate) fn all(&mut self, who: &str, phase: Phase, verdict: Verdict) {
        let items = self.items(phase).into_iter().map(|it| (it, verdict));
        let items: Vec<_> = items.collect();
        self.decide(who, None, phase, &items);
    }

    /// The tester hands in, tries to approve and is refused; the owner approves.
    pub(crate) fn submit_and_approve(&mut self, phase: Phase) {
        self.act("tom", None, phase, C::Submit { version: None });
        self.act("tom", None, phase, C::Approve { version: None });
        self.all("olga", phase, Verdict::Approve);
        self.act(
            "olga",
            Some("complete and plausible"),
            phase,
            C::Approve { version: None },
        );
    }
}
