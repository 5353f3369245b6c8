//! A row of `annal.events`, and the numbers of the database.

use annal_core::envelope::{Metadata, Provenance, Recorded};
use annal_core::{Actor, CommandId, EventId, LedgerId, PersonId, Position, Role, Sequence};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::error::LogError;
use crate::hash::Envelope;
use crate::sealing::unsealed;

/// The columns of [`EventRow`].
pub(crate) const COLUMNS: &str = "ledger, position, event_id, aggregate_type, aggregate_id, sequence, event_type, \
    event_version, payload::text AS payload, recorded_at, effective_at, command_id, correlation_id, causation_id, \
    actor_id, actor_name, actor_role, on_behalf_of, reason, workflow_id, workflow_run_id, step_id, activity_name, \
    attempt, engine, hash, following";

/// An event as it stands in the table, before anything is made of it: a verifier reads rows that may say anything.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct EventRow {
    pub(crate) ledger: String,
    pub(crate) position: i64,
    pub(crate) event_id: Uuid,
    pub(crate) aggregate_type: String,
    pub(crate) aggregate_id: String,
    pub(crate) sequence: i64,
    pub(crate) event_type: String,
    pub(crate) event_version: String,
    pub(crate) payload: String,
    pub(crate) recorded_at: DateTime<Utc>,
    pub(crate) effective_at: DateTime<Utc>,
    pub(crate) command_id: Uuid,
    pub(crate) correlation_id: Uuid,
    pub(crate) causation_id: Option<Uuid>,
    pub(crate) actor_id: String,
    pub(crate) actor_name: String,
    pub(crate) actor_role: String,
    pub(crate) on_behalf_of: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) workflow_id: Option<String>,
    pub(crate) workflow_run_id: Option<String>,
    pub(crate) step_id: Option<String>,
    pub(crate) activity_name: Option<String>,
    pub(crate) attempt: Option<i32>,
    pub(crate) engine: String,
    pub(crate) hash: Vec<u8>,
    /// Of the first event of a slice: how many follow.
    pub(crate) following: Option<i32>,
}

impl EventRow {
    pub(crate) fn position(&self) -> Position {
        Position(from_db(self.position))
    }

    /// What is hashed.
    pub(crate) fn envelope(&self) -> Envelope<'_> {
        Envelope {
            ledger: &self.ledger,
            position: from_db(self.position),
            event_id: self.event_id,
            aggregate_type: &self.aggregate_type,
            aggregate_id: &self.aggregate_id,
            sequence: from_db(self.sequence),
            event_type: &self.event_type,
            event_version: &self.event_version,
            payload: &self.payload,
            recorded_at: self.recorded_at,
            command_id: self.command_id,
            correlation_id: self.correlation_id,
            causation_id: self.causation_id,
            actor_id: &self.actor_id,
            actor_name: &self.actor_name,
            actor_role: &self.actor_role,
            on_behalf_of: self.on_behalf_of.as_deref(),
            reason: self.reason.as_deref(),
            effective_at: self.effective_at,
            workflow_id: self.workflow_id.as_deref(),
            workflow_run_id: self.workflow_run_id.as_deref(),
            step_id: self.step_id.as_deref(),
            activity_name: self.activity_name.as_deref(),
            attempt: self.attempt.map(i32::cast_unsigned),
            engine: &self.engine,
        }
    }

    /// The event as an export has it, whatever it says.
    pub(crate) fn exported(self) -> Result<annal_verify::Event, LogError> {
        let position = Position(from_db(self.position));
        let hash = digest(&self.hash).ok_or_else(|| LogError::Undecodable {
            position,
            detail: "its hash is not 32 bytes".to_owned(),
        })?;
        Ok(annal_verify::Event {
            ledger: self.ledger,
            position: position.0,
            event_id: self.event_id,
            aggregate_type: self.aggregate_type,
            aggregate_id: self.aggregate_id,
            sequence: from_db(self.sequence),
            event_type: self.event_type,
            event_version: self.event_version,
            payload: self.payload,
            recorded_at: self.recorded_at,
            command_id: self.command_id,
            correlation_id: self.correlation_id,
            causation_id: self.causation_id,
            actor_id: self.actor_id,
            actor_name: self.actor_name,
            actor_role: self.actor_role,
            on_behalf_of: self.on_behalf_of,
            reason: self.reason,
            effective_at: self.effective_at,
            workflow_id: self.workflow_id,
            workflow_run_id: self.workflow_run_id,
            step_id: self.step_id,
            activity_name: self.activity_name,
            attempt: self.attempt.map(i32::cast_unsigned),
            engine: self.engine,
            hash,
        })
    }

    /// The event with its ids checked, and its names as they are stored.
    pub(crate) fn recorded(self) -> Result<Recorded, LogError> {
        let position = Position(from_db(self.position));
        let undecodable = |detail: String| LogError::Undecodable { position, detail };
        let person = |id: String| PersonId::new(id).map_err(|error| undecodable(error.to_string()));
        let actor = Actor {
            id: person(self.actor_id)?,
            name: unsealed(self.actor_name),
            role: self
                .actor_role
                .parse::<Role>()
                .map_err(|error| undecodable(error.to_string()))?,
            on_behalf_of: self.on_behalf_of.map(person).transpose()?,
        };
        let provenance = match (
            self.workflow_id,
            self.workflow_run_id,
            self.step_id,
            self.activity_name,
            self.attempt,
        ) {
            (
                Some(workflow_id),
                Some(run_id),
                Some(step_id),
                Some(activity_name),
                Some(attempt),
            ) => Some(Provenance {
                workflow_id,
                run_id,
                step_id,
                activity_name,
                attempt: attempt.cast_unsigned(),
            }),
            _ => None,
        };
        Ok(Recorded {
            ledger: LedgerId::new(self.ledger).map_err(|error| undecodable(error.to_string()))?,
            position,
            event_id: EventId(self.event_id),
            aggregate_type: self.aggregate_type,
            aggregate_id: self.aggregate_id,
            sequence: Sequence(from_db(self.sequence)),
            event_type: self.event_type,
            event_version: self.event_version,
            payload: self.payload,
            metadata: Metadata {
                command_id: CommandId(self.command_id),
                correlation_id: self.correlation_id,
                causation_id: self.causation_id,
                actor,
                reason: self.reason,
                effective_at: self.effective_at,
                provenance,
                engine: self.engine,
            },
            recorded_at: self.recorded_at,
            stored: None,
            hash: digest(&self.hash)
                .ok_or_else(|| undecodable("its hash is not 32 bytes".to_owned()))?,
        })
    }
}

/// 32 bytes, if that is what they are.
pub(crate) fn digest(bytes: &[u8]) -> Option<[u8; 32]> {
    bytes.try_into().ok()
}

/// Positions and sequences are never negative in the database: a check on each table says so.
pub(crate) fn from_db(number: i64) -> u64 {
    number.cast_unsigned()
}

/// A number beyond what the database can hold stands after everything in it, which `i64::MAX` does too.
pub(crate) fn to_db(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
