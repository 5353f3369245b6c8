//! Turning an outcome into one append with its whole envelope.

use annal_core::envelope::{Metadata, Provenance};
use annal_core::{Command, CommandId, RunId};
use annal_log::{Append, EventData, LogError, StreamAppend, content_hash};
use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::{Decided, DeskError, Place};
use crate::act::Cause;
use crate::cases::{Slot, stream};
use crate::trace::Trace;

/// Version and build of the engine, on every event. A release is built with `ANNAL_BUILD` set to its commit.
pub(crate) fn engine() -> String {
    let version = concat!("annal-flow ", env!("CARGO_PKG_VERSION"));
    match option_env!("ANNAL_BUILD") {
        Some(build) => format!("{version}+{build}"),
        None => version.to_owned(),
    }
}

/// What is recorded of a command beside its events.
pub(super) struct Entry {
    pub(super) command: CommandId,
    content_hash: [u8; 32],
    causation: Option<Uuid>,
    trace: Trace,
    reason: Option<String>,
    effective_at: DateTime<Utc>,
}

impl Entry {
    /// For a command that somebody sent. Whoever claims no time for it gets the time of its being carried out, which
    /// is no part of the hash: sent again, it is the same command.
    pub(super) fn asked<B: Serialize>(
        asked: &Command<B>,
        trace: Option<Trace>,
        now: DateTime<Utc>,
    ) -> Result<Self, LogError> {
        Ok(Self {
            command: asked.id,
            content_hash: content_hash(asked)?,
            causation: None,
            trace: trace.unwrap_or_else(|| Trace::of_command(asked.id)),
            reason: asked.reason().map(str::to_owned),
            effective_at: asked.effective_at.unwrap_or(now),
        })
    }

    /// For what follows from another command. What is asked is in the purpose, of which the id is made; what comes
    /// of it may differ from build to build and is no part of the hash.
    pub(super) fn follow_up(
        id: CommandId,
        cause: Cause,
        now: DateTime<Utc>,
    ) -> Result<Self, LogError> {
        Ok(Self {
            command: id,
            content_hash: content_hash(&id)?,
            causation: Some(cause.command.0),
            trace: cause
                .trace
                .unwrap_or_else(|| Trace::of_command(cause.command)),
            reason: None,
            effective_at: now,
        })
    }

    /// For the refusal of a command whose id was used for other content: under an id of its own.
    pub(super) fn reused(&self) -> Self {
        let purpose = format!(
            "reused {}",
            Uuid::new_v5(&self.command.0, &self.content_hash)
        );
        Self {
            causation: Some(self.command.0),
            trace: self.trace,
            command: self.command.derive(&purpose),
            content_hash: self.content_hash,
            reason: self.reason.clone(),
            effective_at: self.effective_at,
        }
    }

    /// As what leads to whatever follows.
    pub(super) fn as_cause(&self) -> Cause {
        Cause {
            command: self.command,
            trace: Some(self.trace),
        }
    }

    /// All events of the outcome in one append.
    pub(super) fn append(
        &self,
        run: RunId,
        slot: &Slot,
        place: &Place,
        decided: &Decided,
    ) -> Result<Append, DeskError> {
        let outcome = &decided.outcome;
        let mut streams = Vec::new();
        if !outcome.run.is_empty() {
            streams.push(StreamAppend {
                stream: stream(run, None),
                expected: slot.sequence(None),
                events: encode(&outcome.run)?,
            });
        }
        for (phase, events) in outcome
            .dossiers
            .iter()
            .filter(|(_, events)| !events.is_empty())
        {
            streams.push(StreamAppend {
                stream: stream(run, Some(*phase)),
                expected: slot.sequence(Some(*phase)),
                events: encode(events)?,
            });
        }
        Ok(Append {
            command_id: self.command,
            content_hash: self.content_hash,
            metadata: self.metadata(place, decided),
            streams,
            reply: serde_json::to_value(&decided.verdict)?,
        })
    }

    fn metadata(&self, place: &Place, decided: &Decided) -> Metadata {
        Metadata {
            command_id: self.command,
            correlation_id: self.trace.correlation_id(),
            causation_id: self.causation,
            actor: decided.outcome.actor.clone(),
            reason: self.reason.clone(),
            effective_at: self.effective_at,
            provenance: Some(Provenance {
                workflow_id: place.workflow_id.clone(),
                run_id: place.run_id.clone(),
                step_id: decided.outcome.step.to_string(),
                activity_name: place.activity.clone(),
                attempt: place.attempt,
            }),
            engine: engine(),
        }
    }
}

fn encode<E: cqrs_es::DomainEvent + Serialize>(events: &[E]) -> Result<Vec<EventData>, LogError> {
    events.iter().map(EventData::encode).collect()
}
