//! Following the log.

use std::time::Duration;

use annal_core::{LedgerId, Position};
use annal_log::Log;
use futures::future::{self, Either};
use sqlx::PgPool;

use tokio::time::Instant;

use crate::connection;
use crate::error::{Doing, ProjectorError};
use crate::fold::{Folded, Job, Target};
use crate::prepare;
use crate::projection::Projection;
use crate::status::{self, ProjectionStatus, bigint, position_of};
use crate::table;

/// Events folded in one transaction while catching up.
const CHUNK: i64 = 20_000;
/// After so many the planner is told first how a table has grown.
const LOOK_AT_SIZE: i64 = 5_000;
/// How long a follower waits for news before it looks by itself.
const LOOK: Duration = Duration::from_secs(5);
/// The shortest time from one round to the next. Each round costs the database some milliseconds whatever is new, so
/// under load a follower folds what gathers in this time instead of every event by itself.
const ROUND: Duration = Duration::from_millis(100);
/// How long it waits after the database failed it.
const RETRY: Duration = Duration::from_millis(500);

/// Keeps the projections of one ledger up to date. Several may run at once: each range is folded by one of them.
#[derive(Debug, Clone)]
pub struct Projector {
    pub(crate) pool: PgPool,
    pub(crate) log: Log,
    pub(crate) ledger: LedgerId,
}

impl Projector {
    /// Makes schema, tables, cursors and grants for all built-in projections; leaves what is there. The log's
    /// migrations come first.
    ///
    /// # Errors
    /// [`ProjectorError::Database`] if the database refuses.
    pub async fn prepare(admin_url: &str) -> Result<(), ProjectorError> {
        Self::prepare_all(admin_url, &Projection::builtin()).await
    }

    /// The same for given projections.
    ///
    /// # Errors
    /// [`ProjectorError::Database`] if the database refuses.
    pub async fn prepare_all(
        admin_url: &str,
        projections: &[Projection],
    ) -> Result<(), ProjectorError> {
        prepare::prepare(admin_url, projections).await
    }

    /// Connects to a database that was prepared. Writes as `annal_projector` where the login may.
    ///
    /// # Errors
    /// [`ProjectorError::Database`], [`ProjectorError::Log`] if there is no connection, or
    /// [`ProjectorError::NotPrepared`].
    pub async fn connect(url: &str, ledger: LedgerId) -> Result<Self, ProjectorError> {
        let pool = connection::pool(url).await?;
        let prepared: bool = sqlx::query_scalar(
            "SELECT to_regclass('annal_read.projection_rebuild_cursors') IS NOT NULL",
        )
        .fetch_one(&pool)
        .await
        .doing("looking for the projections")?;
        if !prepared {
            return Err(ProjectorError::NotPrepared);
        }
        let log = Log::connect(url, ledger.clone()).await?;
        Ok(Self { pool, log, ledger })
    }

    /// Connections with the right to write what is folded from the log.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Folds up to a position (the ledger's head, if that is earlier). A projection that meets an event that it
    /// cannot fold stands still there and says so in its status; the others go on.
    ///
    /// # Errors
    /// [`ProjectorError::Database`] if the database fails.
    pub async fn catch_up(&self, until: Position) -> Result<Vec<ProjectionStatus>, ProjectorError> {
        let until = bigint(until).min(self.head().await?);
        for (name, from) in self.behind(until).await? {
            self.advance(&name, from, until).await?;
        }
        self.status().await
    }

    /// Follows the log until `shutdown` is done: woken by news, looking by itself where none comes, through lost
    /// connections. What was begun is ended first.
    ///
    /// # Errors
    /// None at present: a failing database is waited for, and logged.
    pub async fn follow(&self, shutdown: impl Future) -> Result<(), ProjectorError> {
        let mut shutdown = std::pin::pin!(shutdown);
        let mut seen = Position(0);
        loop {
            let round = Instant::now() + ROUND;
            let news = std::pin::pin!(self.news(seen));
            let rest = match future::select(&mut shutdown, news).await {
                Either::Left(_) => return Ok(()),
                Either::Right((news, _)) => match self.round(news).await {
                    Ok(head) => {
                        seen = head;
                        round
                    }
                    Err(error) => {
                        tracing::warn!(error = %error, "the projector waits for the database");
                        Instant::now() + RETRY
                    }
                },
            };
            let rest = std::pin::pin!(tokio::time::sleep_until(rest));
            if let Either::Left(_) = future::select(&mut shutdown, rest).await {
                return Ok(());
            }
        }
    }

    async fn round(
        &self,
        news: Result<Position, ProjectorError>,
    ) -> Result<Position, ProjectorError> {
        let head = news?;
        self.catch_up(head).await?;
        Ok(head)
    }

    /// Where every projection stands.
    ///
    /// # Errors
    /// [`ProjectorError::Database`] if the database fails.
    pub async fn status(&self) -> Result<Vec<ProjectionStatus>, ProjectorError> {
        status::read(&self.pool, self.ledger.as_str()).await
    }

    /// The position that every projection which goes on has reached.
    ///
    /// # Errors
    /// [`ProjectorError::Database`] if the database fails.
    pub async fn reached(&self) -> Result<Position, ProjectorError> {
        let reached: Option<i64> = sqlx::query_scalar(
            "SELECT min(coalesce(s.position, 0))
             FROM annal_read.projections p
             LEFT JOIN annal_read.projection_status s ON s.projection = p.projection AND s.ledger = $1
             WHERE coalesce(s.state, 'following') = 'following'",
        )
        .bind(self.ledger.as_str())
        .fetch_one(&self.pool)
        .await
        .doing("looking how far the projections are")?;
        // Where none goes on there is none to wait for.
        Ok(reached.map_or(Position(u64::MAX), position_of))
    }

    /// Lets a projection that stands still try its event again.
    ///
    /// # Errors
    /// [`ProjectorError::Unknown`] if there is no such projection; [`ProjectorError::Database`].
    pub async fn retry(&self, name: &str) -> Result<(), ProjectorError> {
        self.check(name).await?;
        self.resume(name).await
    }

    /// Lets a projection do without the event that stops it. By whom and why is kept, and rebuilds do without the
    /// event too.
    ///
    /// # Errors
    /// [`ProjectorError::ReasonRequired`], [`ProjectorError::NotStopped`], [`ProjectorError::Unknown`] or
    /// [`ProjectorError::Database`].
    pub async fn skip(
        &self,
        name: &str,
        position: Position,
        by: &str,
        reason: &str,
    ) -> Result<(), ProjectorError> {
        self.check(name).await?;
        if reason.trim().is_empty() {
            return Err(ProjectorError::ReasonRequired(name.to_owned()));
        }
        let noted = sqlx::query(
            "INSERT INTO annal_read.projection_skips (projection, ledger, position, by, reason, error)
             SELECT projection, ledger, error_position, $4, $5, error FROM annal_read.projection_status
             WHERE projection = $1 AND ledger = $2 AND error_position = $3
             ON CONFLICT DO NOTHING",
        )
        .bind(name)
        .bind(self.ledger.as_str())
        .bind(bigint(position))
        .bind(by)
        .bind(reason)
        .execute(&self.pool)
        .await
        .doing(format!("skipping an event of projection '{name}'"))?;
        if noted.rows_affected() == 0 {
            let name = name.to_owned();
            return Err(ProjectorError::NotStopped { name, position });
        }
        self.resume(name).await
    }

    async fn resume(&self, name: &str) -> Result<(), ProjectorError> {
        sqlx::query(
            "UPDATE annal_read.projection_status
             SET state = 'following', error_position = NULL, error = NULL, failed_at = NULL
             WHERE projection = $1 AND ledger = $2",
        )
        .bind(name)
        .bind(self.ledger.as_str())
        .execute(&self.pool)
        .await
        .doing(format!("letting projection '{name}' go on"))?;
        Ok(())
    }

    pub(crate) async fn check(&self, name: &str) -> Result<(), ProjectorError> {
        let known: Vec<String> =
            sqlx::query_scalar("SELECT projection FROM annal_read.projections ORDER BY projection")
                .fetch_all(&self.pool)
                .await
                .doing("listing the projections")?;
        if known.iter().any(|it| it == name) {
            return Ok(());
        }
        Err(ProjectorError::unknown(name, known.iter()))
    }

    pub(crate) async fn head(&self) -> Result<i64, ProjectorError> {
        sqlx::query_scalar("SELECT coalesce(max(position), 0) FROM annal.events WHERE ledger = $1")
            .bind(self.ledger.as_str())
            .fetch_one(&self.pool)
            .await
            .doing("reading the ledger's head")
    }

    /// The projections that go on and have something to fold, with where they are.
    async fn behind(&self, until: i64) -> Result<Vec<(String, i64)>, ProjectorError> {
        sqlx::query_as(
            "SELECT p.projection, coalesce(s.position, 0)
             FROM annal_read.projections p
             LEFT JOIN annal_read.projection_status s ON s.projection = p.projection AND s.ledger = $1
             WHERE coalesce(s.position, 0) < $2 AND coalesce(s.state, 'following') = 'following'
             ORDER BY p.projection",
        )
        .bind(self.ledger.as_str())
        .bind(until)
        .fetch_all(&self.pool)
        .await
        .doing("looking which projections are behind")
    }

    async fn advance(&self, name: &str, from: i64, until: i64) -> Result<(), ProjectorError> {
        let job = Job {
            pool: &self.pool,
            projection: name,
            ledger: self.ledger.as_str(),
            target: Target::Live,
        };
        // Over a long way the planner is told now and then how the table has grown, or it goes on as if it were empty.
        let (mut stop, mut pause) = (from, LOOK_AT_SIZE);
        loop {
            stop = until.min(stop.saturating_add(pause));
            match job.run(stop, CHUNK, |_| ()).await? {
                Folded::To(_) if stop >= until => return Ok(()),
                Folded::To(_) => self.analyze(name).await?,
                Folded::Refused { until, error, .. } => {
                    return self.stop(name, until, &error).await;
                }
            }
            pause = pause.saturating_mul(4);
        }
    }

    async fn analyze(&self, name: &str) -> Result<(), ProjectorError> {
        let doing = || format!("looking how large the table of projection '{name}' is");
        let mut session = self.pool.acquire().await.doing(doing())?;
        let statement = format!("ANALYZE annal_read.\"{name}\"");
        table::run(&mut session, &statement).await.doing(doing())
    }

    /// Notes the event that a projection cannot fold, unless the projection went on in the meantime.
    async fn stop(&self, name: &str, position: i64, error: &str) -> Result<(), ProjectorError> {
        tracing::error!(
            projection = name,
            position = position_of(position).0,
            error,
            "a projection stands still"
        );
        sqlx::query(
            "INSERT INTO annal_read.projection_status AS s
                 (projection, ledger, position, state, error_position, error, failed_at)
             VALUES ($1, $2, $3 - 1, 'failed', $3, $4, clock_timestamp())
             ON CONFLICT (projection, ledger) DO UPDATE
             SET state = 'failed', error_position = $3, error = $4, failed_at = clock_timestamp()
             WHERE s.position = $3 - 1",
        )
        .bind(name)
        .bind(self.ledger.as_str())
        .bind(position)
        .bind(error)
        .execute(&self.pool)
        .await
        .doing(format!("noting where projection '{name}' stands still"))?;
        Ok(())
    }

    /// Waits until the log is past `seen`.
    async fn news(&self, seen: Position) -> Result<Position, ProjectorError> {
        loop {
            let head = self.log.wait_for(seen, LOOK).await?;
            if head > seen {
                return Ok(head);
            }
        }
    }
}
