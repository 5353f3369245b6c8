//! Appending past the rules, for what is said of the log alone.

use annal_core::envelope::Metadata;
use annal_core::{Actor, CommandId, PersonId, Role, Sequence};
use annal_log::{Append, EventData, StreamAppend, StreamId};
use serde_json::Value;
use uuid::Uuid;

/// Somebody who acts for nobody else.
pub(crate) fn actor(id: &str, name: &str, role: Role) -> Actor {
    Actor {
        id: PersonId::new(id).unwrap(),
        name: name.into(),
        role,
        on_behalf_of: None,
    }
}

/// A new command that adds these events to a stream.
pub(crate) fn appending(
    actor: Actor,
    stream: StreamId,
    expected: u64,
    events: Vec<EventData>,
) -> Append {
    let command_id = CommandId(Uuid::new_v4());
    Append {
        command_id,
        content_hash: [1; 32],
        metadata: Metadata {
            command_id,
            correlation_id: Uuid::new_v4(),
            causation_id: None,
            actor,
            reason: None,
            effective_at: chrono::Utc::now(),
            provenance: None,
            engine: "test".to_owned(),
        },
        streams: vec![StreamAppend {
            stream,
            expected: Sequence(expected),
            events,
        }],
        reply: Value::Null,
    }
}
