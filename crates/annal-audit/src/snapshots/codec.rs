//! A snapshot's bytes: their SHA-256, then two LZ4 blocks. One is what all items say, as JSON, which nobody reads until he
//! looks at an item; the other, as postcard, is everything else: first what is said once for the version, then item by item.

use std::collections::HashMap;
use std::sync::Arc;

use annal_core::dossier::state::Version;
use annal_core::item::{CarriedFrom, Verdict};
use annal_core::{ItemId, PersonId, Position, VersionNo};
use chrono::{DateTime, Utc};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::content::ContentShown;
use crate::replay::{Acts, Replay};
use crate::show::{Act, DecisionShown, ItemShown};

/// Both blocks.
#[derive(Serialize, Deserialize)]
struct Blocks<'a> {
    #[serde(borrow)]
    said: &'a [u8],
    contents: &'a [u8],
}

/// What comes before the items.
#[derive(Serialize, Deserialize)]
struct WrittenVersion<'a> {
    /// [`Head`] as JSON.
    #[serde(borrow)]
    head: &'a str,
    /// Everybody who did something to an item; in the items they are numbers.
    people: Vec<&'a str>,
    items: usize,
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
    /// Bytes of its content among all contents.
    content: usize,
    carried: Option<(u32, &'a str)>,
    tester: Option<WrittenDecision<'a>>,
    report_owner: Option<WrittenDecision<'a>>,
    locked: bool,
    added: WrittenAct<'a>,
    changed: Option<WrittenAct<'a>>,
}

#[derive(Serialize, Deserialize)]
struct WrittenDecision<'a> {
    verdict: Verdict,
    by: usize,
    reason: Option<&'a str>,
    /// None where it came along from an earlier version.
    taken: Option<Moment>,
}

#[derive(Serialize, Deserialize)]
struct WrittenAct<'a> {
    by: usize,
    moment: Moment,
    reason: Option<&'a str>,
}

/// Microseconds of the epoch, which is what the database keeps, and the position.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Moment(i64, u64);

/// The bytes of a version; none where it has signatures. Those print names, and a name has to stay where it can be
/// forgotten, which is in the events alone.
pub(super) fn write(replay: &Replay) -> Option<Vec<u8>> {
    let version = replay.dossier.version(replay.number)?;
    let items = replay.clone().items_shown();
    if items.iter().any(|it| !it.signatures.is_empty()) {
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
    let mut people = People::default();
    let mut contents = String::new();
    let mut written = Vec::with_capacity(items.len());
    for item in &items {
        let content = item.content.json().ok()?;
        contents.push_str(&content);
        written.push(people.item(item, content.len()));
    }
    let version = WrittenVersion {
        head: &serde_json::to_string(&head).ok()?,
        people: people.all,
        items: written.len(),
    };
    let mut said = postcard::to_stdvec(&version).ok()?;
    for item in &written {
        said = postcard::to_extend(item, said).ok()?;
    }
    let blocks = Blocks {
        said: &lz4_flex::compress_prepend_size(&said),
        contents: &lz4_flex::compress_prepend_size(contents.as_bytes()),
    };
    let bytes = postcard::to_stdvec(&blocks).ok()?;
    Some([Sha256::digest(&bytes).as_slice(), &bytes].concat())
}

/// The version in some bytes; none where they are not what [`write`] made.
pub(super) fn read(bytes: &[u8]) -> Option<Replay> {
    let (hash, bytes) = bytes.split_first_chunk::<32>()?;
    if Sha256::digest(bytes).as_slice() != hash {
        return None;
    }
    let blocks: Blocks<'_> = postcard::from_bytes(bytes).ok()?;
    let contents = lz4_flex::decompress_size_prepended(blocks.contents).ok()?;
    let contents = Arc::new(String::from_utf8(contents).ok()?);
    let said = lz4_flex::decompress_size_prepended(blocks.said).ok()?;
    let (version, mut said) = postcard::take_from_bytes::<WrittenVersion<'_>>(&said).ok()?;
    let people: Result<Vec<PersonId>, _> = version.people.into_iter().map(PersonId::new).collect();
    let people = people.ok()?;
    // A number that is no length would ask for more memory than there is.
    let mut items = Vec::with_capacity(version.items.min(said.len()));
    let mut from = 0_usize;
    for _ in 0..version.items {
        let (item, rest) = postcard::take_from_bytes::<WrittenItem<'_>>(said).ok()?;
        let to = from.checked_add(item.content)?;
        let content = ContentShown::kept(&contents, from..to)?;
        items.push(item.shown(content, &people)?);
        (from, said) = (to, rest);
    }
    let head: Head = serde_json::from_str(version.head).ok()?;
    Some(Replay::kept(head.version, head.acts, items))
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

    fn item(&mut self, item: &'a ItemShown, content: usize) -> WrittenItem<'a> {
        let carried = item.carried.as_ref();
        WrittenItem {
            id: item.item.as_str(),
            content,
            carried: carried.map(|it| (it.version.0, it.why.as_str())),
            tester: self.decision(item.tester.as_ref()),
            report_owner: self.decision(item.report_owner.as_ref()),
            locked: item.locked,
            added: self.act(&item.added),
            changed: item.changed.as_ref().map(|it| self.act(it)),
        }
    }

    fn decision(&mut self, decision: Option<&'a DecisionShown>) -> Option<WrittenDecision<'a>> {
        decision.map(|it| WrittenDecision {
            verdict: it.verdict,
            by: self.number(&it.by),
            reason: it.reason.as_deref(),
            taken: it.at.zip(it.position).map(Moment::from),
        })
    }

    fn act(&mut self, act: &'a Act) -> WrittenAct<'a> {
        WrittenAct {
            by: self.number(&act.by),
            moment: (act.at, act.position).into(),
            reason: act.reason.as_deref(),
        }
    }
}

impl WrittenItem<'_> {
    /// None where it is wrong: it names nobody, or a time that there is not.
    fn shown(self, content: ContentShown, people: &[PersonId]) -> Option<ItemShown> {
        let decision = |it: Option<WrittenDecision<'_>>| match it {
            None => Some(None),
            Some(it) => it.shown(people).map(Some),
        };
        Some(ItemShown {
            item: ItemId::new(self.id).ok()?,
            content,
            carried: self.carried.map(|(version, why)| CarriedFrom {
                version: VersionNo(version),
                why: why.to_owned(),
            }),
            tester: decision(self.tester)?,
            report_owner: decision(self.report_owner)?,
            locked: self.locked,
            signatures: Vec::new(),
            added: self.added.act(people)?,
            changed: match self.changed {
                None => None,
                Some(it) => Some(it.act(people)?),
            },
        })
    }
}

impl WrittenDecision<'_> {
    fn shown(self, people: &[PersonId]) -> Option<DecisionShown> {
        let taken = match self.taken {
            None => None,
            Some(it) => Some(it.moment()?),
        };
        Some(DecisionShown {
            verdict: self.verdict,
            by: people.get(self.by)?.clone(),
            reason: self.reason.map(str::to_owned),
            at: taken.map(|it| it.0),
            position: taken.map(|it| it.1),
        })
    }
}

impl WrittenAct<'_> {
    fn act(self, people: &[PersonId]) -> Option<Act> {
        let (at, position) = self.moment.moment()?;
        Some(Act {
            by: people.get(self.by)?.clone(),
            at,
            position,
            reason: self.reason.map(str::to_owned),
        })
    }
}

impl From<(DateTime<Utc>, Position)> for Moment {
    fn from((at, position): (DateTime<Utc>, Position)) -> Self {
        Self(at.timestamp_micros(), position.0)
    }
}

impl Moment {
    fn moment(self) -> Option<(DateTime<Utc>, Position)> {
        Some((DateTime::from_timestamp_micros(self.0)?, Position(self.1)))
    }
}
