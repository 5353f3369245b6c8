//! An event as an export has it: every field that its hash covers, and the hash.

use chrono::{DateTime, Datelike, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::fields::Fields;
use crate::hex_form;

/// What stands before the first event of a ledger.
pub const BEFORE_THE_FIRST: [u8; 32] = [0; 32];

const TAG: &str = "annal.event.1";

/// One line of an export. The fields are those of FORMAT.md, in its order; one that is absent is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "FORMAT.md gives each field's meaning")]
pub struct Event {
    pub ledger: String,
    pub position: u64,
    pub event_id: Uuid,
    pub aggregate_type: String,
    pub aggregate_id: String,
    pub sequence: u64,
    pub event_type: String,
    pub event_version: String,
    /// JSON inside a JSON string, because its very bytes are hashed.
    pub payload: String,
    #[serde(with = "hex_form::instant")]
    pub recorded_at: DateTime<Utc>,
    pub command_id: Uuid,
    pub correlation_id: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<Uuid>,
    pub actor_id: String,
    pub actor_name: String,
    pub actor_role: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(with = "hex_form::instant")]
    pub effective_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow_run_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activity_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    pub engine: String,
    #[serde(with = "hex_form::bytes")]
    pub hash: [u8; 32],
}

impl Event {
    /// The hash that the event must have after a predecessor with this one.
    #[must_use]
    pub fn hash_after(&self, previous: &[u8; 32]) -> [u8; 32] {
        let digest = Sha256::digest(self.canonical_bytes());
        Sha256::new()
            .chain_update(previous)
            .chain_update(digest)
            .finalize()
            .into()
    }

    /// What the event's digest is taken over.
    #[must_use]
    pub fn canonical_bytes(&self) -> Vec<u8> {
        Fields::tagged(TAG)
            .text(&self.ledger)
            .number(self.position)
            .bytes(self.event_id.as_bytes())
            .text(&self.aggregate_type)
            .text(&self.aggregate_id)
            .number(self.sequence)
            .text(&self.event_type)
            .text(&self.event_version)
            .text(&self.payload)
            .instant(self.recorded_at)
            .bytes(self.command_id.as_bytes())
            .bytes(self.correlation_id.as_bytes())
            .maybe(self.causation_id.as_ref().map(Uuid::as_bytes))
            .text(&self.actor_id)
            .text(&self.actor_name)
            .text(&self.actor_role)
            .maybe(self.on_behalf_of.as_deref())
            .maybe(self.reason.as_deref())
            .instant(self.effective_at)
            .maybe(self.workflow_id.as_deref())
            .maybe(self.workflow_run_id.as_deref())
            .maybe(self.step_id.as_deref())
            .maybe(self.activity_name.as_deref())
            .maybe(self.attempt.map(u32::to_be_bytes))
            .text(&self.engine)
            .done()
    }

    /// The event's one spelling in JSON, without a line end.
    ///
    /// # Errors
    /// A time outside the years 0 to 9999, which RFC 3339 cannot spell.
    pub fn to_line(&self) -> Result<String, String> {
        for at in [self.recorded_at, self.effective_at] {
            if !(0..=9999).contains(&at.year()) {
                return Err(format!("the time {at} is outside the years 0 to 9999"));
            }
        }
        serde_json::to_string(self).map_err(|error| error.to_string())
    }

    /// Reads a line. Only the one spelling that [`Event::to_line`] gives is taken, so there is nothing in a line that
    /// the hash does not cover: no second spelling of a time, no blank, no key twice.
    ///
    /// # Errors
    /// What is wrong with the line.
    pub fn from_line(line: &str) -> Result<Self, String> {
        let event: Self = serde_json::from_str(line).map_err(|error| error.to_string())?;
        if i64::try_from(event.position.max(event.sequence)).is_err() || event.sequence == 0 {
            return Err("a position or sequence is outside what a log can have".to_owned());
        }
        if event.to_line()? != line {
            return Err("it is not spelled as an export spells it".to_owned());
        }
        Ok(event)
    }
}
