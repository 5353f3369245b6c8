//! Which snapshots there are, and whether they say what the events say.

use std::collections::BTreeMap;

use annal_core::version::VersionRef;
use annal_core::{Position, VersionNo};
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};
use sqlx::FromRow;

use super::{codec, definition};
use crate::Audit;
use crate::error::{Asking, AuditError};
use crate::replay::{COLUMNS, Replay, Row};

/// A snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromRow)]
pub struct SnapshotRow {
    /// Of which version, as `RUN/PHASE@NUMBER`.
    pub version: String,
    /// The last event of the log that is in it.
    pub position: i64,
    /// The number of that event in the dossier.
    pub sequence: i64,
    /// The number of the event up to which nothing else was said about the version.
    pub through: i64,
    /// Its size.
    pub bytes: i64,
    /// It was made by the definition of this program; others are not read.
    pub current: bool,
}

/// What came of comparing all snapshots with the events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotsVerified {
    /// Snapshots that say what the events say.
    pub equal: u64,
    /// Those that do not, with the number of the event in the dossier at which they should.
    pub differing: Vec<(String, i64)>,
}

#[derive(FromRow)]
struct Kept {
    version: i64,
    sequence: i64,
    through: i64,
    state: Vec<u8>,
}

impl Audit {
    /// All snapshots of the ledger, by version and position.
    ///
    /// # Errors
    /// [`AuditError::Database`] or [`AuditError::NotPrepared`].
    pub async fn snapshots(&self) -> Result<Vec<SnapshotRow>, AuditError> {
        sqlx::query_as(
            "SELECT aggregate_id || '@' || version AS version, position, sequence, through,
                    octet_length(state)::bigint AS bytes, definition = $2 AS current
             FROM annal_read.version_snapshots WHERE ledger = $1
             ORDER BY aggregate_id, version_snapshots.version, position",
        )
        .bind(self.log.ledger().as_str())
        .bind(definition())
        .fetch_all(self.log.pool())
        .await
        .asking("listing the snapshots")
    }

    /// Folds every dossier that has snapshots from its first event, and compares each snapshot with what comes of it.
    ///
    /// # Errors
    /// [`AuditError::Log`] if an event cannot be read, [`AuditError::Database`] or [`AuditError::NotPrepared`].
    pub async fn verify_snapshots(&self) -> Result<SnapshotsVerified, AuditError> {
        let dossiers: Vec<String> = sqlx::query_scalar(
            "SELECT DISTINCT aggregate_id FROM annal_read.version_snapshots
             WHERE ledger = $1 AND definition = $2 ORDER BY aggregate_id",
        )
        .bind(self.log.ledger().as_str())
        .bind(definition())
        .fetch_all(self.log.pool())
        .await
        .asking("listing the dossiers with snapshots")?;
        let mut verified = SnapshotsVerified::default();
        for dossier in &dossiers {
            self.verify_dossier(dossier, &mut verified).await?;
        }
        Ok(verified)
    }

    async fn verify_dossier(
        &self,
        dossier: &str,
        verified: &mut SnapshotsVerified,
    ) -> Result<(), AuditError> {
        let kept: Vec<Kept> = sqlx::query_as(
            "SELECT version, sequence, through, state FROM annal_read.version_snapshots
             WHERE ledger = $1 AND aggregate_id = $2 AND definition = $3",
        )
        .bind(self.log.ledger().as_str())
        .bind(dossier)
        .bind(definition())
        .fetch_all(self.log.pool())
        .await
        .asking("reading a dossier's snapshots")?;
        // A snapshot holds where it was made, and until something else is said.
        let mut due: BTreeMap<i64, Vec<&Kept>> = BTreeMap::new();
        for it in &kept {
            due.entry(it.sequence).or_default().push(it);
            if it.through != it.sequence {
                due.entry(it.through).or_default().push(it);
            }
        }
        let query =
            format!("SELECT {COLUMNS} FROM annal.of_stream($1, 'dossier', $2) ORDER BY sequence");
        let mut rows = sqlx::query_as::<_, Row>(&query)
            .bind(self.log.ledger().as_str())
            .bind(dossier)
            .fetch(self.log.pool());
        let mut versions: BTreeMap<VersionNo, Replay> = BTreeMap::new();
        let doing = "reading a dossier from its first event";
        while let Some(row) = rows.try_next().await.asking(doing)? {
            let sequence = row.sequence;
            if let Some(number) = row.about() {
                let version = versions
                    .entry(number)
                    .or_insert_with(|| Replay::new(number));
                version.take(&self.log, row).await?;
            }
            for it in due.remove(&sequence).unwrap_or_default() {
                let name = format!("{dossier}@{}", it.version);
                let number = u32::try_from(it.version).map(VersionNo);
                let folded = number.ok().and_then(|number| versions.get(&number));
                match is_equal(&name, it, folded) {
                    true => verified.equal += 1,
                    false => verified.differing.push((name, sequence)),
                }
            }
        }
        // What is said to hold up to an event that is not there cannot be right.
        let beyond = due
            .into_iter()
            .flat_map(|(at, kept)| kept.into_iter().map(move |it| (at, it)));
        let beyond = beyond.map(|(at, it)| (format!("{dossier}@{}", it.version), at));
        verified.differing.extend(beyond);
        Ok(())
    }
}

/// Whether both are shown in the same way.
fn is_equal(name: &str, kept: &Kept, folded: Option<&Replay>) -> bool {
    let Ok(version) = name.parse::<VersionRef>() else {
        return false;
    };
    let shown = |it: Replay| it.shown(version, Position(0));
    match (codec::read(&kept.state), folded) {
        (Some(kept), Some(folded)) => shown(kept) == shown(folded.clone()),
        _ => false,
    }
}
