//! What a version said at some moment, by replaying its dossier.

use annal_core::dossier::event::Signature;
use annal_core::item::{CarriedFrom, Decision, DecisionLevel, Verdict};
use annal_core::version::{Origin, VersionRef, VersionStatus};
use annal_core::{EventId, ItemId, PersonId, Position, VersionNo};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::Audit;
use crate::content::ContentShown;
use crate::error::{Asking, AuditError};
use crate::replay::Replay;
use crate::select::to_bigint;

/// A moment of the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum At {
    /// Its end.
    #[default]
    Latest,
    /// When it ended here.
    Position(Position),
    /// When the server's clock said this: all that was recorded until then.
    Time(DateTime<Utc>),
    /// Just before this event.
    BeforeEvent(EventId),
    /// When, by what people say, it was this time: what they say was done later is left out, however early it was
    /// recorded, and what was recorded late is there. As the log told it at a position; at its end, where none is named.
    Effective {
        /// The time.
        time: DateTime<Utc>,
        /// What of the log is asked.
        known_at: Option<Position>,
    },
}

/// A version as it was at a moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ShownVersion {
    /// The version.
    pub version: VersionRef,
    /// The moment: the log up to here.
    pub position: Position,
    /// Where it stood.
    pub status: VersionStatus,
    /// Why it was made.
    #[serde(flatten)]
    pub origin: Origin,
    /// The approved versions that it was built from.
    pub inputs: Vec<VersionRef>,
    /// Its making.
    pub created: Act,
    /// How it was last handed in; none while it is a draft.
    pub submitted: Option<Act>,
    /// How it was approved or rejected.
    pub decided: Option<Act>,
    /// What a rejection asks for.
    pub requested_changes: Vec<String>,
    /// The successor that replaced it.
    pub superseded_by: Option<VersionNo>,
    /// Its items, in the order in which they came.
    pub items: Vec<ItemShown>,
    /// Items that were taken out again, and how.
    pub removed: Vec<(ItemId, Act)>,
}

/// Who did something, when and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = Done))]
pub struct Act {
    /// Who.
    pub by: PersonId,
    /// When the log took it.
    pub at: DateTime<Utc>,
    /// Where in the log.
    pub position: Position,
    /// Why.
    pub reason: Option<String>,
}

/// An item as it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ItemShown {
    /// Its id.
    pub item: ItemId,
    /// What it said.
    #[cfg_attr(feature = "openapi", schema(value_type = annal_core::item::Content))]
    pub content: ContentShown,
    /// From which version it came along, and why.
    pub carried: Option<CarriedFrom>,
    /// The first-level decision that stood.
    pub tester: Option<DecisionShown>,
    /// The second-level decision that stood.
    pub report_owner: Option<DecisionShown>,
    /// Approved on both levels in an earlier version.
    pub locked: bool,
    /// The signatures that stood, in order.
    pub signatures: Vec<Signature>,
    /// Who put it into the version.
    pub added: Act,
    /// Who last gave it another content.
    pub changed: Option<Act>,
}

/// A decision that stood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DecisionShown {
    /// What was decided.
    pub verdict: Verdict,
    /// By whom.
    pub by: PersonId,
    /// Why.
    pub reason: Option<String>,
    /// When; none if it came along from an earlier version, where it was taken.
    pub at: Option<DateTime<Utc>>,
    /// Where in the log.
    pub position: Option<Position>,
}

impl Audit {
    /// A version exactly as it was at a moment. From the log itself, so no projection has a part in it; from the newest
    /// snapshot on, where there is one ([`Audit::from_events_alone`] does without).
    ///
    /// # Errors
    /// [`AuditError::UnknownVersion`] if it was not there yet, [`AuditError::UnknownEvent`],
    /// [`AuditError::Log`] if an event cannot be read, [`AuditError::Database`].
    pub async fn show(&self, version: VersionRef, at: At) -> Result<ShownVersion, AuditError> {
        let position = self.position(at).await?;
        let said_until = match at {
            At::Effective { time, .. } => Some(time),
            _ => None,
        };
        let replay = Replay::of(self, version, position, said_until).await?;
        replay
            .shown(version, position)
            .ok_or(AuditError::UnknownVersion { version, position })
    }

    /// The position that a moment means.
    ///
    /// # Errors
    /// [`AuditError::UnknownEvent`], [`AuditError::Log`] or [`AuditError::Database`].
    pub async fn position(&self, at: At) -> Result<Position, AuditError> {
        let head = self.log.head().await?.position;
        match at {
            At::Latest => Ok(head),
            At::Position(position) => Ok(position.min(head)),
            At::Time(time) => self.position_at(time, head).await,
            At::BeforeEvent(event) => self.position_before(event).await,
            At::Effective { known_at, .. } => Ok(known_at.map_or(head, |it| it.min(head))),
        }
    }

    /// Positions have no gaps and the time of recording never goes back, so the last event until a time is found by
    /// halving, through the primary key.
    async fn position_at(
        &self,
        time: DateTime<Utc>,
        head: Position,
    ) -> Result<Position, AuditError> {
        let (mut until, mut past) = (0, head.0 + 1);
        while past - until > 1 {
            let middle = until + (past - until) / 2;
            match recorded_at(self, Position(middle)).await? {
                Some(recorded) if recorded <= time => until = middle,
                _ => past = middle,
            }
        }
        Ok(Position(until))
    }

    async fn position_before(&self, event: EventId) -> Result<Position, AuditError> {
        let found = self.log.position_of(event).await?;
        let position = found.ok_or(AuditError::UnknownEvent(event))?;
        Ok(Position(position.0 - 1))
    }
}

/// When the event at a position was recorded.
pub(crate) async fn recorded_at(
    audit: &Audit,
    position: Position,
) -> Result<Option<DateTime<Utc>>, AuditError> {
    sqlx::query_scalar("SELECT recorded_at FROM annal.events WHERE ledger = $1 AND position = $2")
        .bind(audit.log.ledger().as_str())
        .bind(to_bigint(position))
        .fetch_optional(audit.log.pool())
        .await
        .asking("reading when an event was recorded")
}

impl ShownVersion {
    /// The item of an id.
    #[must_use]
    pub fn item(&self, id: &ItemId) -> Option<&ItemShown> {
        self.items.iter().find(|it| it.item == *id)
    }
}

impl ItemShown {
    /// The decision of a level that stood.
    #[must_use]
    pub const fn decision(&self, level: DecisionLevel) -> Option<&DecisionShown> {
        match level {
            DecisionLevel::Tester => self.tester.as_ref(),
            DecisionLevel::ReportOwner => self.report_owner.as_ref(),
        }
    }
}

impl DecisionShown {
    /// The decision, with the act that took it in this version.
    pub(crate) fn of(decision: Decision, act: Option<&Act>) -> Self {
        Self {
            verdict: decision.verdict,
            by: decision.by,
            reason: decision.reason,
            at: act.map(|act| act.at),
            position: act.map(|act| act.position),
        }
    }

    /// The decision, and the act that took it if that was in this version: the other way round than [`Self::of`].
    pub(crate) fn taken_up(self) -> (Decision, Option<Act>) {
        let act = self.at.zip(self.position).map(|(at, position)| Act {
            by: self.by.clone(),
            at,
            position,
            reason: self.reason.clone(),
        });
        let decision = Decision {
            verdict: self.verdict,
            by: self.by,
            reason: self.reason,
        };
        (decision, act)
    }
}
