//! Building a table anew beside the live one.
//!
//! The successor grows in `annal_shadow` by the same statement that follows the log, in large ranges, with a cursor of
//! its own: a rebuild that is killed goes on from there. At the end the live cursor is held for a moment, until both
//! tables stand at the same position and a snapshot of them is taken; in it they are compared, while followers go on.
//! Then they are swapped in one transaction. Readers never wait for more than that swap.

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::time::Instant;

use annal_core::Position;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, stream};
use serde::{Deserialize, Serialize};
use sqlx::{Connection, PgConnection};

use crate::compare::Differences;
use crate::error::{Doing, ProjectorError};
use crate::fold::{Folded, Job, Target};
use crate::follow::Projector;
use crate::prepare;
use crate::projection::Projection;
use crate::status::{self, RebuildStatus, position_of};
use crate::table;

/// How a rebuild goes about it.
#[derive(Debug, Clone)]
pub struct RebuildOptions {
    /// The most events in one transaction. Where folding them takes more than a second, it is done in smaller pieces.
    pub chunk: u32,
    /// Swap even if the rebuilt table differs from the live one.
    pub allow_differences: bool,
    /// How many projections are rebuilt at the same time.
    pub workers: usize,
    /// Only compare: the successor is dropped, the live table stays.
    pub compare_only: bool,
}

impl Default for RebuildOptions {
    fn default() -> Self {
        Self {
            chunk: 50_000,
            allow_differences: false,
            workers: all_but_one_core(),
            compare_only: false,
        }
    }
}

/// A rebuild keeps busy as many cores of the database as it has workers, and those who write and read go on meanwhile.
/// Most often the database has as many cores as this machine, or more.
fn all_but_one_core() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    cores.saturating_sub(1).clamp(1, 4)
}

/// How far a rebuild is in one ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Progress {
    /// The projection.
    pub projection: String,
    /// The ledger.
    pub ledger: String,
    /// The successor's cursor.
    pub position: Position,
    /// Where it is to arrive.
    pub target: Position,
}

/// A rebuild that ended well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Rebuilt {
    /// The projection.
    pub name: String,
    /// Events folded by this call, over all ledgers; fewer than all where a rebuild was taken up again.
    pub events: u64,
    /// The definition had changed, so the tables were not compared.
    pub redefined: bool,
    /// Whether both tables stood at the same positions and were compared.
    pub compared: bool,
    /// In what the new table differs from the one that it replaced; nothing unless that was allowed.
    pub differences: Differences,
    /// How long this call took.
    pub elapsed_ms: u64,
}

impl Projector {
    /// Rebuilds projections by their built-in definitions, some at the same time; all of them where none is named.
    ///
    /// # Errors
    /// [`ProjectorError::Unknown`], [`ProjectorError::Busy`], [`ProjectorError::Stopped`],
    /// [`ProjectorError::Differs`] or [`ProjectorError::Database`]. The live table stays as it is; the successor is
    /// kept, and a next call goes on with it.
    pub async fn rebuild(
        &self,
        names: &[&str],
        options: &RebuildOptions,
        progress: impl FnMut(Progress) + Send,
    ) -> Result<Vec<Rebuilt>, ProjectorError> {
        let chosen = Projection::choose(names)?;
        self.rebuild_all(&chosen, options, progress).await
    }

    /// Rebuilds that were begun and not ended, those of a process that was killed included.
    ///
    /// # Errors
    /// [`ProjectorError::Database`] if the database fails.
    pub async fn rebuilds(&self) -> Result<Vec<RebuildStatus>, ProjectorError> {
        status::rebuilds(&self.pool).await
    }

    /// Gives up a rebuild: its table and its cursor go. Nothing happens where none was begun.
    ///
    /// # Errors
    /// [`ProjectorError::Busy`] while it runs, [`ProjectorError::Unknown`] or [`ProjectorError::Database`].
    pub async fn cancel_rebuild(&self, name: &str) -> Result<(), ProjectorError> {
        self.check(name).await?;
        let doing = || format!("giving up the rebuild of projection '{name}'");
        let mut work = self.pool.begin().await.doing(doing())?;
        let ask = format!("SELECT pg_try_advisory_xact_lock({CLAIM})");
        let free: bool = sqlx::query_scalar(&ask)
            .bind(name)
            .fetch_one(&mut *work)
            .await
            .doing(doing())?;
        if !free {
            return Err(ProjectorError::Busy(name.to_owned()));
        }
        table::drop(&mut work, "annal_shadow", name)
            .await
            .doing(doing())?;
        sqlx::query("DELETE FROM annal_read.projection_rebuilds WHERE projection = $1")
            .bind(name)
            .execute(&mut *work)
            .await
            .doing(doing())?;
        work.commit().await.doing(doing())
    }

    /// Rebuilds given projections.
    ///
    /// # Errors
    /// As [`Projector::rebuild`].
    pub async fn rebuild_all(
        &self,
        projections: &[Projection],
        options: &RebuildOptions,
        progress: impl FnMut(Progress) + Send,
    ) -> Result<Vec<Rebuilt>, ProjectorError> {
        let progress = Mutex::new(progress);
        let tell = |it: Progress| {
            if let Ok(mut progress) = progress.lock() {
                progress(it);
            }
        };
        let tell: &Tell<'_> = &tell;
        let one = |projection| {
            let rebuild = Rebuild {
                projector: self,
                projection,
                options,
                tell,
            };
            async move { rebuild.run().await }.boxed()
        };
        let rebuilds: Vec<BoxFuture<'_, _>> = projections.iter().map(one).collect();
        // One that fails does not break off the others.
        let ended: Vec<_> = stream::iter(rebuilds)
            .buffered(options.workers.max(1))
            .collect()
            .await;
        let done: Vec<Rebuilt> = ended.into_iter().collect::<Result<_, _>>()?;
        if options.compare_only {
            for projection in projections {
                self.cancel_rebuild(&projection.name).await?;
            }
        }
        Ok(done)
    }
}

/// The key of the lock that whoever rebuilds a projection holds.
const CLAIM: &str = "hashtextextended('annal rebuild ' || $1, 0)";

/// Where progress is told.
type Tell<'a> = dyn Fn(Progress) + Send + Sync + 'a;

/// For each ledger the position where the successor can meet the live table: the live cursor. Where the live table
/// cannot be met (it stands still, or another definition made it) the ledger's head.
const TARGETS: &str = "
    SELECT l.ledger,
           CASE WHEN p.sql_hash = $2 AND coalesce(s.state, 'following') = 'following'
                THEN coalesce(s.position, 0) ELSE l.position END
    FROM annal.ledgers l
    JOIN annal_read.projections p ON p.projection = $1
    LEFT JOIN annal_read.projection_status s ON s.projection = $1 AND s.ledger = l.ledger
    ORDER BY l.ledger";

/// One projection's rebuild.
pub(crate) struct Rebuild<'a> {
    pub(crate) projector: &'a Projector,
    pub(crate) projection: &'a Projection,
    pub(crate) options: &'a RebuildOptions,
    tell: &'a Tell<'a>,
}

impl Rebuild<'_> {
    async fn run(&self) -> Result<Rebuilt, ProjectorError> {
        // A session of its own: where this call is broken off, it ends, and with it the claim.
        let guard = self.projector.pool.acquire().await.doing(self.doing())?;
        let mut guard = guard.detach();
        self.claim(&mut guard).await?;
        let result = self.build().await;
        let released = self.release(guard).await;
        let rebuilt = result?;
        released.map(|()| rebuilt)
    }

    async fn build(&self) -> Result<Rebuilt, ProjectorError> {
        let began = Instant::now();
        self.begin().await?;
        let mut events = 0;
        // The log and the live table go on meanwhile; the second round is short.
        for _ in 0..2 {
            for (ledger, target) in self.targets().await? {
                events += self.fill(&ledger, target).await?;
            }
            self.index().await?;
            self.analyze().await?;
        }
        let mut rebuilt = self.swap().await?;
        rebuilt.events += events;
        rebuilt.elapsed_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(rebuilt)
    }

    pub(crate) fn doing(&self) -> String {
        format!("rebuilding projection '{}'", self.projection.name)
    }

    async fn claim(&self, guard: &mut PgConnection) -> Result<(), ProjectorError> {
        let ask = format!("SELECT pg_try_advisory_lock({CLAIM})");
        let claimed: bool = sqlx::query_scalar(&ask)
            .bind(&self.projection.name)
            .fetch_one(guard)
            .await
            .doing(self.doing())?;
        if claimed {
            Ok(())
        } else {
            Err(ProjectorError::Busy(self.projection.name.clone()))
        }
    }

    /// Gives the claim back and waits for that. A session that is only closed ends when the server gets to it, and whom
    /// this call answered would find a rebuild running that has ended.
    async fn release(&self, mut guard: PgConnection) -> Result<(), ProjectorError> {
        sqlx::query(&format!("SELECT pg_advisory_unlock({CLAIM})"))
            .bind(&self.projection.name)
            .execute(&mut guard)
            .await
            .doing(self.doing())?;
        guard.close().await.doing(self.doing())
    }

    /// Takes up a rebuild of the same definition, or begins one.
    async fn begin(&self) -> Result<(), ProjectorError> {
        let mut work = self.projector.pool.begin().await.doing(self.doing())?;
        let begun: Option<String> = sqlx::query_scalar(
            "SELECT sql_hash FROM annal_read.projection_rebuilds WHERE projection = $1",
        )
        .bind(&self.projection.name)
        .fetch_optional(&mut *work)
        .await
        .doing(self.doing())?;
        if begun.as_deref() == Some(self.projection.hash().as_str()) {
            return Ok(());
        }
        sqlx::query("DELETE FROM annal_read.projection_rebuilds WHERE projection = $1")
            .bind(&self.projection.name)
            .execute(&mut *work)
            .await
            .doing(self.doing())?;
        table::drop(&mut work, "annal_shadow", &self.projection.name)
            .await
            .doing(self.doing())?;
        prepare::make_table(&mut work, self.projection, "annal_shadow").await?;
        sqlx::query(
            "INSERT INTO annal_read.projection_rebuilds (projection, sql_hash) VALUES ($1, $2)",
        )
        .bind(&self.projection.name)
        .bind(self.projection.hash())
        .execute(&mut *work)
        .await
        .doing(self.doing())?;
        work.commit().await.doing(self.doing())
    }

    /// The indexes that people's questions need and the fold does not.
    async fn index(&self) -> Result<(), ProjectorError> {
        let mut work = self.projector.pool.begin().await.doing(self.doing())?;
        table::run(
            &mut work,
            "SET LOCAL maintenance_work_mem = '256MB'; SET LOCAL client_min_messages = warning",
        )
        .await
        .doing(self.doing())?;
        prepare::make_indexes(&mut work, self.projection, "annal_shadow").await?;
        work.commit().await.doing(self.doing())
    }

    /// Statistics, so that the new table's first queries are planned as the old one's were.
    async fn analyze(&self) -> Result<(), ProjectorError> {
        let mut session = self.projector.pool.acquire().await.doing(self.doing())?;
        let statement = format!("ANALYZE annal_shadow.\"{}\"", self.projection.name);
        table::run(&mut session, &statement)
            .await
            .doing(self.doing())
    }

    /// Every ledger with the position that its live table has; the head, where the live table stands still.
    pub(crate) async fn targets(&self) -> Result<Vec<(String, i64)>, ProjectorError> {
        sqlx::query_as(TARGETS)
            .bind(&self.projection.name)
            .bind(self.projection.hash())
            .fetch_all(&self.projector.pool)
            .await
            .doing(self.doing())
    }

    /// Folds into the successor up to a position; how many events that were.
    pub(crate) async fn fill(&self, ledger: &str, target: i64) -> Result<u64, ProjectorError> {
        let before = self.cursor(ledger).await?;
        let chunk = i64::from(self.options.chunk.max(1));
        let (mut reached, mut pause) = (before, chunk);
        // Now and then the planner is told how the table has grown, or it goes on as if it were empty.
        loop {
            let stop = target.min(before.saturating_add(pause));
            reached = self.fold(ledger, stop, target).await?.max(reached);
            if stop >= target {
                return Ok(position_of(reached - before).0);
            }
            self.analyze().await?;
            pause = pause.saturating_mul(4);
        }
    }

    async fn fold(&self, ledger: &str, stop: i64, target: i64) -> Result<i64, ProjectorError> {
        let moved = |position| {
            (self.tell)(Progress {
                projection: self.projection.name.clone(),
                ledger: ledger.to_owned(),
                position: position_of(position),
                target: position_of(target),
            });
        };
        let chunk = i64::from(self.options.chunk);
        match self.job(ledger).run(stop, chunk, moved).await? {
            Folded::To(position) => Ok(position),
            Folded::Refused { until, error, .. } => Err(ProjectorError::Stopped {
                name: self.projection.name.clone(),
                ledger: ledger.to_owned(),
                position: position_of(until).0,
                error,
            }),
        }
    }

    fn job<'b>(&'b self, ledger: &'b str) -> Job<'b> {
        Job {
            pool: &self.projector.pool,
            projection: &self.projection.name,
            ledger,
            target: Target::Shadow {
                fold: &self.projection.fold,
            },
        }
    }

    async fn cursor(&self, ledger: &str) -> Result<i64, ProjectorError> {
        let cursor: Option<i64> = sqlx::query_scalar(
            "SELECT position FROM annal_read.projection_rebuild_cursors WHERE projection = $1 AND ledger = $2",
        )
        .bind(&self.projection.name)
        .bind(ledger)
        .fetch_optional(&self.projector.pool)
        .await
        .doing(self.doing())?;
        Ok(cursor.unwrap_or_default())
    }
}
