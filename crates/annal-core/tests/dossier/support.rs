//! Given, when, then; a dossier with its people to try things on.

use annal_core::definition::{Definition, PhaseDef};
use annal_core::dossier::command::SectionSignature;
use annal_core::dossier::event::{FileRef, Meaning};
use annal_core::dossier::state::{Item, Version};
use annal_core::dossier::{
    Asked, Basis, Dossier, DossierCommand as C, DossierEvent as E, content_hash,
};
use annal_core::item::{
    Content, DecisionLevel, Dimension, ItemVerdict, Level, NewItem, ObservationKind, Requirement,
    SampleCategory, SampleSource, Verdict,
};
use annal_core::people::Actor;
use annal_core::rejection::{Rejection, RejectionCode};
use annal_core::version::VersionStatus;
use annal_core::{ItemId, PersonId, Phase, Role, RunId, VersionNo};
use chrono::{DateTime, TimeZone, Utc};
use uuid::Uuid;

/// The phases with versions whose items are decided on two levels.
pub(crate) const DECIDED: [Phase; 5] = [
    Phase::Planning,
    Phase::DataProfiling,
    Phase::Scoping,
    Phase::SampleSelection,
    Phase::Observations,
];

/// Somebody who asks.
#[derive(Clone)]
pub(crate) struct Who {
    pub(crate) actor: Actor,
    reason: Option<String>,
}

fn who(name: &str, role: Role) -> Who {
    let actor = Actor {
        id: person(name),
        name: name.to_uppercase().into(),
        role,
        on_behalf_of: None,
    };
    Who {
        actor,
        reason: None,
    }
}

/// The tester who does the work in these tests.
pub(crate) fn tom() -> Who {
    who("tom", Role::Tester)
}

pub(crate) fn tina() -> Who {
    who("tina", Role::Tester)
}

/// The report owner who approves in these tests.
pub(crate) fn olga() -> Who {
    who("olga", Role::ReportOwner)
}

pub(crate) fn ed() -> Who {
    who("ed", Role::ReportExecutive)
}

pub(crate) fn dora() -> Who {
    who("dora", Role::DataOwner)
}

pub(crate) fn dan() -> Who {
    who("dan", Role::DataOwner)
}

pub(crate) fn xena() -> Who {
    who("xena", Role::TestExecutive)
}

pub(crate) fn engine() -> Who {
    let actor = Actor::engine();
    Who {
        actor,
        reason: None,
    }
}

impl Who {
    pub(crate) fn named(name: &str, role: Role) -> Self {
        who(name, role)
    }

    pub(crate) fn because(mut self, reason: &str) -> Self {
        self.reason = Some(reason.to_owned());
        self
    }

    /// The same person in another role.
    pub(crate) fn acting_as(mut self, role: Role) -> Self {
        self.actor.role = role;
        self
    }

    pub(crate) fn in_place_of(mut self, other: &str) -> Self {
        self.actor.on_behalf_of = Some(person(other));
        self
    }
}

pub(crate) fn person(name: &str) -> PersonId {
    name.parse().unwrap()
}

pub(crate) fn id(text: &str) -> ItemId {
    text.parse().unwrap()
}

pub(crate) fn noon() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 2, 12, 0, 0).unwrap()
}

pub(crate) fn run_id() -> RunId {
    RunId(Uuid::from_u128(1))
}

/// One phase, and what earlier phases settled for it.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) dossier: Dossier,
    pub(crate) basis: Basis,
    pub(crate) plan: PhaseDef,
}

impl Desk {
    /// A phase of definition 2.0.0 in which nothing happened yet.
    pub(crate) fn new(phase: Phase) -> Self {
        let plan = Definition::latest().phase(phase).unwrap().clone();
        let basis = Basis {
            attributes: [id("a"), id("b")].into(),
            lines_of_business: vec!["retail".to_owned(), "cards".to_owned()],
            owners: [
                (id("a"), [("retail".to_owned(), person("dora"))].into()),
                (id("b"), [("retail".to_owned(), person("dan"))].into()),
            ]
            .into(),
            samples: [id("s1"), id("s2")].into(),
            evidence: [("extract".parse().unwrap(), VersionNo(2))].into(),
            ..Basis::default()
        };
        Self {
            dossier: Dossier::default(),
            basis,
            plan,
        }
    }

    pub(crate) fn begun(phase: Phase) -> Self {
        let begin = C::Begin {
            run: run_id(),
            phase,
            inputs: vec![],
        };
        Self::new(phase).given(&engine(), begin)
    }

    /// A draft made by the engine.
    pub(crate) fn draft(phase: Phase, items: &[&str]) -> Self {
        let items = new_items(phase, items);
        Self::begun(phase).given(&engine(), C::CreateVersion { items })
    }

    /// A draft on which Tom decided, all in favour.
    pub(crate) fn decided(phase: Phase, items: &[&str]) -> Self {
        Self::draft(phase, items).tester_decides()
    }

    pub(crate) fn tester_decides(self) -> Self {
        let phase = self.plan.phase;
        let items = self.undecided();
        match (phase, items.as_slice()) {
            (Phase::TestReport, _) => {
                let sign = self.signatures(Meaning::Author);
                self.given(&tom(), sign)
            }
            (_, []) => self,
            (_, items) => self.given(&tom(), decide(DecisionLevel::Tester, items, favour(phase))),
        }
    }

    /// A version that Tom handed in.
    pub(crate) fn pending(phase: Phase, items: &[&str]) -> Self {
        Self::decided(phase, items).given(&tom(), SUBMIT)
    }

    /// A version that Olga approved (and Ed, a report).
    pub(crate) fn approved(phase: Phase, items: &[&str]) -> Self {
        Self::pending(phase, items).owner_approves()
    }

    /// Olga decides what is open on the second level in favour, and approves.
    pub(crate) fn owner_approves(self) -> Self {
        if self.plan.phase == Phase::TestReport {
            let sign = self.signatures(Meaning::Approve);
            let desk = self.given(&olga(), sign);
            let sign = desk.signatures(Meaning::Responsible);
            return desk.given(&ed(), sign);
        }
        let open: Vec<_> = self.items(|item| item.report_owner.is_none() && !item.locked);
        let desk = match open.as_slice() {
            [] => self,
            open => {
                let all = decide(DecisionLevel::ReportOwner, open, Verdict::Approve);
                self.given(&olga(), all)
            }
        };
        desk.given(&olga(), APPROVE)
    }

    pub(crate) fn rejected(phase: Phase, items: &[&str]) -> Self {
        Self::pending(phase, items).given(&olga().because("not yet"), reject())
    }

    pub(crate) fn completed(self) -> Self {
        self.given(&engine(), C::Complete {})
    }

    pub(crate) fn reopened(self) -> Self {
        self.given(&xena().because("an error came up"), C::Reopen {})
    }

    /// Something that was done before; it has to be possible.
    #[track_caller]
    pub(crate) fn given(mut self, who: &Who, command: C) -> Self {
        let name = command.name();
        let events = match self.when(who, &command) {
            Ok(events) => events,
            Err(no) => panic!("{} cannot {name}: {no}", who.actor.id),
        };
        assert!(!events.is_empty(), "{name} had no effect");
        self.dossier = self.dossier.with(&events);
        self
    }

    pub(crate) fn when(&self, who: &Who, command: &C) -> Result<Vec<E>, Rejection> {
        let asked = Asked {
            actor: &who.actor,
            reason: who.reason.as_deref(),
            effective_at: noon(),
        };
        self.dossier
            .decide(&asked, command, &self.basis, &self.plan)
    }

    /// The events that it leads to.
    #[track_caller]
    pub(crate) fn then(&self, who: &Who, command: &C) -> Vec<E> {
        self.when(who, command)
            .unwrap_or_else(|no| panic!("{} was refused: {no}", command.name()))
    }

    /// It is refused with this code, and the message says this.
    #[track_caller]
    pub(crate) fn refuses(&self, who: &Who, command: &C, code: RejectionCode, part: &str) {
        let no = match self.when(who, command) {
            Ok(events) => panic!("{} was taken: {events:?}", command.name()),
            Err(no) => no,
        };
        assert_eq!(no.code, code, "{no}");
        assert!(no.message.contains(part), "'{no}' does not say '{part}'");
    }

    /// The items that a refusal names.
    #[track_caller]
    pub(crate) fn bad_items(&self, who: &Who, command: &C) -> Vec<String> {
        let no = self.when(who, command).expect_err("it was taken");
        no.items.into_iter().map(|bad| bad.item).collect()
    }

    pub(crate) fn newest(&self) -> &Version {
        self.dossier.versions.last().unwrap()
    }

    pub(crate) fn item(&self, name: &str) -> &Item {
        &self.newest().items[&id(name)]
    }

    pub(crate) fn statuses(&self) -> Vec<VersionStatus> {
        self.dossier.versions.iter().map(Version::status).collect()
    }

    fn items(&self, keep: impl Fn(&Item) -> bool) -> Vec<ItemId> {
        let items = self.newest().items.iter();
        let kept = items.filter(|(_, item)| keep(item));
        kept.map(|(id, _)| id.clone()).collect()
    }

    pub(crate) fn undecided(&self) -> Vec<ItemId> {
        self.items(Item::waits_for_tester)
    }

    /// A signature for every section of the newest version, over what it says.
    pub(crate) fn signatures(&self, meaning: Meaning) -> C {
        let signature = |(section, item): (&ItemId, &Item)| SectionSignature {
            section: section.clone(),
            content_hash: content_hash(&item.content),
            meaning,
        };
        let sections = self.newest().items.iter().map(signature).collect();
        C::Sign { sections }
    }
}

pub(crate) const SUBMIT: C = C::Submit { version: None };
pub(crate) const APPROVE: C = C::Approve { version: None };
pub(crate) const WITHDRAW: C = C::Withdraw { version: None };

pub(crate) fn reject() -> C {
    C::Reject {
        version: None,
        requested_changes: vec!["more".to_owned()],
    }
}

pub(crate) fn ids(names: &[&str]) -> Vec<ItemId> {
    names.iter().map(|name| id(name)).collect()
}

pub(crate) fn decide(level: DecisionLevel, items: &[ItemId], verdict: Verdict) -> C {
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

pub(crate) fn first(items: &[&str], verdict: Verdict) -> C {
    decide(DecisionLevel::Tester, &ids(items), verdict)
}

pub(crate) fn second(items: &[&str], verdict: Verdict) -> C {
    decide(DecisionLevel::ReportOwner, &ids(items), verdict)
}

/// The verdict by which a tester takes an item of the phase.
pub(crate) fn favour(phase: Phase) -> Verdict {
    match phase {
        Phase::Planning => Verdict::Include,
        Phase::Scoping => Verdict::Accept,
        _ => Verdict::Approve,
    }
}

pub(crate) fn new_items(phase: Phase, names: &[&str]) -> Vec<NewItem> {
    let item = |name: &&str| NewItem {
        id: id(name),
        content: content(phase, name),
    };
    names.iter().map(item).collect()
}

/// A content of the kind that the phase holds. An item `key…` is a primary key; in scoping one `low…` is not
/// recommended.
pub(crate) fn content(phase: Phase, name: &str) -> Content {
    let text = || name.to_owned();
    let primary_key = name.starts_with("key");
    match phase {
        Phase::Planning => Content::Attribute {
            name: text(),
            line_item: "1".to_owned(),
            format: "text".to_owned(),
            requirement: Requirement::Mandatory,
            primary_key,
            critical: false,
            risk: Level::High,
        },
        Phase::DataProfiling => Content::Rule {
            attribute: id("a"),
            dimension: Dimension::Completeness,
            check: text(),
            severity: Level::High,
            result: None,
        },
        Phase::Scoping => Content::ScopeAttribute {
            attribute: id(&format!("attribute:{name}")),
            primary_key,
            recommended: !name.starts_with("low"),
            rationale: "risk".to_owned(),
        },
        Phase::SampleSelection => Content::Sample {
            row_key: text(),
            line: 2,
            category: SampleCategory::Clean,
            source: SampleSource::Recommended,
            line_of_business: "retail".to_owned(),
            values: [("ratio".to_owned(), None)].into(),
        },
        Phase::Observations => Content::Observation {
            title: text(),
            severity: Level::Medium,
            observation: ObservationKind::DataMismatch,
            attribute: id("a"),
            failed_tests: vec![],
        },
        Phase::TestReport => section(name, "text"),
        other => panic!("{other} has no items"),
    }
}

pub(crate) fn section(title: &str, body: &str) -> Content {
    Content::Section {
        title: title.to_owned(),
        body: body.to_owned(),
    }
}

pub(crate) fn file(name: &str, digit: char) -> FileRef {
    FileRef {
        name: name.to_owned(),
        sha256: digit.to_string().repeat(64),
        bytes: 3,
    }
}
