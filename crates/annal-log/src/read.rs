//! Reading a stream, a stretch of the log, and what a command got.

use std::sync::LazyLock;

use annal_core::envelope::Recorded;
use annal_core::{CommandId, EventId, Position, Sequence};
use chrono::{DateTime, Utc};

use crate::append::Receipt;
use crate::error::{LogError, retrying};
use crate::log::Log;
use crate::row::{COLUMNS, EventRow, digest, from_db, to_db};
use crate::stream::StreamId;

static STREAM: LazyLock<String> = LazyLock::new(|| {
    format!("SELECT {COLUMNS} FROM annal.of_stream($1, $2, $3, $4) ORDER BY sequence")
});
static STREAM_UNTIL: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {COLUMNS} FROM annal.of_stream($1, $2, $3) WHERE position <= $4 ORDER BY sequence"
    )
});
static STRETCH: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {COLUMNS} FROM annal.events WHERE ledger = $1 AND position > $2 ORDER BY position LIMIT $3"
    )
});

impl Log {
    /// The events of a stream after a sequence, in order.
    ///
    /// # Errors
    /// [`LogError`] when the database cannot be asked or an event cannot be read.
    pub async fn read_stream(
        &self,
        stream: &StreamId,
        after: Sequence,
    ) -> Result<Vec<Recorded>, LogError> {
        self.read_one_stream(&STREAM, stream, after.0).await
    }

    /// The events of a stream up to and with a position of the log: the stream as it was then.
    ///
    /// # Errors
    /// [`LogError`] when the database cannot be asked or an event cannot be read.
    pub async fn read_stream_until(
        &self,
        stream: &StreamId,
        until: Position,
    ) -> Result<Vec<Recorded>, LogError> {
        self.read_one_stream(&STREAM_UNTIL, stream, until.0).await
    }

    /// At most `limit` events after a position, in order.
    ///
    /// # Errors
    /// [`LogError`] when the database cannot be asked or an event cannot be read.
    pub async fn read(&self, after: Position, limit: u32) -> Result<Vec<Recorded>, LogError> {
        let rows = self.read_rows(after, limit).await?;
        self.sealing().recorded(rows).await
    }

    /// The position of the last event recorded at or before a moment of the server's clock; 0 where there is none.
    ///
    /// # Errors
    /// [`LogError`] when the database cannot be asked.
    pub async fn position_at(&self, at: DateTime<Utc>) -> Result<Position, LogError> {
        let position: i64 = retrying("finding a moment in the log", || async {
            sqlx::query_scalar("SELECT annal.position_at($1, $2)")
                .bind(self.ledger().as_str())
                .bind(at)
                .fetch_one(self.pool())
                .await
        })
        .await?;
        Ok(Position(from_db(position)))
    }

    /// Where an event stands; none when the ledger has no such event.
    ///
    /// # Errors
    /// [`LogError`] when the database cannot be asked.
    pub async fn position_of(&self, event: EventId) -> Result<Option<Position>, LogError> {
        let position: Option<i64> = retrying("finding an event", || async {
            sqlx::query_scalar("SELECT annal.position_of($1, $2)")
                .bind(self.ledger().as_str())
                .bind(event.0)
                .fetch_one(self.pool())
                .await
        })
        .await?;
        Ok(position.map(|position| Position(from_db(position))))
    }

    /// What the log answered to a command, and the hash of the content it came with; none when it has no such command.
    ///
    /// # Errors
    /// [`LogError`] when the database cannot be asked.
    pub async fn receipt(&self, id: CommandId) -> Result<Option<(Receipt, [u8; 32])>, LogError> {
        type Row = (Vec<u8>, i64, i64, sqlx::types::Json<serde_json::Value>);
        let row: Option<Row> = retrying("reading a command", || async {
            sqlx::query_as(
                "SELECT content_hash, first_position, last_position, reply FROM annal.commands \
                 WHERE ledger = $1 AND command_id = $2",
            )
            .bind(self.ledger().as_str())
            .bind(id.0)
            .fetch_optional(self.pool())
            .await
        })
        .await?;
        let Some((content_hash, first, last, reply)) = row else {
            return Ok(None);
        };
        let receipt = Receipt {
            first: Position(from_db(first)),
            last: Position(from_db(last)),
            repeated: true,
            reply: reply.0,
        };
        let content_hash = digest(&content_hash).ok_or_else(|| LogError::Undecodable {
            position: receipt.first,
            detail: "its command's content hash is not 32 bytes".to_owned(),
        })?;
        Ok(Some((receipt, content_hash)))
    }

    /// As [`Log::read`], with nothing made of the rows.
    pub(crate) async fn read_rows(
        &self,
        after: Position,
        limit: u32,
    ) -> Result<Vec<EventRow>, LogError> {
        retrying("reading the log", || async {
            sqlx::query_as(&STRETCH)
                .bind(self.ledger().as_str())
                .bind(to_db(after.0))
                .bind(i64::from(limit))
                .fetch_all(self.pool())
                .await
        })
        .await
    }

    async fn read_one_stream(
        &self,
        query: &'static str,
        stream: &StreamId,
        bound: u64,
    ) -> Result<Vec<Recorded>, LogError> {
        let rows: Vec<EventRow> = retrying("reading a stream", || async {
            sqlx::query_as(query)
                .bind(self.ledger().as_str())
                .bind(&stream.aggregate_type)
                .bind(&stream.aggregate_id)
                .bind(to_db(bound))
                .fetch_all(self.pool())
                .await
        })
        .await?;
        self.sealing().recorded(rows).await
    }
}
