//! The moments of a version: every event about it, with what it was. Each is a position that `show` can go back to.

use annal_core::Position;
use annal_core::dossier::DossierEvent;
use annal_core::version::VersionRef;
use annal_log::{LogError, StreamId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::Audit;
use crate::error::{Asking, AuditError};
use crate::replay::version_of;
use crate::select::from_bigint;
use crate::sentence::dossier_sentence;

/// Something that happened to a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// Where in the log.
    pub position: Position,
    /// When the log took it.
    pub at: DateTime<Utc>,
    /// What happened, as a sentence.
    pub sentence: String,
}

impl Audit {
    /// Everything that happened to a version, in order. From the log itself.
    ///
    /// # Errors
    /// [`AuditError::UnknownVersion`], [`AuditError::Log`] if an event cannot be read, or [`AuditError::Database`].
    pub async fn moments(&self, version: VersionRef) -> Result<Vec<Moment>, AuditError> {
        let stream = StreamId::dossier(version.run, version.phase);
        let rows: Vec<(i64, DateTime<Utc>, String, String, String)> = sqlx::query_as(
            "SELECT position, recorded_at, actor_id, event_type, payload::text
             FROM annal.of_stream($1, $2, $3)
             WHERE payload->>'version' = $4 ORDER BY sequence",
        )
        .bind(self.log.ledger().as_str())
        .bind(stream.aggregate_type)
        .bind(stream.aggregate_id)
        .bind(version.number.to_string())
        .fetch_all(self.log.pool())
        .await
        .asking("reading the moments of a version")?;
        let mut moments = Vec::with_capacity(rows.len());
        for (position, at, who, event_type, payload) in rows {
            let position = from_bigint(position);
            let event = self.log.read_payload(&event_type, &payload).await?;
            let event: DossierEvent = event.map_err(|no: serde_json::Error| {
                let detail = no.to_string();
                LogError::Undecodable { position, detail }
            })?;
            // Documents have versions too; only a version's own events are its moments.
            if version_of(&event) == Some(version.number) {
                let sentence = dossier_sentence(&who, &event);
                moments.push(Moment {
                    position,
                    at,
                    sentence,
                });
            }
        }
        if moments.is_empty() {
            let position = self.log.head().await?.position;
            return Err(AuditError::UnknownVersion { version, position });
        }
        Ok(moments)
    }
}
