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
use sqlx::FromRow;

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

/// The events of a dossier that a replay has to read.
pub(crate) struct Stretch {
    /// The version that they go on from, if it has a snapshot.
    pub(crate) begun: Option<Replay>,
    /// The number of the event after which they begin. Without a snapshot of the version it is that of another version's:
    /// most likely this one was made later.
    pub(crate) after: i64,
    /// The number of the event before which they end: one that is known to be later. The log has no index by which a
    /// position is found in a stream, so all that came since would be read to be left aside.
    pub(crate) before: i64,
}

impl Stretch {
    /// All events there are.
    pub(crate) const WHOLE: Self = Self {
        begun: None,
        after: 0,
        before: i64::MAX,
    };

    /// Whether it may begin too late.
    pub(crate) const fn is_guessed(&self) -> bool {
        self.begun.is_none() && self.after > 0
    }
}

#[derive(FromRow)]
struct Found {
    through: Option<i64>,
    state: Option<Vec<u8>>,
    earlier: Option<i64>,
    later: Option<i64>,
}

/// What has to be read of a dossier to show a version of it at a position. All where the tables were never made: the
/// events are always there.
pub(crate) async fn stretch(
    audit: &Audit,
    version: VersionRef,
    until: Position,
) -> Result<Stretch, AuditError> {
    let found: Result<Found, AuditError> = sqlx::query_as(
        "SELECT own.through, own.state, others.earlier, others.later
         FROM (SELECT max(sequence) FILTER (WHERE position <= $5) AS earlier,
                      min(sequence) FILTER (WHERE position > $5) AS later
               FROM annal_read.version_snapshots WHERE ledger = $1 AND aggregate_id = $2 AND definition = $4) others
         LEFT JOIN (SELECT through, state FROM annal_read.version_snapshots
                    WHERE ledger = $1 AND aggregate_id = $2 AND version = $3 AND definition = $4 AND position <= $5
                    ORDER BY position DESC LIMIT 1) own ON true",
    )
    .bind(audit.log.ledger().as_str())
    .bind(StreamId::dossier(version.run, version.phase).aggregate_id)
    .bind(i64::from(version.number.0))
    .bind(definition())
    .bind(to_bigint(until))
    .fetch_one(audit.log.pool())
    .await
    .asking("looking for a snapshot");
    let found = match found {
        Ok(found) => found,
        Err(AuditError::NotPrepared(_)) => return Ok(Stretch::WHOLE),
        Err(error) => return Err(error),
    };
    // One that cannot be read is left aside.
    let begun = found.state.and_then(|it| codec::read(&it));
    let after = match begun {
        Some(_) => found.through,
        None => found.earlier,
    };
    Ok(Stretch {
        begun,
        after: after.unwrap_or(0),
        before: found.later.unwrap_or(i64::MAX),
    })
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
