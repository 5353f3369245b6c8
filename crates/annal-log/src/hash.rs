//! The hash of an event, as `migrations/FORMAT.md` specifies it and `annal.append` computes it.

use annal_core::envelope::Recorded;
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::sealing;

/// What stands before the first event of a ledger.
pub const BEFORE_THE_FIRST: [u8; 32] = [0; 32];

const TAG: &[u8] = b"annal.event.1";

/// Everything of an event that its hash covers, in the order in which it is hashed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Envelope<'a> {
    pub(crate) ledger: &'a str,
    pub(crate) position: u64,
    pub(crate) event_id: Uuid,
    pub(crate) aggregate_type: &'a str,
    pub(crate) aggregate_id: &'a str,
    pub(crate) sequence: u64,
    pub(crate) event_type: &'a str,
    pub(crate) event_version: &'a str,
    pub(crate) payload: &'a str,
    pub(crate) recorded_at: DateTime<Utc>,
    pub(crate) command_id: Uuid,
    pub(crate) correlation_id: Uuid,
    pub(crate) causation_id: Option<Uuid>,
    pub(crate) actor_id: &'a str,
    pub(crate) actor_name: &'a str,
    pub(crate) actor_role: &'a str,
    pub(crate) on_behalf_of: Option<&'a str>,
    pub(crate) reason: Option<&'a str>,
    pub(crate) effective_at: DateTime<Utc>,
    pub(crate) workflow_id: Option<&'a str>,
    pub(crate) workflow_run_id: Option<&'a str>,
    pub(crate) step_id: Option<&'a str>,
    pub(crate) activity_name: Option<&'a str>,
    pub(crate) attempt: Option<u32>,
    pub(crate) engine: &'a str,
}

/// The canonical bytes of an event: what its digest is taken over.
#[must_use]
pub fn canonical_bytes(recorded: &Recorded) -> Vec<u8> {
    Envelope::from(recorded).bytes()
}

/// The event's hash: SHA-256 over its predecessor's hash and its own digest.
#[must_use]
pub fn event_hash(previous: &[u8; 32], recorded: &Recorded) -> [u8; 32] {
    Envelope::from(recorded).hash(previous)
}

impl Envelope<'_> {
    pub(crate) fn hash(&self, previous: &[u8; 32]) -> [u8; 32] {
        let digest = Sha256::digest(self.bytes());
        Sha256::new()
            .chain_update(previous)
            .chain_update(digest)
            .finalize()
            .into()
    }

    fn bytes(&self) -> Vec<u8> {
        let mut fields = Fields(Vec::with_capacity(self.payload.len() + 640));
        fields.put(TAG);
        fields.put(self.ledger.as_bytes());
        fields.put(&self.position.to_be_bytes());
        fields.put(self.event_id.as_bytes());
        fields.put(self.aggregate_type.as_bytes());
        fields.put(self.aggregate_id.as_bytes());
        fields.put(&self.sequence.to_be_bytes());
        fields.put(self.event_type.as_bytes());
        fields.put(self.event_version.as_bytes());
        fields.put(self.payload.as_bytes());
        fields.put(&self.recorded_at.timestamp_micros().to_be_bytes());
        fields.put(self.command_id.as_bytes());
        fields.put(self.correlation_id.as_bytes());
        fields.put_if(
            self.causation_id
                .as_ref()
                .map(|id| id.as_bytes().as_slice()),
        );
        fields.put(self.actor_id.as_bytes());
        fields.put(self.actor_name.as_bytes());
        fields.put(self.actor_role.as_bytes());
        fields.put_if(self.on_behalf_of.map(str::as_bytes));
        fields.put_if(self.reason.map(str::as_bytes));
        fields.put(&self.effective_at.timestamp_micros().to_be_bytes());
        fields.put_if(self.workflow_id.map(str::as_bytes));
        fields.put_if(self.workflow_run_id.map(str::as_bytes));
        fields.put_if(self.step_id.map(str::as_bytes));
        fields.put_if(self.activity_name.map(str::as_bytes));
        fields.put_if(
            self.attempt
                .map(u32::to_be_bytes)
                .as_ref()
                .map(<[u8; 4]>::as_slice),
        );
        fields.put(self.engine.as_bytes());
        fields.0
    }
}

struct Fields(Vec<u8>);

impl Fields {
    fn put(&mut self, field: &[u8]) {
        // PostgreSQL holds no field of 4 GiB.
        let length = u32::try_from(field.len()).unwrap_or(u32::MAX - 1);
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(field);
    }

    fn put_if(&mut self, field: Option<&[u8]>) {
        match field {
            Some(field) => self.put(field),
            None => self.0.extend_from_slice(&[0xff; 4]),
        }
    }
}

impl<'a> From<&'a Recorded> for Envelope<'a> {
    fn from(recorded: &'a Recorded) -> Self {
        let metadata = &recorded.metadata;
        let at = metadata.provenance.as_ref();
        let stored = recorded.stored.as_ref();
        Self {
            ledger: recorded.ledger.as_str(),
            position: recorded.position.0,
            event_id: recorded.event_id.0,
            aggregate_type: &recorded.aggregate_type,
            aggregate_id: &recorded.aggregate_id,
            sequence: recorded.sequence.0,
            event_type: &recorded.event_type,
            event_version: &recorded.event_version,
            payload: stored.map_or(&recorded.payload, |it| &it.payload),
            recorded_at: recorded.recorded_at,
            command_id: metadata.command_id.0,
            correlation_id: metadata.correlation_id,
            causation_id: metadata.causation_id,
            actor_id: metadata.actor.id.as_str(),
            actor_name: stored.map_or_else(
                || sealing::stored(&metadata.actor.name),
                |it| &it.actor_name,
            ),
            actor_role: metadata.actor.role.name(),
            on_behalf_of: metadata
                .actor
                .on_behalf_of
                .as_ref()
                .map(annal_core::PersonId::as_str),
            reason: metadata.reason.as_deref(),
            effective_at: metadata.effective_at,
            workflow_id: at.map(|at| at.workflow_id.as_str()),
            workflow_run_id: at.map(|at| at.run_id.as_str()),
            step_id: at.map(|at| at.step_id.as_str()),
            activity_name: at.map(|at| at.activity_name.as_str()),
            attempt: at.map(|at| at.attempt),
            engine: &metadata.engine,
        }
    }
}
