//! A snapshot's bytes: its items as postcard, which is read ten times as fast as their JSON, the little that is said once
//! for the version as JSON; all of it compressed as an LZ4 block.

use std::collections::HashMap;

use annal_core::dossier::state::{Item, Version};
use annal_core::item::{CarriedFrom, Content, Decision, Verdict};
use annal_core::{ItemId, PersonId, Position, VersionNo};
use chrono::DateTime;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::replay::{Acts, ItemActs, Replay};
use crate::show::Act;

/// What is written.
#[derive(Serialize, Deserialize)]
struct Written<'a> {
    /// [`Head`] as JSON.
    #[serde(borrow)]
    head: &'a str,
    /// Everybody who did something to an item; in the items they are numbers.
    people: Vec<&'a str>,
    items: Vec<WrittenItem<'a>>,
}

/// The version without its items.
#[derive(Serialize, Deserialize)]
struct Head {
    version: Version,
    acts: Acts,
}

#[derive(Serialize, Deserialize)]
struct WrittenItem<'a> {
    id: &'a str,
    /// As JSON.
    content: std::borrow::Cow<'a, str>,
    carried: Option<(u32, &'a str)>,
    tester: Option<WrittenDecision<'a>>,
    report_owner: Option<WrittenDecision<'a>>,
    locked: bool,
    added: WrittenAct<'a>,
    changed: Option<WrittenAct<'a>>,
    tester_act: Option<WrittenAct<'a>>,
    report_owner_act: Option<WrittenAct<'a>>,
}

#[derive(Serialize, Deserialize)]
struct WrittenDecision<'a> {
    verdict: Verdict,
    by: usize,
    reason: Option<&'a str>,
}

#[derive(Serialize, Deserialize)]
struct WrittenAct<'a> {
    by: usize,
    /// Microseconds of the epoch, which is what the database keeps.
    at: i64,
    position: u64,
    reason: Option<&'a str>,
}

/// The bytes of a version; none where it has signatures. Those print names, and a name has to stay where it can be
/// forgotten, which is in the events alone.
pub(super) fn write(replay: &Replay) -> Option<Vec<u8>> {
    let version = replay.dossier.version(replay.number)?;
    if version.items.values().any(|it| !it.signatures.is_empty()) {
        return None;
    }
    let head = Head {
        version: Version {
            number: version.number,
            origin: version.origin,
            inputs: version.inputs.clone(),
            created_by: version.created_by.clone(),
            state: version.state.clone(),
            hands: version.hands.clone(),
            edits: version.edits,
            items: IndexMap::new(),
        },
        acts: replay.acts.clone(),
    };
    let head = serde_json::to_string(&head).ok()?;
    let mut people = People::default();
    let items: Option<Vec<_>> = (version.items.iter())
        .map(|(id, item)| people.item(id, item, replay.items.get(id)?))
        .collect();
    let written = Written {
        head: &head,
        items: items?,
        people: people.all,
    };
    let bytes = postcard::to_stdvec(&written).ok()?;
    Some(lz4_flex::compress_prepend_size(&bytes))
}

/// The version in some bytes; none where they are not what [`write`] made.
pub(super) fn read(bytes: &[u8]) -> Option<Replay> {
    let bytes = lz4_flex::decompress_size_prepended(bytes).ok()?;
    let written: Written<'_> = postcard::from_bytes(&bytes).ok()?;
    let head: Head = serde_json::from_str(written.head).ok()?;
    let people: Result<Vec<PersonId>, _> = written.people.into_iter().map(PersonId::new).collect();
    let people = people.ok()?;
    let mut version = head.version;
    let mut replay = Replay::new(version.number);
    replay.acts = head.acts;
    replay.items.reserve(written.items.len());
    version.items.reserve(written.items.len());
    for written in &written.items {
        let id = ItemId::new(written.id).ok()?;
        let (item, acts) = written.item(&people)?;
        version.items.insert(id.clone(), item);
        replay.items.insert(id, acts);
    }
    replay.leave_places(&version.created_by.clone());
    replay.dossier.versions.push(version);
    Some(replay)
}

/// Persons by number.
#[derive(Default)]
struct People<'a> {
    all: Vec<&'a str>,
    numbers: HashMap<&'a str, usize>,
}

impl<'a> People<'a> {
    fn number(&mut self, person: &'a PersonId) -> usize {
        let person = person.as_str();
        *self.numbers.entry(person).or_insert_with(|| {
            self.all.push(person);
            self.all.len() - 1
        })
    }

    fn item(
        &mut self,
        id: &'a ItemId,
        item: &'a Item,
        acts: &'a ItemActs,
    ) -> Option<WrittenItem<'a>> {
        let carried = item.carried.as_ref();
        Some(WrittenItem {
            id: id.as_str(),
            content: serde_json::to_string(&item.content).ok()?.into(),
            carried: carried.map(|it| (it.version.0, it.why.as_str())),
            tester: self.decision(item.tester.as_ref()),
            report_owner: self.decision(item.report_owner.as_ref()),
            locked: item.locked,
            added: self.act(&acts.added),
            changed: acts.changed.as_ref().map(|it| self.act(it)),
            tester_act: acts.tester.as_ref().map(|it| self.act(it)),
            report_owner_act: acts.report_owner.as_ref().map(|it| self.act(it)),
        })
    }

    fn decision(&mut self, decision: Option<&'a Decision>) -> Option<WrittenDecision<'a>> {
        decision.map(|it| WrittenDecision {
            verdict: it.verdict,
            by: self.number(&it.by),
            reason: it.reason.as_deref(),
        })
    }

    fn act(&mut self, act: &'a Act) -> WrittenAct<'a> {
        WrittenAct {
            by: self.number(&act.by),
            at: act.at.timestamp_micros(),
            position: act.position.0,
            reason: act.reason.as_deref(),
        }
    }
}

impl WrittenItem<'_> {
    fn item(&self, people: &[PersonId]) -> Option<(Item, ItemActs)> {
        let content: Content = serde_json::from_str(&self.content).ok()?;
        let item = Item {
            carried: self.carried.map(|(version, why)| CarriedFrom {
                version: VersionNo(version),
                why: why.to_owned(),
            }),
            tester: decision(self.tester.as_ref(), people)?,
            report_owner: decision(self.report_owner.as_ref(), people)?,
            locked: self.locked,
            ..Item::new(content)
        };
        let acts = ItemActs {
            changed: act(self.changed.as_ref(), people)?,
            tester: act(self.tester_act.as_ref(), people)?,
            report_owner: act(self.report_owner_act.as_ref(), people)?,
            ..ItemActs::new(self.added.act(people)?)
        };
        Some((item, acts))
    }
}

impl WrittenAct<'_> {
    fn act(&self, people: &[PersonId]) -> Option<Act> {
        Some(Act {
            by: people.get(self.by)?.clone(),
            at: DateTime::from_timestamp_micros(self.at)?,
            position: Position(self.position),
            reason: self.reason.map(str::to_owned),
        })
    }
}

/// None where it names nobody; the decision that is not there is none inside.
fn decision(
    written: Option<&WrittenDecision<'_>>,
    people: &[PersonId],
) -> Option<Option<Decision>> {
    let Some(it) = written else { return Some(None) };
    Some(Some(Decision {
        verdict: it.verdict,
        by: people.get(it.by)?.clone(),
        reason: it.reason.map(str::to_owned),
    }))
}

fn act(written: Option<&WrittenAct<'_>>, people: &[PersonId]) -> Option<Option<Act>> {
    match written {
        None => Some(None),
        Some(it) => it.act(people).map(Some),
    }
}
