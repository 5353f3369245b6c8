//! The log as lines of text that a verifier elsewhere reads.

use annal_core::Position;
use annal_verify::Header;
use async_stream::try_stream;
use futures::Stream;

use crate::error::LogError;
use crate::hash::BEFORE_THE_FIRST;
use crate::log::Log;
use crate::row::{digest, from_db};

/// Events fetched at a time.
const PAGE: u32 = 1_000;

impl Log {
    /// The lines of an export, without their ends: a header, then each event after a position up to and with another,
    /// or with the last that is there now. `docs/proofs.md` specifies them.
    ///
    /// Events are given as they are stored, altered or not, so that the export shows it.
    pub fn export(
        &self,
        after: Position,
        until: Option<Position>,
    ) -> impl Stream<Item = Result<String, LogError>> + Send + use<> {
        let log = self.clone();
        try_stream! {
            let head = log.head().await?.position;
            let until = until.unwrap_or(head);
            if until > head || after > until {
                Err(LogError::OutOfReach { position: until.max(after), size: head.0 })?;
            }
            let previous = match after.0 {
                0 => Some(BEFORE_THE_FIRST),
                _ => log.hash_at(after).await?.as_deref().and_then(digest),
            };
            let previous = previous.ok_or(LogError::OutOfReach { position: after, size: head.0 })?;
            yield Header::new(log.ledger().as_str(), after.0, previous, until.0).to_line();
            let mut at = after;
            while at < until {
                let rows = log.read_rows(at, PAGE).await?;
                let Some(last) = rows.last() else { break };
                at = Position(from_db(last.position));
                for row in rows {
                    let position = Position(from_db(row.position));
                    if position > until {
                        break;
                    }
                    let line = row.exported()?.to_line();
                    yield line.map_err(|detail| LogError::Undecodable { position, detail })?;
                }
            }
        }
    }
}
