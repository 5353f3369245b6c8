//! Replaying a dossier up to a position, with who did what to one version on the way.

use std::collections::BTreeMap;

use annal_core::dossier::state::{Item, Version, VersionState};
use annal_core::dossier::{Dossier, DossierEvent as E};
use annal_core::item::{Decision, DecisionLevel};
use annal_core::version::VersionRef;
use annal_core::{ItemId, PersonId, Position, VersionNo};
use annal_log::{LogError, StreamId};
use chrono::{DateTime, Utc};

use crate::Audit;
use crate::error::{Asking, AuditError};
use crate::select::{from_bigint, to_bigint};
use crate::show::{Act, DecisionShown, ItemShown, ShownVersion};

/// A dossier as it was, and what happened to one of its versions.
pub(crate) struct Replay {
    version: VersionRef,
    dossier: Dossier,
    created: Option<Act>,
    submitted: Option<Act>,
    decided: Option<Act>,
    requested_changes: Vec<String>,
    added: BTreeMap<ItemId, Act>,
    changed: BTreeMap<ItemId, Act>,
    removed: BTreeMap<ItemId, Act>,
    decisions: BTreeMap<(ItemId, DecisionLevel), Act>,
}

/// An event's row, as far as a replay needs it.
type Row = (i64, DateTime<Utc>, String, Option<String>, String, String);

impl Replay {
    pub(crate) async fn of(
        audit: &Audit,
        version: VersionRef,
        until: Position,
        said_until: Option<DateTime<Utc>>,
    ) -> Result<Self, AuditError> {
        let stream = StreamId::dossier(version.run, version.phase);
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT position, recorded_at, actor_id, reason, event_type, payload::text FROM annal.events
             WHERE ledger = $1 AND aggregate_type = $2 AND aggregate_id = $3 AND position <= $4
               AND ($5::timestamptz IS NULL OR effective_at <= $5)
             ORDER BY sequence",
        )
        .bind(audit.log.ledger().as_str())
        .bind(stream.aggregate_type)
        .bind(stream.aggregate_id)
        .bind(to_bigint(until))
        .bind(said_until)
        .fetch_all(audit.log.pool())
        .await
        .asking("replaying a dossier")?;
        let mut replay = Self::new(version);
        for row in rows {
            replay.take(audit, row).await?;
        }
        Ok(replay)
    }

    fn new(version: VersionRef) -> Self {
        Self {
            version,
            dossier: Dossier::default(),
            created: None,
            submitted: None,
            decided: None,
            requested_changes: Vec::new(),
            added: BTreeMap::new(),
            changed: BTreeMap::new(),
            removed: BTreeMap::new(),
            decisions: BTreeMap::new(),
        }
    }

    async fn take(
        &mut self,
        audit: &Audit,
        (position, at, actor, reason, event_type, payload): Row,
    ) -> Result<(), AuditError> {
        let position = from_bigint(position);
        let unreadable = |detail: String| LogError::Undecodable { position, detail };
        let event = audit.log.read_payload(&event_type, &payload).await?;
        let event: E = event.map_err(|no: serde_json::Error| unreadable(no.to_string()))?;
        let actor = PersonId::new(actor).map_err(|no| unreadable(no.to_string()))?;
        let act = Act {
            // The engine approves what a person submits where no approval is due.
            by: by(&event).cloned().unwrap_or(actor),
            at,
            position,
            reason,
        };
        self.dossier.evolve(&event);
        if version_of(&event) == Some(self.version.number) {
            self.note(&event, act);
        }
        Ok(())
    }

    /// Keeps who did it, for what the aggregate does not need to know.
    fn note(&mut self, event: &E, act: Act) {
        let because = |reason: &str| Act {
            reason: Some(reason.to_owned()),
            ..act.clone()
        };
        match event {
            E::VersionCreated { .. } => self.created = Some(act),
            E::VersionSubmitted { .. } => self.submitted = Some(act),
            E::VersionWithdrawn { .. } => self.submitted = None,
            E::VersionApproved {
                without_approval, ..
            } => {
                self.decided = Some(match without_approval {
                    Some(condition) => because(condition),
                    None => act,
                });
            }
            E::VersionRejected {
                reason,
                requested_changes,
                ..
            } => {
                self.decided = Some(because(reason));
                self.requested_changes.clone_from(requested_changes);
            }
            E::ItemAdded { item, .. } | E::ItemCarried { item, .. } => {
                self.removed.remove(item);
                self.changed.remove(item);
                self.added.insert(item.clone(), act);
            }
            E::ItemChanged { item, reason, .. } => {
                self.changed.insert(item.clone(), because(reason));
            }
            E::ItemRemoved { item, reason, .. } => {
                self.removed.insert(item.clone(), because(reason));
            }
            E::ItemDecided { item, level, .. } => {
                self.decisions.insert((item.clone(), *level), act);
            }
            _ => {}
        }
    }

    /// The version as it was; none if it was not there.
    pub(crate) fn shown(&self, position: Position) -> Option<ShownVersion> {
        let version = self.dossier.version(self.version.number)?;
        let items = version.items.iter();
        Some(ShownVersion {
            version: self.version,
            position,
            status: version.status(),
            origin: version.origin,
            inputs: version.inputs.clone(),
            created: self.created.clone()?,
            submitted: self.submitted.clone(),
            decided: self.decided.clone(),
            requested_changes: self.requested_changes.clone(),
            superseded_by: successor(version),
            items: items.filter_map(|(id, item)| self.item(id, item)).collect(),
            removed: self.removed.clone().into_iter().collect(),
        })
    }

    fn item(&self, id: &ItemId, item: &Item) -> Option<ItemShown> {
        Some(ItemShown {
            item: id.clone(),
            content: item.content.clone(),
            carried: item.carried.clone(),
            tester: self.decision(id, DecisionLevel::Tester, item.tester.as_ref()),
            report_owner: self.decision(id, DecisionLevel::ReportOwner, item.report_owner.as_ref()),
            locked: item.locked,
            signatures: item.signatures.clone(),
            added: self.added.get(id)?.clone(),
            changed: self.changed.get(id).cloned(),
        })
    }

    fn decision(
        &self,
        item: &ItemId,
        level: DecisionLevel,
        standing: Option<&Decision>,
    ) -> Option<DecisionShown> {
        let added = self.added.get(item).map(|act| act.position);
        let act = self.decisions.get(&(item.clone(), level));
        // One that was taken before the item came in again is about another item.
        let act = act.filter(|act| Some(act.position) > added);
        standing.map(|standing| DecisionShown::of(standing, act))
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
