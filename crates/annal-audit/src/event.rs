//! One event with what stands around it.

use annal_core::envelope::Recorded;
use annal_core::{Position, PrintedName, Sequence};
use annal_log::{StreamId, decode};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use sqlx::{Postgres, QueryBuilder};

use crate::Audit;
use crate::error::AuditError;
use crate::sentence::{dossier_sentence, run_sentence};

/// An event, and its neighbours in the log, in its stream and in its command.
#[derive(Debug, Clone, PartialEq)]
pub struct EventInPlace {
    /// The event as the log holds it.
    pub event: Recorded,
    /// What happened, as a sentence.
    pub sentence: String,
    /// Hash of the event before it in the log, which its own hash covers; zeros before the first.
    pub previous_hash: [u8; 32],
    /// Where the log ends.
    pub head: Position,
    /// The events before and after it in its stream, as far as there are some.
    pub in_stream: Vec<Neighbour>,
    /// The events that its command wrote, itself among them; the first [`IN_COMMAND`] where they are more.
    pub in_command: Vec<Neighbour>,
    /// The last position of its command.
    pub command_ends: Position,
}

/// Another event.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Neighbour {
    /// Where in the log.
    pub position: Position,
    /// Where in its stream.
    pub sequence: Sequence,
    /// For instance `item_decided`.
    pub event_type: String,
    /// Who.
    pub actor_name: PrintedName,
    /// When the log took it.
    pub recorded_at: DateTime<Utc>,
}

/// A bulk decision has hundreds of events; more than these are not shown beside each of them.
pub const IN_COMMAND: u32 = 20;

impl Audit {
    /// The event at a position; none where the log has none.
    ///
    /// # Errors
    /// [`AuditError::Log`] if it cannot be read, [`AuditError::Database`].
    pub async fn event(&self, position: Position) -> Result<Option<EventInPlace>, AuditError> {
        let head = self.log.head().await?.position;
        if position.0 == 0 || position > head {
            return Ok(None);
        }
        let around = self
            .log
            .read(Position(position.0.saturating_sub(2)), 2)
            .await?;
        let mut around = around.into_iter().filter(|it| it.position <= position);
        let (first, second) = (around.next(), around.next());
        let (previous, event) = match (first, second) {
            (Some(previous), Some(event)) => (previous.hash, event),
            (Some(event), None) => ([0; 32], event),
            _ => return Ok(None),
        };
        let stream = self.stream_around(&event).await?;
        let receipt = self.log.receipt(event.metadata.command_id).await?;
        let (first, last) = receipt.map_or((position, position), |(it, _)| (it.first, it.last));
        let in_command = self.between(first, last).await?;
        Ok(Some(EventInPlace {
            sentence: told(&event),
            event,
            previous_hash: previous,
            head,
            in_stream: stream,
            in_command,
            command_ends: last,
        }))
    }

    async fn stream_around(&self, event: &Recorded) -> Result<Vec<Neighbour>, AuditError> {
        let stream = StreamId {
            aggregate_type: event.aggregate_type.clone(),
            aggregate_id: event.aggregate_id.clone(),
        };
        let sequence = i64::try_from(event.sequence.0).unwrap_or(i64::MAX);
        let columns = "position, sequence, event_type, actor_name, recorded_at";
        let around = (sequence - 2, sequence.saturating_add(1));
        let mut query = self.select_of_streams(columns, vec![stream], around);
        query.push(" AND sequence <> ").push_bind(sequence);
        self.neighbours(query, "sequence", "reading what stands beside an event")
            .await
    }

    async fn between(&self, first: Position, last: Position) -> Result<Vec<Neighbour>, AuditError> {
        let until = last.0.min(first.0 + u64::from(IN_COMMAND) - 1);
        let mut query = self
            .select("position, sequence, event_type, actor_name, recorded_at FROM annal.events");
        query
            .push(" AND position >= ")
            .push_bind(crate::select::to_bigint(first));
        query
            .push(" AND position <= ")
            .push_bind(crate::select::to_bigint(Position(until)));
        self.neighbours(query, "position", "reading the events of a command")
            .await
    }
}

impl Audit {
    async fn neighbours(
        &self,
        query: QueryBuilder<'static, Postgres>,
        order: &str,
        doing: &'static str,
    ) -> Result<Vec<Neighbour>, AuditError> {
        let mut rows: Vec<Neighbour> = self.rows_now(query, order, doing).await?;
        let names = rows.iter_mut().map(|row| &mut row.actor_name);
        self.log.open_names(names).await?;
        Ok(rows)
    }
}

/// What happened; the type alone where this program does not know the event.
fn told(event: &Recorded) -> String {
    let who = &event.metadata.actor.name.to_string();
    let known = match event.aggregate_type.as_str() {
        "report_run" => decode(event).map(|it| run_sentence(who, &it)),
        "dossier" => decode(event).map(|it| dossier_sentence(who, &it)),
        _ => return event.event_type.clone(),
    };
    known.unwrap_or_else(|_| event.event_type.clone())
}

/// The run that an event is about; none for what is about none.
#[must_use]
pub fn run_of(event: &Recorded) -> Option<annal_core::RunId> {
    let known = ["report_run", "dossier"].contains(&event.aggregate_type.as_str());
    let id = event.aggregate_id.split('/').next().filter(|_| known)?;
    id.parse().ok()
}
