//! Making snapshots, and throwing them away.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use annal_core::{Position, VersionNo};
use annal_log::Log;
use sqlx::{PgConnection, PgPool};

use super::{codec, definition};
use crate::error::{Asking, AuditError};
use crate::replay::{COLUMNS, Replay, Row};
use crate::select::to_bigint;

/// A dossier gets snapshots of its versions each time that it has grown by so many events: reading and folding these
/// takes as long as a snapshot of a large version, a few milliseconds. Most dossiers never have as many.
const EVERY: u32 = 500;
/// Positions of the log that are looked through in one transaction.
const STRETCH: i64 = 50_000;
/// The shortest time from one round of a follower to the next. Nothing depends on them, so there is no hurry.
const ROUND: Duration = Duration::from_secs(1);
/// How long a follower waits for news before it looks by itself, and after the database failed it.
const LOOK: Duration = Duration::from_secs(5);

/// Keeps the snapshots of one ledger.
#[derive(Debug, Clone)]
pub struct Snapshots {
    pub(super) log: Log,
    pub(super) pool: PgPool,
    every: u32,
}

/// What is looked for in one dossier.
struct Dossier<'a> {
    id: &'a str,
    /// Events that it has.
    length: i64,
}

/// A version as far as it was folded.
struct Newest {
    replay: Replay,
    /// The event of the dossier up to which its newest snapshot holds. One with signatures gets no further ones, so the
    /// others may be ahead of it.
    through: i64,
    /// It has taken an event since.
    grown: bool,
}

impl Newest {
    fn none(number: VersionNo) -> Self {
        Self {
            replay: Replay::new(number),
            through: 0,
            grown: false,
        }
    }

    async fn take(&mut self, log: &Log, event: Row) -> Result<(), AuditError> {
        if event.sequence > self.through {
            self.replay.take(log, event).await?;
            self.grown = true;
        }
        Ok(())
    }
}

impl Snapshots {
    /// For a log's ledger, over connections that may write the projections' tables.
    #[must_use]
    pub fn new(log: &Log, pool: &PgPool) -> Self {
        Self {
            log: log.clone(),
            pool: pool.clone(),
            every: EVERY,
        }
    }

    /// Another distance from snapshot to snapshot, in events of a dossier. Any serves; readers do not know it.
    #[must_use]
    pub fn every(self, events: u32) -> Self {
        Self {
            every: events.max(1),
            ..self
        }
    }

    /// Makes what is due up to a position (the ledger's head, if that is earlier); how many that were.
    ///
    /// # Errors
    /// [`AuditError::Database`] or [`AuditError::NotPrepared`].
    pub async fn catch_up(&self, until: Position) -> Result<u64, AuditError> {
        let until = until.min(self.log.head().await?.position);
        let mut made = 0;
        while let Some(more) = self.stretch(to_bigint(until)).await? {
            made += more;
        }
        Ok(made)
    }

    /// Follows the log and never ends. It may be dropped at any moment: what was begun is not there then.
    pub async fn follow(&self) {
        let mut seen = Position(0);
        loop {
            let news = self.log.wait_for(seen, LOOK).await;
            let done = match news {
                Ok(head) => self.catch_up(head).await.map(|_| head),
                Err(error) => Err(error.into()),
            };
            match done {
                Ok(head) => {
                    seen = head;
                    tokio::time::sleep(ROUND).await;
                }
                Err(error) => {
                    tracing::warn!(error = %error, "no snapshots for the moment");
                    tokio::time::sleep(LOOK).await;
                }
            }
        }
    }

    /// Throws all snapshots away, those of other definitions too; how many that were. They are made again as the log is
    /// followed, from its beginning.
    ///
    /// # Errors
    /// [`AuditError::Database`] or [`AuditError::NotPrepared`].
    pub async fn drop_all(&self) -> Result<u64, AuditError> {
        let doing = "dropping the snapshots";
        let ledger = self.log.ledger().as_str();
        let mut work = self.pool.begin().await.asking(doing)?;
        // Whoever makes some holds the cursor.
        sqlx::query("UPDATE annal_read.snapshot_cursors SET position = 0 WHERE ledger = $1")
            .bind(ledger)
            .execute(&mut *work)
            .await
            .asking(doing)?;
        let dropped = sqlx::query("DELETE FROM annal_read.version_snapshots WHERE ledger = $1")
            .bind(ledger)
            .execute(&mut *work)
            .await
            .asking(doing)?;
        work.commit().await.asking(doing)?;
        Ok(dropped.rows_affected())
    }

    /// The next stretch of the log; none where there is none.
    async fn stretch(&self, until: i64) -> Result<Option<u64>, AuditError> {
        let doing = "making snapshots";
        let mut work = self.pool.begin().await.asking(doing)?;
        let after = self.cursor(&mut work).await.asking(doing)?;
        if after >= until {
            return Ok(None);
        }
        let to = until.min(after.saturating_add(STRETCH));
        let grown: Vec<(String, i64)> = sqlx::query_as(
            "SELECT aggregate_id, max(sequence) FROM annal.events
             WHERE ledger = $1 AND position > $2 AND position <= $3 AND aggregate_type = 'dossier'
             GROUP BY aggregate_id HAVING max(sequence) >= $4",
        )
        .bind(self.log.ledger().as_str())
        .bind(after)
        .bind(to)
        .bind(i64::from(self.every))
        .fetch_all(&mut *work)
        .await
        .asking(doing)?;
        let mut made = 0;
        for (id, length) in &grown {
            let dossier = Dossier {
                id,
                length: *length,
            };
            made += match self.dossier(&mut work, &dossier).await {
                // An event that cannot be read is told to whoever asks for the version; the others have theirs.
                Err(AuditError::Log(error)) if !error.is_transient() => 0,
                made => made?,
            };
        }
        sqlx::query(
            "UPDATE annal_read.snapshot_cursors SET position = $3 WHERE ledger = $1 AND definition = $2",
        )
        .bind(self.log.ledger().as_str())
        .bind(definition())
        .bind(to)
        .execute(&mut *work)
        .await
        .asking(doing)?;
        work.commit().await.asking(doing)?;
        Ok(Some(made))
    }

    /// Takes the cursor's lock: of several, one makes them. Where this definition begins, those of others go.
    async fn cursor(&self, work: &mut PgConnection) -> Result<i64, sqlx::Error> {
        let ledger = self.log.ledger().as_str();
        let begun = sqlx::query(
            "INSERT INTO annal_read.snapshot_cursors (ledger, definition) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        )
        .bind(ledger)
        .bind(definition())
        .execute(&mut *work)
        .await?;
        if begun.rows_affected() == 1 {
            for table in ["snapshot_cursors", "version_snapshots"] {
                let drop = format!(
                    "DELETE FROM annal_read.{table} WHERE ledger = $1 AND definition <> $2"
                );
                let drop = sqlx::query(&drop).bind(ledger).bind(definition());
                drop.execute(&mut *work).await?;
            }
        }
        sqlx::query_scalar(
            "SELECT position FROM annal_read.snapshot_cursors WHERE ledger = $1 AND definition = $2 FOR UPDATE",
        )
        .bind(ledger)
        .bind(definition())
        .fetch_one(work)
        .await
    }

    /// Goes on from a dossier's newest snapshots, and makes some at each border that it has passed since.
    async fn dossier(
        &self,
        work: &mut PgConnection,
        dossier: &Dossier<'_>,
    ) -> Result<u64, AuditError> {
        let every = i64::from(self.every);
        let mut versions = self.newest(work, dossier).await?;
        let mut done = versions.values().map(|it| it.through).min().unwrap_or(0);
        let mut made = 0;
        loop {
            let border = (done / every + 1) * every;
            if border > dossier.length {
                return Ok(made);
            }
            let events = self.events(work, dossier, done, border).await?;
            let Some(position) = events.last().map(|it| it.position) else {
                return Ok(made);
            };
            let mut touched = BTreeSet::new();
            for event in events {
                let Some(number) = event.about() else {
                    continue;
                };
                touched.insert(number);
                let version = versions
                    .entry(number)
                    .or_insert_with(|| Newest::none(number));
                version.take(&self.log, event).await?;
            }
            for number in &touched {
                let Some(version) = versions.get_mut(number).filter(|it| it.grown) else {
                    continue;
                };
                // A version with signatures has none; the others go on.
                if let Some(state) = codec::write(&version.replay) {
                    self.put(work, dossier, *number, (position, border), &state)
                        .await?;
                    made += 1;
                    // As whoever reads it goes on, and cheaper: what was said until here is text from now on.
                    if let Some(read) = codec::read(&state) {
                        version.replay = read;
                    }
                }
                version.grown = false;
            }
            self.stretch_others(work, dossier, &touched, (done, border))
                .await?;
            done = border;
        }
    }

    /// The newest snapshot of each version of a dossier. Where one cannot be read, all are made again.
    async fn newest(
        &self,
        work: &mut PgConnection,
        dossier: &Dossier<'_>,
    ) -> Result<BTreeMap<VersionNo, Newest>, AuditError> {
        let rows: Vec<(i64, Vec<u8>)> = sqlx::query_as(
            "SELECT DISTINCT ON (version) through, state FROM annal_read.version_snapshots
             WHERE ledger = $1 AND aggregate_id = $2 AND definition = $3
             ORDER BY version, position DESC",
        )
        .bind(self.log.ledger().as_str())
        .bind(dossier.id)
        .bind(definition())
        .fetch_all(work)
        .await
        .asking("reading the newest snapshots")?;
        let read = rows.iter().map(|(through, state)| {
            let replay = codec::read(state)?;
            let number = replay.number;
            let newest = Newest {
                replay,
                through: *through,
                grown: false,
            };
            Some((number, newest))
        });
        let read: Option<BTreeMap<_, _>> = read.collect();
        Ok(read.unwrap_or_default())
    }

    async fn events(
        &self,
        work: &mut PgConnection,
        dossier: &Dossier<'_>,
        after: i64,
        until: i64,
    ) -> Result<Vec<Row>, AuditError> {
        let query = format!(
            "SELECT {COLUMNS} FROM annal.of_stream($1, 'dossier', $2, $3, $4) ORDER BY sequence"
        );
        sqlx::query_as(&query)
            .bind(self.log.ledger().as_str())
            .bind(dossier.id)
            .bind(after)
            .bind(until)
            .fetch_all(work)
            .await
            .asking("reading a dossier for its snapshots")
    }

    async fn put(
        &self,
        work: &mut PgConnection,
        dossier: &Dossier<'_>,
        version: VersionNo,
        (position, border): (i64, i64),
        state: &[u8],
    ) -> Result<(), AuditError> {
        sqlx::query(
            "INSERT INTO annal_read.version_snapshots
                 (ledger, aggregate_id, version, definition, position, sequence, through, state)
             VALUES ($1, $2, $3, $4, $5, $6, $6, $7)
             ON CONFLICT (ledger, aggregate_id, version, definition, position) DO UPDATE
             SET through = greatest(version_snapshots.through, EXCLUDED.through), state = EXCLUDED.state",
        )
        .bind(self.log.ledger().as_str())
        .bind(dossier.id)
        .bind(i64::from(version.0))
        .bind(definition())
        .bind(position)
        .bind(border)
        .bind(state)
        .execute(work)
        .await
        .asking("keeping a snapshot")?;
        Ok(())
    }

    /// Of the other versions nothing was said since, so their snapshots hold up to here.
    async fn stretch_others(
        &self,
        work: &mut PgConnection,
        dossier: &Dossier<'_>,
        touched: &BTreeSet<VersionNo>,
        (done, border): (i64, i64),
    ) -> Result<(), AuditError> {
        let touched: Vec<i64> = touched.iter().map(|it| i64::from(it.0)).collect();
        sqlx::query(
            "UPDATE annal_read.version_snapshots SET through = $5
             WHERE ledger = $1 AND aggregate_id = $2 AND definition = $3 AND through = $4 AND version <> ALL ($6)",
        )
        .bind(self.log.ledger().as_str())
        .bind(dossier.id)
        .bind(definition())
        .bind(done)
        .bind(border)
        .bind(touched)
        .execute(work)
        .await
        .asking("stretching snapshots")?;
        Ok(())
    }
}
