//! Signed tree heads and proofs. `docs/proofs.md` specifies them.
//!
//! Nothing of this is kept in the database: whoever could write it there could write the log anew to fit. A tree is
//! computed from the events' hashes in one pass, a page at a time.

use annal_core::Position;
use annal_verify::{Checkpoint, ConsistencyProof, Cover, InclusionProof, SigningKey, Tree};
use chrono::Utc;

use crate::error::{LogError, retrying};
use crate::hash::BEFORE_THE_FIRST;
use crate::log::Log;
use crate::row::{digest, from_db, to_db};

/// Hashes fetched at a time.
const PAGE: i64 = 20_000;

impl Log {
    /// Signs what the log holds now. With the last checkpoint, only the events since then are read.
    ///
    /// It takes the hashes as they are stored. Verify first ([`Log::verify_with`], from the last checkpoint on):
    /// a signature says that somebody stands by these events.
    ///
    /// # Errors
    /// [`LogError::NotTheCheckpoint`] when the last checkpoint does not fit the log; [`LogError`] when the database
    /// cannot be asked.
    pub async fn checkpoint(
        &self,
        last: Option<&Checkpoint>,
        key: &SigningKey,
    ) -> Result<Checkpoint, LogError> {
        let head = self.head().await?;
        let mut tree = match last {
            Some(last) => self.resume(last).await?,
            None => Tree::default(),
        };
        let mut end = last.map_or(BEFORE_THE_FIRST, |last| last.head);
        self.each_hash(Position(tree.size()), head.position, |_, hash| {
            tree.push(hash);
            end = *hash;
        })
        .await?;
        if end != head.hash {
            return Err(LogError::Undecodable {
                position: head.position,
                detail: "its hash is not the one that the ledger's head has".to_owned(),
            });
        }
        let ledger = self.ledger().as_str();
        Ok(Checkpoint::sign(ledger, &tree, end, Utc::now(), key))
    }

    /// Proves that the event at a position, as it stands, is among the events of a checkpoint.
    ///
    /// # Errors
    /// [`LogError::OutOfReach`] when the checkpoint does not reach so far, [`LogError::NotTheCheckpoint`] when the
    /// proof does not hold because the log is not the one that was signed; [`LogError`] when the database cannot be
    /// asked.
    pub async fn prove_inclusion(
        &self,
        position: Position,
        checkpoint: &Checkpoint,
    ) -> Result<InclusionProof, LogError> {
        let size = checkpoint.size;
        self.same_ledger(checkpoint)?;
        let before = Position(position.0.saturating_sub(1));
        let cover = (position.0 > 0)
            .then(|| Cover::of_leaf(before.0, size))
            .flatten();
        let mut cover = cover.ok_or(LogError::OutOfReach { position, size })?;
        let mut previous = BEFORE_THE_FIRST;
        let mut tree = Tree::default();
        self.each_hash(Position(0), Position(size), |at, hash| {
            cover.push(at.0 - 1, hash);
            tree.push(hash);
            if at == before {
                previous = *hash;
            }
        })
        .await?;
        fits(checkpoint, &tree)?;
        let row = self.read_rows(before, 1).await?.pop();
        let row = row.ok_or(LogError::OutOfReach { position, size })?;
        let path = cover.path();
        Ok(InclusionProof::new(
            checkpoint.clone(),
            previous,
            row.exported()?,
            path,
        ))
    }

    /// Proves that the events of an older checkpoint are the first of a newer one's.
    ///
    /// # Errors
    /// [`LogError::OutOfReach`] when the newer checkpoint is the smaller one, [`LogError::NotTheCheckpoint`] when the
    /// log is not the one that was signed; [`LogError`] when the database cannot be asked.
    pub async fn prove_consistency(
        &self,
        older: &Checkpoint,
        newer: &Checkpoint,
    ) -> Result<ConsistencyProof, LogError> {
        self.same_ledger(older)?;
        self.same_ledger(newer)?;
        let cover = Cover::of_growth(older.size, newer.size);
        let mut cover = cover.ok_or(LogError::OutOfReach {
            position: Position(older.size),
            size: newer.size,
        })?;
        let (mut whole, mut beginning) = (Tree::default(), Tree::default());
        self.each_hash(Position(0), Position(newer.size), |at, hash| {
            cover.push(at.0 - 1, hash);
            whole.push(hash);
            if at.0 == older.size {
                beginning = whole.clone();
            }
        })
        .await?;
        fits(older, &beginning)?;
        fits(newer, &whole)?;
        let path = cover.path();
        Ok(ConsistencyProof::new(older.clone(), newer.clone(), path))
    }

    /// The tree of a checkpoint, once the log's own event at its end says the same.
    async fn resume(&self, last: &Checkpoint) -> Result<Tree, LogError> {
        self.same_ledger(last)?;
        let size = last.size;
        let differs = |detail: &str| LogError::NotTheCheckpoint {
            size,
            detail: detail.to_owned(),
        };
        let tree = last
            .tree()
            .ok_or_else(|| differs("its frontier does not make its root"))?;
        let stored = match size {
            0 => Some(BEFORE_THE_FIRST.to_vec()),
            _ => self.hash_at(Position(size)).await?,
        };
        if stored.as_deref() != Some(&last.head) {
            return Err(differs("its last event is not the log's at that position"));
        }
        Ok(tree)
    }

    fn same_ledger(&self, checkpoint: &Checkpoint) -> Result<(), LogError> {
        if checkpoint.ledger == self.ledger().as_str() {
            return Ok(());
        }
        Err(LogError::NotTheCheckpoint {
            size: checkpoint.size,
            detail: format!("it is one of the ledger '{}'", checkpoint.ledger),
        })
    }

    /// Gives the stored hashes after a position up to and with another, in order and without a gap.
    async fn each_hash(
        &self,
        after: Position,
        until: Position,
        mut take: impl FnMut(Position, &[u8; 32]),
    ) -> Result<(), LogError> {
        let mut at = after;
        while at < until {
            let rows: Vec<(i64, Vec<u8>)> = retrying("reading the events' hashes", || async {
                sqlx::query_as(
                    "SELECT position, hash FROM annal.events \
                     WHERE ledger = $1 AND position > $2 AND position <= $3 ORDER BY position LIMIT $4",
                )
                .bind(self.ledger().as_str())
                .bind(to_db(at.0))
                .bind(to_db(until.0))
                .bind(PAGE)
                .fetch_all(self.pool())
                .await
            })
            .await?;
            let before = at;
            for (position, hash) in rows {
                let next = at.next();
                let hash = digest(&hash).filter(|_| from_db(position) == next.0);
                let hash = hash.ok_or_else(|| missing(next))?;
                take(next, &hash);
                at = next;
            }
            if at == before {
                return Err(missing(at.next()));
            }
        }
        Ok(())
    }
}

fn fits(checkpoint: &Checkpoint, tree: &Tree) -> Result<(), LogError> {
    if tree.root() == checkpoint.root {
        return Ok(());
    }
    Err(LogError::NotTheCheckpoint {
        size: checkpoint.size,
        detail: "its root is not that of the log's events".to_owned(),
    })
}

fn missing(position: Position) -> LogError {
    LogError::Undecodable {
        position,
        detail: "it is not there, or its hash is not 32 bytes".to_owned(),
    }
}
