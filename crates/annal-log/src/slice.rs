//! Slices: what one command appended to one stream stands side by side, and the stream's index holds where that begins.
//! No hash covers it, for it can be computed from the events; so a verification does.

use annal_core::Position;
use uuid::Uuid;

use crate::error::{LogError, retrying};
use crate::log::Log;
use crate::row::{EventRow, from_db, to_db};

/// A slice, as far as it was read.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Slice {
    begins: i64,
    aggregate_type: String,
    aggregate_id: String,
    command_id: Uuid,
    /// Of the last event that was read.
    sequence: i64,
    /// How many events are still to follow.
    rest: i32,
}

impl Slice {
    fn begun_with(row: &EventRow, following: i32) -> Self {
        Self {
            begins: row.position,
            aggregate_type: row.aggregate_type.clone(),
            aggregate_id: row.aggregate_id.clone(),
            command_id: row.command_id,
            sequence: row.sequence,
            rest: following,
        }
    }

    /// Where it begins, if there are events still to follow.
    pub(crate) fn unfinished(&self) -> Option<Position> {
        (self.rest > 0).then(|| Position(from_db(self.begins)))
    }

    fn goes_on_with(&self, row: &EventRow) -> bool {
        self.rest > 0
            && row.sequence == self.sequence + 1
            && row.aggregate_type == self.aggregate_type
            && row.aggregate_id == self.aggregate_id
            && row.command_id == self.command_id
    }
}

/// Takes the next event of the log into the slice that it belongs to, or says where the slice begins that it does not fit.
pub(crate) fn step(slice: &mut Option<Slice>, row: &EventRow) -> Result<(), Position> {
    let here = Position(from_db(row.position));
    match (row.following, slice.as_mut()) {
        (Some(following), before) => {
            if let Some(begins) = before.and_then(|slice| slice.unfinished()) {
                return Err(begins);
            }
            *slice = Some(Slice::begun_with(row, following));
        }
        (None, Some(slice)) if slice.goes_on_with(row) => {
            slice.sequence += 1;
            slice.rest -= 1;
        }
        (None, _) => return Err(here),
    }
    Ok(())
}

impl Log {
    /// The slice that the event at a position belongs to, read up to it; none before the first event.
    pub(crate) async fn slice_at(&self, position: Position) -> Result<Option<Slice>, LogError> {
        retrying("verifying the log", || async {
            sqlx::query_as(
                "SELECT h.position AS begins, e.aggregate_type, e.aggregate_id, e.command_id, e.sequence, \
                        least(h.position + h.following - e.position, 2147483647)::integer AS rest \
                 FROM annal.events e, \
                      LATERAL (SELECT position, following FROM annal.events \
                               WHERE ledger = e.ledger AND position <= e.position AND following IS NOT NULL \
                               ORDER BY position DESC LIMIT 1) h \
                 WHERE e.ledger = $1 AND e.position = $2",
            )
            .bind(self.ledger().as_str())
            .bind(to_db(position.0))
            .fetch_optional(self.pool())
            .await
        })
        .await
    }
}
