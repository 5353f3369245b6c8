//! The log as cqrs-es's event repository.
//!
//! Reading one aggregate is the library's: `postgres_es::PostgresEventRepository` over the view
//! `annal.stream_events`, which has its columns and knows the session's ledger. Three things are ours:
//!
//! - `persist`, because the runtime role has no INSERT and every event goes through `annal.append`;
//! - the two streams, because the library's end quietly, as if complete, when the connection is lost, and the one
//!   over all aggregates of a type binds a parameter that its query does not have;
//! - snapshots: there are none. The log holds events alone, so use `PersistedEventStore::new_event_store`.

use std::collections::HashMap;

use annal_core::envelope::{Metadata, Provenance, Recorded};
use annal_core::{Actor, CommandId, PersonId, Position, PrintedName, Sequence};
use chrono::{DateTime, SecondsFormat, Utc};
use cqrs_es::Aggregate;
use cqrs_es::persist::{
    PersistedEventRepository, PersistenceError, ReplayStream, SerializedEvent, SerializedSnapshot,
};
use postgres_es::PostgresEventRepository;
use serde_json::Value;

use crate::append::{Append, AppendError, StreamAppend, content_hash};
use crate::error::LogError;
use crate::log::Log;
use crate::sealing::{stored, unsealed};
use crate::stream::{EventData, StreamId};

/// How many events a replay reads ahead.
const READ_AHEAD: usize = 200;

/// cqrs-es's repository over a ledger. The envelope of a command goes through the framework as its metadata: run
/// commands with `execute_with_metadata` and [`library_metadata`].
pub struct LogRepository {
    log: Log,
    library: PostgresEventRepository,
}

impl LogRepository {
    /// A repository over this ledger.
    #[must_use]
    pub fn new(log: Log) -> Self {
        let library = PostgresEventRepository::new(log.pool().clone())
            // There are no snapshots; the name is only ever part of a query that is not sent.
            .with_tables("annal.stream_events", "annal.no_snapshots");
        Self { log, library }
    }

    /// The library reads what the log holds; names come out of it as from everywhere else.
    async fn opened(
        &self,
        mut events: Vec<SerializedEvent>,
    ) -> Result<Vec<SerializedEvent>, PersistenceError> {
        for event in &mut events {
            self.log
                .open_payload(&event.event_type, &mut event.payload)
                .await?;
        }
        let mut named: Vec<_> = events
            .iter_mut()
            .filter_map(|it| it.metadata.get_mut("actor_name"))
            .collect();
        let mut names: Vec<_> = named
            .iter()
            .filter_map(|it| it.as_str())
            .map(PrintedName::from)
            .collect();
        self.log.open_names(&mut names).await?;
        for (place, name) in named.iter_mut().zip(&names) {
            **place = stored(name).into();
        }
        Ok(events)
    }
}

impl PersistedEventRepository for LogRepository {
    async fn get_events<A: Aggregate>(
        &self,
        aggregate_id: &str,
    ) -> Result<Vec<SerializedEvent>, PersistenceError> {
        let events = self.library.get_events::<A>(aggregate_id).await?;
        self.opened(events).await
    }

    async fn get_last_events<A: Aggregate>(
        &self,
        aggregate_id: &str,
        last_sequence: usize,
    ) -> Result<Vec<SerializedEvent>, PersistenceError> {
        let events = self
            .library
            .get_last_events::<A>(aggregate_id, last_sequence)
            .await?;
        self.opened(events).await
    }

    async fn get_snapshot<A: Aggregate>(
        &self,
        _aggregate_id: &str,
    ) -> Result<Option<SerializedSnapshot>, PersistenceError> {
        Ok(None)
    }

    async fn persist<A: Aggregate>(
        &self,
        events: &[SerializedEvent],
        snapshot_update: Option<(String, Value, usize)>,
    ) -> Result<(), PersistenceError> {
        if snapshot_update.is_some() {
            return Err(unexpected(
                "the log keeps no snapshots; build the store with PersistedEventStore::new_event_store",
            ));
        }
        let Some(first) = events.first() else {
            return Ok(());
        };
        self.log
            .append(append(first, events)?)
            .await
            .map(drop)
            .map_err(|error| match error {
                AppendError::Conflict { .. } => PersistenceError::OptimisticLockError,
                AppendError::Log(error) if error.is_transient() => {
                    PersistenceError::ConnectionError(Box::new(error))
                }
                error => PersistenceError::UnknownError(Box::new(error)),
            })
    }

    async fn stream_events<A: Aggregate>(
        &self,
        aggregate_id: &str,
    ) -> Result<ReplayStream, PersistenceError> {
        let stream = StreamId {
            aggregate_type: A::TYPE.to_owned(),
            aggregate_id: aggregate_id.to_owned(),
        };
        let events = self.log.read_stream(&stream, Sequence(0)).await?;
        let (mut feed, replay) = ReplayStream::new(READ_AHEAD);
        tokio::spawn(async move {
            for recorded in &events {
                // Nobody listens any more when a push fails.
                if feed.push(serialized(recorded)).await.is_err() {
                    return;
                }
            }
        });
        Ok(replay)
    }

    /// In the order of the log.
    async fn stream_all_events<A: Aggregate>(&self) -> Result<ReplayStream, PersistenceError> {
        let log = self.log.clone();
        let end = log.head().await?.position;
        let (mut feed, replay) = ReplayStream::new(READ_AHEAD);
        tokio::spawn(async move {
            let mut at = Position(0);
            while at < end {
                let page = match log.read(at, 500).await {
                    Ok(page) if page.is_empty() => return,
                    Ok(page) => page,
                    Err(error) => {
                        let _ = feed.push(Err(error.into())).await;
                        return;
                    }
                };
                for recorded in page.iter().take_while(|recorded| recorded.position <= end) {
                    at = recorded.position;
                    if recorded.aggregate_type == A::TYPE
                        && feed.push(serialized(recorded)).await.is_err()
                    {
                        return;
                    }
                }
            }
        });
        Ok(replay)
    }
}

impl From<LogError> for PersistenceError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Undecodable { .. } => Self::DeserializationError(Box::new(error)),
            error if error.is_transient() => Self::ConnectionError(Box::new(error)),
            error => Self::UnknownError(Box::new(error)),
        }
    }
}

/// The events of one command, as the framework hands them over: one aggregate, sequences without a gap.
fn append(first: &SerializedEvent, events: &[SerializedEvent]) -> Result<Append, PersistenceError> {
    let metadata = envelope(&first.metadata)?;
    let asked: Vec<_> = events
        .iter()
        .map(|event| {
            (
                &event.aggregate_type,
                &event.aggregate_id,
                event.sequence,
                &event.payload,
            )
        })
        .collect();
    Ok(Append {
        command_id: metadata.command_id,
        content_hash: content_hash(&asked)?,
        streams: vec![StreamAppend {
            stream: StreamId {
                aggregate_type: first.aggregate_type.clone(),
                aggregate_id: first.aggregate_id.clone(),
            },
            expected: Sequence(first.sequence.saturating_sub(1) as u64),
            events: events
                .iter()
                .map(|event| EventData {
                    event_type: event.event_type.clone(),
                    event_version: event.event_version.clone(),
                    payload: event.payload.to_string(),
                })
                .collect(),
        }],
        reply: Value::Null,
        metadata,
    })
}

fn serialized(recorded: &Recorded) -> Result<SerializedEvent, PersistenceError> {
    Ok(SerializedEvent::new(
        recorded.aggregate_id.clone(),
        usize::try_from(recorded.sequence.0).map_err(|error| unexpected(error.to_string()))?,
        recorded.aggregate_type.clone(),
        recorded.event_type.clone(),
        recorded.event_version.clone(),
        serde_json::from_str(&recorded.payload)?,
        serde_json::to_value(library_metadata(&recorded.metadata))?,
    ))
}

/// An envelope as cqrs-es carries it: a flat map of strings, with the names of the log's columns.
#[must_use]
pub fn library_metadata(metadata: &Metadata) -> HashMap<String, String> {
    let at = metadata.provenance.as_ref();
    let fields = [
        ("command_id", Some(metadata.command_id.to_string())),
        ("correlation_id", Some(metadata.correlation_id.to_string())),
        (
            "causation_id",
            metadata.causation_id.map(|id| id.to_string()),
        ),
        ("actor_id", Some(metadata.actor.id.to_string())),
        ("actor_name", Some(stored(&metadata.actor.name).to_owned())),
        ("actor_role", Some(metadata.actor.role.to_string())),
        (
            "on_behalf_of",
            metadata
                .actor
                .on_behalf_of
                .as_ref()
                .map(ToString::to_string),
        ),
        ("reason", metadata.reason.clone()),
        (
            "effective_at",
            Some(
                metadata
                    .effective_at
                    .to_rfc3339_opts(SecondsFormat::Micros, true),
            ),
        ),
        ("workflow_id", at.map(|at| at.workflow_id.clone())),
        ("workflow_run_id", at.map(|at| at.run_id.clone())),
        ("step_id", at.map(|at| at.step_id.clone())),
        ("activity_name", at.map(|at| at.activity_name.clone())),
        ("attempt", at.map(|at| at.attempt.to_string())),
        ("engine", Some(metadata.engine.clone())),
    ];
    fields
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}

/// The way back from [`library_metadata`]. A name that the envelope does not have is an error, for there is no
/// column to keep it in.
fn envelope(metadata: &Value) -> Result<Metadata, PersistenceError> {
    let mut given: HashMap<String, String> = serde_json::from_value(metadata.clone())?;
    let mut fields = Given(&mut given);
    let metadata = Metadata {
        command_id: CommandId(fields.parsed("command_id")?),
        correlation_id: fields.parsed("correlation_id")?,
        causation_id: fields.parsed_if("causation_id")?,
        actor: Actor {
            id: fields.parsed("actor_id")?,
            name: unsealed(fields.text("actor_name")?),
            role: fields.parsed("actor_role")?,
            on_behalf_of: fields.parsed_if::<PersonId>("on_behalf_of")?,
        },
        reason: fields.0.remove("reason"),
        effective_at: fields.parsed::<DateTime<Utc>>("effective_at")?,
        provenance: match fields.0.remove("workflow_id") {
            None => None,
            Some(workflow_id) => Some(Provenance {
                workflow_id,
                run_id: fields.text("workflow_run_id")?,
                step_id: fields.text("step_id")?,
                activity_name: fields.text("activity_name")?,
                attempt: fields.parsed("attempt")?,
            }),
        },
        engine: fields.text("engine")?,
    };
    match given.keys().min() {
        None => Ok(metadata),
        Some(name) => Err(unexpected(format!(
            "the log's envelope has no field '{name}'; leave it out of the command's metadata"
        ))),
    }
}

/// The fields that have not been taken yet.
struct Given<'a>(&'a mut HashMap<String, String>);

impl Given<'_> {
    fn text(&mut self, name: &str) -> Result<String, PersistenceError> {
        self.0.remove(name).ok_or_else(|| {
            unexpected(format!(
                "the command's metadata lacks '{name}'; make it with library_metadata and run the command with execute_with_metadata"
            ))
        })
    }

    fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
        &mut self,
        name: &str,
    ) -> Result<T, PersistenceError> {
        let text = self.text(name)?;
        text.parse().map_err(|error| {
            unexpected(format!(
                "the command's metadata has '{text}' as {name}: {error}"
            ))
        })
    }

    fn parsed_if<T: std::str::FromStr<Err: std::fmt::Display>>(
        &mut self,
        name: &str,
    ) -> Result<Option<T>, PersistenceError> {
        if self.0.contains_key(name) {
            self.parsed(name).map(Some)
        } else {
            Ok(None)
        }
    }
}

fn unexpected(what: impl Into<String>) -> PersistenceError {
    PersistenceError::UnknownError(what.into().into())
}
