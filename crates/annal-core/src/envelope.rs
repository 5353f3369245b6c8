//! What is known of an event beside its payload.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::{CommandId, EventId, LedgerId, Position, Sequence};
use crate::people::Actor;

/// The place in Temporal that made an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// Temporal's workflow id.
    pub workflow_id: String,
    /// Temporal's run id: one execution of that workflow.
    pub run_id: String,
    /// The step of the run, for instance `scoping.approve`.
    pub step_id: String,
    /// The activity's registered name.
    pub activity_name: String,
    /// 1 for the first try.
    pub attempt: u32,
}

/// What the writer knows of all events of one command. The log adds position, sequence, `recorded_at` and hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// The command behind the events.
    pub command_id: CommandId,
    /// Ties everything that one outside request set off: the id of its W3C trace, or its command's own id where it had none.
    pub correlation_id: Uuid,
    /// The event or command that led here, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<Uuid>,
    /// Who acted.
    pub actor: Actor,
    /// Why, in the person's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When the act took place, as claimed by the person.
    pub effective_at: DateTime<Utc>,
    /// Where in Temporal; none only for events that no workflow made (an import, a projection's skip).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
    /// Version and build of the engine that decided.
    pub engine: String,
}

/// An event as the log holds it, with its payload still undecoded.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// The log that holds it.
    pub ledger: LedgerId,
    /// Its place in that log.
    pub position: Position,
    /// Its id.
    pub event_id: EventId,
    /// `report_run` or `dossier`.
    pub aggregate_type: String,
    /// The stream's id.
    pub aggregate_id: String,
    /// Its place in that stream.
    pub sequence: Sequence,
    /// For instance `item_decided`.
    pub event_type: String,
    /// Schema version of the payload, for instance `1.0`.
    pub event_version: String,
    /// The payload: the bytes exactly as written, which are what is hashed, unless `stored` has these.
    pub payload: String,
    /// The rest of the envelope.
    pub metadata: Metadata,
    /// When the log took it, by the database server's clock.
    pub recorded_at: DateTime<Utc>,
    /// What is hashed in the place of payload and actor's name, where names are sealed in the log and were opened here.
    pub stored: Option<Stored>,
    /// Hash over this event and its predecessor's hash.
    pub hash: [u8; 32],
}

/// Texts of an event as the log holds them, with names sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The payload.
    pub payload: String,
    /// The actor's name.
    pub actor_name: String,
}
