//! What is appended, and what comes of it.

use annal_core::envelope::Metadata;
use annal_core::{CommandId, LedgerId, Position, Sequence};
use serde::Serialize;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use tracing::Span;
use tracing::field::Empty;

use crate::batch;
use crate::error::{LogError, lasting};
use crate::log::Log;
use crate::stream::{EventData, StreamId};

/// All that one command adds to the log: to one stream or to several, all or nothing.
#[derive(Debug, Clone)]
pub struct Append {
    /// The command; the log takes it once.
    pub command_id: CommandId,
    /// Hash of what was asked, by which a retry is told from a reused id. See [`content_hash`].
    pub content_hash: [u8; 32],
    /// What is known of all its events. Its own `command_id` should be the same; the one above is what is stored.
    pub metadata: Metadata,
    /// The streams and their events, in the order in which they get their positions.
    pub streams: Vec<StreamAppend>,
    /// Kept with the command and given back to a retry.
    pub reply: serde_json::Value,
}

/// The events of one stream in an append.
#[derive(Debug, Clone)]
pub struct StreamAppend {
    /// The stream.
    pub stream: StreamId,
    /// The sequence of the stream's last event as the caller knows it; 0 for a new stream.
    pub expected: Sequence,
    /// At least one.
    pub events: Vec<EventData>,
}

/// Where a command's events stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Its first event.
    pub first: Position,
    /// Its last event; all between are its own too.
    pub last: Position,
    /// The log had the command already, and nothing was written now. Also true where an append succeeded, its answer
    /// was lost with the connection, and the try after it found the command.
    pub repeated: bool,
    /// The reply that was stored with the command the first time.
    pub reply: serde_json::Value,
}

/// Why an append wrote nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// Somebody else appended to the stream in the meantime.
    #[error(
        "the stream {stream} is at sequence {actual}, not {expected}; load it again and decide on what it says now"
    )]
    Conflict {
        /// The first stream that did not fit.
        stream: StreamId,
        /// What the caller knew.
        expected: Sequence,
        /// What is there.
        actual: Sequence,
    },
    /// The command id belongs to other content.
    #[error(
        "the command id {command_id} was used for other content; give the new command its own id"
    )]
    Reused {
        /// The id.
        command_id: CommandId,
    },
    /// The log could not do it.
    #[error(transparent)]
    Log(#[from] LogError),
}

impl AppendError {
    /// A stable code; scripts may match on it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Conflict { .. } => "append_conflict",
            Self::Reused { .. } => "command_reused",
            Self::Log(error) => error.code(),
        }
    }
}

impl Append {
    /// Payload and envelope, roughly, for the size of a batch.
    pub(crate) fn weight(&self) -> usize {
        let payloads: usize = self
            .streams
            .iter()
            .flat_map(|stream| &stream.events)
            .map(|event| event.payload.len() + event.event_type.len())
            .sum();
        payloads + 1_000
    }

    pub(crate) fn events(&self) -> usize {
        self.streams.iter().map(|stream| stream.events.len()).sum()
    }

    fn is_empty(&self) -> bool {
        self.streams.is_empty() || self.streams.iter().any(|stream| stream.events.is_empty())
    }
}

impl Log {
    /// Appends a command's events, together with whatever else is being appended to this ledger in this process.
    /// When the caller stops waiting, the append may still happen; the same call again tells.
    ///
    /// # Errors
    /// [`AppendError::Conflict`] and [`AppendError::Reused`] as they say; [`AppendError::Log`] when the database
    /// could not be reached in several tries, or refused.
    #[tracing::instrument(
        name = "append",
        skip_all,
        fields(
            otel.name = "append to the log",
            otel.kind = "client",
            otel.status_code = Empty,
            otel.status_description = Empty,
            db.system.name = "postgresql",
            annal.command = %append.command_id,
            annal.first = Empty,
            annal.last = Empty,
        )
    )]
    pub async fn append(&self, append: Append) -> Result<Receipt, AppendError> {
        if append.is_empty() {
            return Err(LogError::Empty {
                command: append.command_id,
            }
            .into());
        }
        let done = self.append_sealed(append).await;
        tell(&Span::current(), &done);
        done
    }

    async fn append_sealed(&self, append: Append) -> Result<Receipt, AppendError> {
        let append = self.sealing().seal(append).await?;
        self.group().append(append).await
    }
}

/// Appends inside a transaction of the caller's, so that what it changes in tables of its own and the record of it are
/// there both or not at all. It holds the ledger's head until the transaction ends, and is not tried again: for a ledger
/// that few write to.
///
/// # Errors
/// As [`Log::append`]; the transaction is to be rolled back then.
pub async fn append_within(
    transaction: &mut PgConnection,
    ledger: &LedgerId,
    append: &Append,
) -> Result<Receipt, AppendError> {
    if append.is_empty() {
        let command = append.command_id;
        return Err(LogError::Empty { command }.into());
    }
    let doing = "appending within a transaction";
    let outcomes = batch::append(transaction, ledger.as_str(), None, &[append]).await;
    let mut outcomes = outcomes.map_err(|error| lasting(doing, 1, &error))?;
    outcomes
        .pop()
        .unwrap_or(Err(LogError::Closed { doing }.into()))
}

/// Notes on the span of an append where its events stand, or why they do not.
fn tell(span: &Span, done: &Result<Receipt, AppendError>) {
    match done {
        Ok(receipt) => {
            span.record("annal.first", receipt.first.0);
            span.record("annal.last", receipt.last.0);
        }
        Err(error) => {
            span.record("otel.status_code", "ERROR");
            span.record("otel.status_description", tracing::field::display(error));
        }
    }
}

/// A hash over what a caller asked, for [`Append::content_hash`].
///
/// # Errors
/// [`LogError::Unencodable`] when serde cannot write it as JSON.
pub fn content_hash(asked: &impl Serialize) -> Result<[u8; 32], LogError> {
    let bytes = serde_json::to_vec(asked).map_err(|error| LogError::Unencodable {
        event_type: "a command".to_owned(),
        detail: error.to_string(),
    })?;
    Ok(Sha256::digest(bytes).into())
}
