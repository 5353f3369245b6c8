//! One version's events, folded: the version by the rules of the domain, with who did what to it on the way.

use std::collections::{BTreeMap, HashMap};

use annal_core::dossier::state::{Item, Version, VersionState};
use annal_core::dossier::{Dossier, DossierEvent as E};
use annal_core::item::{Decision, DecisionLevel};
use annal_core::version::{Origin, VersionRef};
use annal_core::{ItemId, PersonId, Position, VersionNo};
use annal_log::{Log, LogError, StreamId};
use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use crate::Audit;
use crate::error::{Asking, AuditError};
use crate::kept::Kept;
use crate::select::{from_bigint, to_bigint};
use crate::show::{Act, DecisionShown, ItemShown, ShownVersion};
use crate::snapshots::{self, Stretch};

/// A version as it was, and what happened to it. What the rules know of a version and nobody is shown, who had a hand
/// in an item that was carried, is not in it: that is in the events of other versions.
#[derive(Debug, Clone)]
pub(crate) struct Replay {
    pub(crate) number: VersionNo,
    /// The version at its place; those before it are empty.
    pub(crate) dossier: Dossier,
    pub(crate) acts: Acts,
    items: HashMap<ItemId, ItemActs>,
    /// Items of the snapshot that it goes on from, which the dossier has only when an event is about them.
    kept: Kept,
}

/// Who did what to the version as a whole.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Acts {
    pub(crate) created: Option<Act>,
    pub(crate) submitted: Option<Act>,
    pub(crate) decided: Option<Act>,
    pub(crate) requested_changes: Vec<String>,
    pub(crate) removed: BTreeMap<ItemId, Act>,
}

/// Who did what to an item since it came in.
#[derive(Debug, Clone)]
struct ItemActs {
    added: Act,
    changed: Option<Act>,
    tester: Option<Act>,
    report_owner: Option<Act>,
}

/// An event's row, as far as a replay needs it.
#[derive(Debug, FromRow)]
pub(crate) struct Row {
    pub(crate) sequence: i64,
    pub(crate) position: i64,
    recorded_at: DateTime<Utc>,
    actor_id: String,
    reason: Option<String>,
    event_type: String,
    payload: String,
}

/// The columns of [`Row`].
pub(crate) const COLUMNS: &str =
    "sequence, position, recorded_at, actor_id, reason, event_type, payload::text AS payload";

/// The events that say something about a version: those for which [`version_of`] has an answer.
const TYPES: [&str; 12] = [
    "version_created",
    "item_added",
    "item_carried",
    "item_changed",
    "item_removed",
    "item_decided",
    "version_submitted",
    "version_withdrawn",
    "version_approved",
    "version_rejected",
    "version_superseded",
    "section_signed",
];

impl Replay {
    /// A version at a position, from the newest snapshot before it and the events since. By the second clock no
    /// snapshot holds, since it leaves events out.
    pub(crate) async fn of(
        audit: &Audit,
        version: VersionRef,
        until: Position,
        said_until: Option<DateTime<Utc>>,
    ) -> Result<Self, AuditError> {
        let stretch = match said_until {
            None if audit.from_snapshots => snapshots::stretch(audit, version, until).await?,
            _ => Stretch::WHOLE,
        };
        let guessed = stretch.is_guessed();
        let replay = Self::over(audit, version, until, said_until, stretch).await?;
        // What was not made there was made earlier, or never.
        if guessed && replay.dossier.version(replay.number).is_none() {
            return Self::over(audit, version, until, said_until, Stretch::WHOLE).await;
        }
        Ok(replay)
    }

    async fn over(
        audit: &Audit,
        version: VersionRef,
        until: Position,
        said_until: Option<DateTime<Utc>>,
        stretch: Stretch,
    ) -> Result<Self, AuditError> {
        let mut replay = stretch.begun.unwrap_or_else(|| Self::new(version.number));
        let stream = StreamId::dossier(version.run, version.phase);
        let query = format!(
            "SELECT {COLUMNS} FROM annal.of_stream($1, $2, $3, $4, $8 - 1)
             WHERE position <= $5 AND event_type = ANY ($6) AND ($7::timestamptz IS NULL OR effective_at <= $7)
             ORDER BY sequence"
        );
        let mut rows = sqlx::query_as(&query)
            .bind(audit.log.ledger().as_str())
            .bind(stream.aggregate_type)
            .bind(stream.aggregate_id)
            .bind(stretch.after)
            .bind(to_bigint(until))
            .bind(TYPES.as_slice())
            .bind(said_until)
            .bind(stretch.before)
            .fetch(audit.log.pool());
        while let Some(row) = rows.try_next().await.asking("replaying a dossier")? {
            replay.take(&audit.log, row).await?;
        }
        Ok(replay)
    }

    pub(crate) fn new(number: VersionNo) -> Self {
        Self {
            number,
            dossier: Dossier::default(),
            acts: Acts::default(),
            items: HashMap::new(),
            kept: Kept::default(),
        }
    }

    /// A version to go on from: without its items, what was done to it, and the items.
    pub(crate) fn kept(version: Version, acts: Acts, items: Vec<ItemShown>) -> Self {
        let mut replay = Self {
            acts,
            kept: Kept::new(items),
            ..Self::new(version.number)
        };
        replay.leave_places(&version.created_by);
        replay.dossier.versions.push(version);
        replay
    }

    /// Takes an event of the dossier; one that is about something else changes nothing.
    pub(crate) async fn take(&mut self, log: &Log, row: Row) -> Result<(), AuditError> {
        if row.about() != Some(self.number) {
            return Ok(());
        }
        let position = from_bigint(row.position);
        let unreadable = |detail: String| LogError::Undecodable { position, detail };
        let event = log.read_payload(&row.event_type, &row.payload).await?;
        let event: E = event.map_err(|no: serde_json::Error| unreadable(no.to_string()))?;
        let actor = PersonId::new(row.actor_id).map_err(|no| unreadable(no.to_string()))?;
        let act = Act {
            // The engine approves what a person submits where no approval is due.
            by: by(&event).cloned().unwrap_or(actor),
            at: row.recorded_at,
            position,
            reason: row.reason,
        };
        if let E::VersionCreated { by, .. } = &event {
            self.leave_places(by);
        }
        if let Some(item) = item_of(&event) {
            self.take_up(item)?;
        }
        self.dossier.evolve(&event);
        self.note(event, act);
        Ok(())
    }

    /// A dossier finds a version by its number, so there have to be as many before it.
    fn leave_places(&mut self, by: &PersonId) {
        for number in 1..self.number.0 {
            self.dossier.evolve(&E::VersionCreated {
                version: VersionNo(number),
                origin: Origin::Initial,
                inputs: Vec::new(),
                by: by.clone(),
            });
        }
    }

    /// Gives the dossier an item that is still as the snapshot has it.
    fn take_up(&mut self, item: &ItemId) -> Result<(), AuditError> {
        let Some(version) = self.dossier.version_mut(self.number) else {
            return Ok(());
        };
        if let Some(shown) = self.kept.take(item) {
            let (standing, acts) = ItemActs::taken_up(shown)?;
            version.items.insert(item.clone(), standing);
            self.items.insert(item.clone(), acts);
        }
        Ok(())
    }

    /// Keeps who did it, for what the aggregate does not need to know.
    fn note(&mut self, event: E, act: Act) {
        let because = |reason: String, act: Act| Act {
            reason: Some(reason),
            ..act
        };
        let acts = &mut self.acts;
        match event {
            E::VersionCreated { .. } => acts.created = Some(act),
            E::VersionSubmitted { .. } => acts.submitted = Some(act),
            E::VersionWithdrawn { .. } => acts.submitted = None,
            E::VersionApproved {
                without_approval, ..
            } => {
                acts.decided = Some(match without_approval {
                    Some(condition) => because(condition, act),
                    None => act,
                });
            }
            E::VersionRejected {
                reason,
                requested_changes,
                ..
            } => {
                acts.decided = Some(because(reason, act));
                acts.requested_changes = requested_changes;
            }
            E::ItemAdded { item, .. } | E::ItemCarried { item, .. } => {
                acts.removed.remove(&item);
                // What was decided before the item came in again is about another item.
                self.items.insert(item, ItemActs::new(act));
            }
            E::ItemChanged { item, reason, .. } => {
                if let Some(it) = self.items.get_mut(&item) {
                    it.changed = Some(because(reason, act));
                }
            }
            E::ItemRemoved { item, reason, .. } => {
                self.items.remove(&item);
                self.kept.leave(&item);
                acts.removed.insert(item, because(reason, act));
            }
            E::ItemDecided { item, level, .. } => {
                if let Some(it) = self.items.get_mut(&item) {
                    *it.decided(level) = Some(act);
                }
            }
            _ => {}
        }
    }

    /// The items as they are, in the order in which they came; none are left here.
    pub(crate) fn items_shown(&mut self) -> Vec<ItemShown> {
        let version = self.dossier.version_mut(self.number);
        let standing = version.map(|it| std::mem::take(&mut it.items));
        let mut acts = std::mem::take(&mut self.items);
        let touched: IndexMap<_, _> = (standing.unwrap_or_default().into_iter())
            .filter_map(|(id, item)| Some((id.clone(), acts.remove(&id)?.shown(id, item))))
            .collect();
        std::mem::take(&mut self.kept).with(touched)
    }

    /// The version as it was; none if it was not there.
    pub(crate) fn shown(mut self, of: VersionRef, position: Position) -> Option<ShownVersion> {
        let index = (self.number.0 as usize).checked_sub(1)?;
        if index >= self.dossier.versions.len() {
            return None;
        }
        let items = self.items_shown();
        let version = self.dossier.versions.swap_remove(index);
        Some(ShownVersion {
            version: of,
            position,
            status: version.status(),
            origin: version.origin,
            superseded_by: successor(&version),
            inputs: version.inputs,
            created: self.acts.created?,
            submitted: self.acts.submitted,
            decided: self.acts.decided,
            requested_changes: self.acts.requested_changes,
            items,
            removed: self.acts.removed.into_iter().collect(),
        })
    }
}

impl ItemActs {
    fn new(added: Act) -> Self {
        Self {
            added,
            changed: None,
            tester: None,
            report_owner: None,
        }
    }

    fn decided(&mut self, level: DecisionLevel) -> &mut Option<Act> {
        match level {
            DecisionLevel::Tester => &mut self.tester,
            DecisionLevel::ReportOwner => &mut self.report_owner,
        }
    }

    /// An item that was shown, as it stands, with what was done to it: the other way round than [`Self::shown`].
    fn taken_up(shown: ItemShown) -> Result<(Item, Self), AuditError> {
        let content = shown.content.read()?.into_owned();
        let (tester, by_tester) = shown.tester.map(DecisionShown::taken_up).unzip();
        let (report_owner, by_owner) = shown.report_owner.map(DecisionShown::taken_up).unzip();
        let standing = Item {
            carried: shown.carried,
            tester,
            report_owner,
            locked: shown.locked,
            signatures: shown.signatures,
            ..Item::new(content)
        };
        let acts = Self {
            added: shown.added,
            changed: shown.changed,
            tester: by_tester.flatten(),
            report_owner: by_owner.flatten(),
        };
        Ok((standing, acts))
    }

    fn shown(self, item: ItemId, standing: Item) -> ItemShown {
        let decision = |standing: Option<Decision>, act: Option<Act>| {
            standing.map(|standing| DecisionShown::of(standing, act.as_ref()))
        };
        ItemShown {
            item,
            content: standing.content.into(),
            carried: standing.carried,
            tester: decision(standing.tester, self.tester),
            report_owner: decision(standing.report_owner, self.report_owner),
            locked: standing.locked,
            signatures: standing.signatures,
            added: self.added,
            changed: self.changed,
        }
    }
}

impl Row {
    /// The version that the event is about, without reading the rest of it.
    pub(crate) fn about(&self) -> Option<VersionNo> {
        #[derive(Deserialize)]
        struct About {
            version: VersionNo,
        }
        if !TYPES.contains(&self.event_type.as_str()) {
            return None;
        }
        let about: Result<About, _> = serde_json::from_str(&self.payload);
        about.ok().map(|it| it.version)
    }
}

fn successor(version: &Version) -> Option<VersionNo> {
    match &version.state {
        VersionState::Superseded { by_version, .. } => Some(*by_version),
        _ => None,
    }
}

/// Who did it, where the event itself says so.
fn by(event: &E) -> Option<&PersonId> {
    match event {
        E::VersionCreated { by, .. }
        | E::ItemAdded { by, .. }
        | E::ItemChanged { by, .. }
        | E::ItemRemoved { by, .. }
        | E::ItemDecided { by, .. }
        | E::VersionSubmitted { by, .. }
        | E::VersionWithdrawn { by, .. }
        | E::VersionApproved { by, .. }
        | E::VersionRejected { by, .. } => Some(by),
        _ => None,
    }
}

/// The item that an event is about.
const fn item_of(event: &E) -> Option<&ItemId> {
    match event {
        E::ItemAdded { item, .. }
        | E::ItemCarried { item, .. }
        | E::ItemChanged { item, .. }
        | E::ItemRemoved { item, .. }
        | E::ItemDecided { item, .. } => Some(item),
        E::SectionSigned { section, .. } => Some(section),
        _ => None,
    }
}

/// The version that an event is about.
pub(crate) fn version_of(event: &E) -> Option<VersionNo> {
    match event {
        E::VersionCreated { version, .. }
        | E::ItemAdded { version, .. }
        | E::ItemCarried { version, .. }
        | E::ItemChanged { version, .. }
        | E::ItemRemoved { version, .. }
        | E::ItemDecided { version, .. }
        | E::VersionSubmitted { version, .. }
        | E::VersionWithdrawn { version, .. }
        | E::VersionApproved { version, .. }
        | E::VersionRejected { version, .. }
        | E::VersionSuperseded { version, .. }
        | E::SectionSigned { version, .. } => Some(*version),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{E, TYPES, version_of};

    #[test]
    fn the_types_that_are_read_are_those_that_say_something_about_a_version() {
        let folder = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../annal-core/tests/golden/dossier"
        );
        let mut about_a_version = BTreeSet::new();
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            let event: E = serde_json::from_str(&text).unwrap();
            if version_of(&event).is_some() {
                let name = path.file_name().unwrap().to_str().unwrap();
                about_a_version.insert(name.split('.').next().unwrap().to_owned());
            }
        }
        let types: BTreeSet<String> = TYPES.into_iter().map(str::to_owned).collect();
        assert_eq!(about_a_version, types);
    }
}
