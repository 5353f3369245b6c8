//! Snapshots: a version as its events made it up to some position, so that showing it does not begin with the first.
//!
//! Nothing rests on them. They are made from the log by the same fold that reads them, they are never what an event or
//! a decision is made from, and without them every answer is the same and only takes longer.

mod codec;
mod keeper;
mod look;

use std::sync::LazyLock;

use annal_core::Position;
use annal_core::version::VersionRef;
use annal_log::StreamId;
use sha2::{Digest, Sha256};

pub use self::keeper::Snapshots;
pub use self::look::{SnapshotRow, SnapshotsVerified};

use crate::Audit;
use crate::error::{Asking, AuditError};
use crate::replay::Replay;
use crate::select::to_bigint;

/// Of what a snapshot is made, and how it is written. A changed line makes another definition, whose snapshots are its own:
/// one that was made by another fold is never read.
const SOURCES: [&str; 14] = [
    include_str!("codec.rs"),
    include_str!("../content.rs"),
    include_str!("../kept.rs"),
    include_str!("../replay.rs"),
    include_str!("../show.rs"),
    include_str!("../../../annal-core/src/dossier/evolve/items.rs"),
    include_str!("../../../annal-core/src/dossier/evolve/mod.rs"),
    include_str!("../../../annal-core/src/dossier/evolve/trail.rs"),
    include_str!("../../../annal-core/src/dossier/evolve/versions.rs"),
    include_str!("../../../annal-core/src/dossier/event.rs"),
    include_str!("../../../annal-core/src/dossier/state.rs"),
    include_str!("../../../annal-core/src/ids.rs"),
    include_str!("../../../annal-core/src/item.rs"),
    include_str!("../../../annal-core/src/version.rs"),
];

/// Hash of the definition, in hex.
pub(crate) fn definition() -> &'static str {
    static HASH: LazyLock<String> = LazyLock::new(|| {
        let mut hasher = Sha256::new();
        for source in SOURCES {
            hasher.update(source.as_bytes());
            hasher.update([0]);
        }
        hex::encode(hasher.finalize())
    });
    &HASH
}

/// The newest snapshot of a version that is no later than a position, and up to which event of the dossier it holds.
/// None also where the tables were never made, and where one cannot be read: the events are always there.
pub(crate) async fn newest(
    audit: &Audit,
    version: VersionRef,
    until: Position,
) -> Result<Option<(Replay, i64)>, AuditError> {
    let found: Result<Option<(i64, Vec<u8>)>, AuditError> = sqlx::query_as(
        "SELECT through, state FROM annal_read.version_snapshots
         WHERE ledger = $1 AND aggregate_id = $2 AND version = $3 AND definition = $4 AND position <= $5
         ORDER BY position DESC LIMIT 1",
    )
    .bind(audit.log.ledger().as_str())
    .bind(StreamId::dossier(version.run, version.phase).aggregate_id)
    .bind(i64::from(version.number.0))
    .bind(definition())
    .bind(to_bigint(until))
    .fetch_optional(audit.log.pool())
    .await
    .asking("looking for a snapshot");
    match found {
        Ok(row) => Ok(row.and_then(|(through, state)| Some((codec::read(&state)?, through)))),
        Err(AuditError::NotPrepared(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::SOURCES;

    #[test]
    fn the_whole_fold_is_part_of_the_definition() {
        let folder = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../annal-core/src/dossier/evolve"
        );
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(SOURCES.contains(&text.as_str()), "{path:?} is missing");
        }
    }
}
