//! Streams and the events that go into them.

use std::fmt;

use annal_core::envelope::Recorded;
use annal_core::{Phase, RunId};
use cqrs_es::DomainEvent;
use serde::de::DeserializeOwned;

use crate::error::LogError;

/// One aggregate's stream in a ledger.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    /// `report_run` or `dossier`.
    pub aggregate_type: String,
    /// `{run}`, or `{run}/{phase}`.
    pub aggregate_id: String,
}

impl StreamId {
    /// The stream of a report run.
    #[must_use]
    pub fn run(run: RunId) -> Self {
        Self {
            aggregate_type: "report_run".to_owned(),
            aggregate_id: run.to_string(),
        }
    }

    /// The stream of one phase's dossier.
    #[must_use]
    pub fn dossier(run: RunId, phase: Phase) -> Self {
        Self {
            aggregate_type: "dossier".to_owned(),
            aggregate_id: format!("{run}/{phase}"),
        }
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.aggregate_type, self.aggregate_id)
    }
}

/// An event before the log has taken it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventData {
    /// For instance `item_decided`.
    pub event_type: String,
    /// Schema version of the payload, for instance `1.0`.
    pub event_version: String,
    /// JSON; the log keeps these bytes as they are.
    pub payload: String,
}

impl EventData {
    /// The event as it goes into the log.
    ///
    /// # Errors
    /// [`LogError::Unencodable`] when serde cannot write it as JSON, for instance a map whose keys are no strings.
    pub fn encode(event: &impl DomainEvent) -> Result<Self, LogError> {
        let event_type = event.event_type();
        match serde_json::to_string(event) {
            Ok(payload) => Ok(Self {
                event_type,
                event_version: event.event_version(),
                payload,
            }),
            Err(error) => Err(LogError::Unencodable {
                event_type,
                detail: error.to_string(),
            }),
        }
    }
}

/// The event in a recorded payload.
///
/// # Errors
/// [`LogError::Undecodable`] names the position and the event's type and version. An event of a schema version that
/// this program does not know is refused even if its JSON happens to fit: it may mean something else.
pub fn decode<E: DomainEvent + DeserializeOwned>(recorded: &Recorded) -> Result<E, LogError> {
    let undecodable = |why: String| LogError::Undecodable {
        position: recorded.position,
        detail: format!(
            "'{}' {} of {} {}: {why}",
            recorded.event_type,
            recorded.event_version,
            recorded.aggregate_type,
            recorded.aggregate_id
        ),
    };
    let event: E =
        serde_json::from_str(&recorded.payload).map_err(|no| undecodable(no.to_string()))?;
    let known = event.event_version();
    if known == recorded.event_version {
        return Ok(event);
    }
    Err(undecodable(format!("this program knows version {known}")))
}

#[cfg(test)]
mod tests {
    use annal_core::run::RunEvent;
    use annal_core::{EventId, Position, Sequence};
    use chrono::DateTime;

    use super::*;

    fn recorded(event_version: &str) -> Recorded {
        let id = uuid::Uuid::nil();
        Recorded {
            ledger: "main".parse().unwrap(),
            position: Position(7),
            event_id: EventId(id),
            aggregate_type: "report_run".to_owned(),
            aggregate_id: id.to_string(),
            sequence: Sequence(1),
            event_type: "run_completed".to_owned(),
            event_version: event_version.to_owned(),
            payload: r#"{"type":"run_completed"}"#.to_owned(),
            metadata: annal_core::envelope::Metadata {
                command_id: annal_core::CommandId(id),
                correlation_id: id,
                causation_id: None,
                actor: annal_core::Actor::engine(),
                reason: None,
                effective_at: DateTime::UNIX_EPOCH,
                provenance: None,
                engine: "test".to_owned(),
            },
            recorded_at: DateTime::UNIX_EPOCH,
            stored: None,
            hash: [0; 32],
        }
    }

    #[test]
    fn an_event_of_an_unknown_version_is_refused_though_its_json_fits() {
        assert_eq!(
            decode::<RunEvent>(&recorded("1.0")).unwrap(),
            RunEvent::RunCompleted {}
        );
        let refused = decode::<RunEvent>(&recorded("2.0")).unwrap_err();
        let told = refused.to_string();
        assert!(
            told.contains("position 7") && told.contains("knows version 1.0"),
            "{told}"
        );
    }
}
