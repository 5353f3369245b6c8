//! The end of a rebuild: compare, then put the new table in the place of the live one.

use std::time::Duration;

use sqlx::{PgConnection, Postgres, Row, Transaction};

use crate::compare::{Differences, compare};
use crate::error::{Doing, ProjectorError};
use crate::rebuild::{Rebuild, Rebuilt};
use crate::table;

/// How often the swap asks for the tables' locks, each time for half a second, so that a long query holds nobody up.
const TRIES: u32 = 40;
/// Between two tries, to let waiting readers pass.
const PASS: Duration = Duration::from_millis(100);

/// Where a live table stands in a ledger, with its cursor held.
struct Held {
    ledger: String,
    position: i64,
    following: bool,
}

/// Both tables at the same positions, in a snapshot that later folds do not touch.
struct Met {
    redefined: bool,
    /// None where the tables cannot be compared: another definition made the live one, or it stands still.
    snapshot: Option<Transaction<'static, Postgres>>,
    events: u64,
}

impl Rebuild<'_> {
    /// Compares the successor with the live table and puts it in its place.
    pub(crate) async fn swap(&self) -> Result<Rebuilt, ProjectorError> {
        let met = self.meet().await?;
        let mut rebuilt = Rebuilt {
            name: self.projection.name.clone(),
            events: met.events,
            redefined: met.redefined,
            compared: met.snapshot.is_some(),
            differences: Differences::default(),
            elapsed_ms: 0,
        };
        if let Some(mut snapshot) = met.snapshot {
            rebuilt.differences = compare(&mut snapshot, &self.projection.name).await?;
            snapshot.rollback().await.doing(self.doing())?;
        }
        if self.options.compare_only {
            return Ok(rebuilt);
        }
        if !rebuilt.differences.is_empty() && !self.options.allow_differences {
            return Err(ProjectorError::Differs {
                name: rebuilt.name,
                differences: rebuilt.differences,
            });
        }
        rebuilt.events += self.exchange_when_free().await?;
        Ok(rebuilt)
    }

    /// Holds the live cursors until the successor is level with them and a snapshot of both is taken.
    async fn meet(&self) -> Result<Met, ProjectorError> {
        let mut work = self.projector.pool.begin().await.doing(self.doing())?;
        let redefined = self.is_redefined(&mut work).await.doing(self.doing())?;
        let held = self.hold(&mut work).await.doing(self.doing())?;
        let events = self.follow_up(&held).await?;
        let level = self.is_level(&mut work, &held).await.doing(self.doing())?;
        let snapshot = if redefined || !level {
            None
        } else {
            Some(self.snapshot().await.doing(self.doing())?)
        };
        work.rollback().await.doing(self.doing())?;
        Ok(Met {
            redefined,
            snapshot,
            events,
        })
    }

    async fn snapshot(&self) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        let mut snapshot = self.projector.pool.begin().await?;
        // The first query takes the snapshot, not the setting.
        let take = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL work_mem = '128MB'; SELECT 1";
        table::run(&mut snapshot, take).await?;
        Ok(snapshot)
    }

    async fn follow_up(&self, held: &[Held]) -> Result<u64, ProjectorError> {
        let mut events = 0;
        for it in held.iter().filter(|it| it.following) {
            events += self.fill(&it.ledger, it.position).await?;
        }
        Ok(events)
    }

    async fn exchange_when_free(&self) -> Result<u64, ProjectorError> {
        for _ in 1..TRIES {
            match self.try_exchange().await {
                Err(ProjectorError::Database { source, .. }) if is_lock_timeout(&source) => {
                    tokio::time::sleep(PASS).await;
                }
                result => return result,
            }
        }
        self.try_exchange().await
    }

    /// What was folded since the comparison is folded into the successor by the same statement.
    async fn try_exchange(&self) -> Result<u64, ProjectorError> {
        let mut work = self.projector.pool.begin().await.doing(self.doing())?;
        self.is_redefined(&mut work).await.doing(self.doing())?;
        let held = self.hold(&mut work).await.doing(self.doing())?;
        let events = self.follow_up(&held).await?;
        self.exchange(&mut work).await.doing(self.doing())?;
        work.commit().await.doing(self.doing())?;
        Ok(events)
    }

    /// Followers wait for these rows, readers do not.
    async fn hold(&self, work: &mut PgConnection) -> Result<Vec<Held>, sqlx::Error> {
        let rows = sqlx::query(
            "SELECT ledger, position, state FROM annal_read.projection_status WHERE projection = $1
             ORDER BY ledger FOR UPDATE",
        )
        .bind(&self.projection.name)
        .fetch_all(work)
        .await?;
        let held = |row: &sqlx::postgres::PgRow| Held {
            ledger: row.get("ledger"),
            position: row.get("position"),
            following: row.get::<&str, _>("state") == "following",
        };
        Ok(rows.iter().map(held).collect())
    }

    /// Also keeps followers from beginning with another ledger, whose cursor would not be among those that are held.
    async fn is_redefined(&self, work: &mut PgConnection) -> Result<bool, sqlx::Error> {
        sqlx::query_scalar(
            "SELECT sql_hash <> $2 FROM annal_read.projections WHERE projection = $1 FOR UPDATE",
        )
        .bind(&self.projection.name)
        .bind(self.projection.hash())
        .fetch_one(work)
        .await
    }

    /// Whether both tables are at the same position in every ledger.
    async fn is_level(&self, work: &mut PgConnection, held: &[Held]) -> Result<bool, sqlx::Error> {
        let cursors: Vec<(String, i64)> = sqlx::query_as(
            "SELECT ledger, position FROM annal_read.projection_rebuild_cursors
             WHERE projection = $1 AND position > 0 ORDER BY ledger",
        )
        .bind(&self.projection.name)
        .fetch_all(work)
        .await?;
        let live = held.iter().filter(|it| it.position > 0);
        Ok(live
            .map(|it| (&it.ledger, it.position))
            .eq(cursors.iter().map(|(ledger, at)| (ledger, *at))))
    }

    async fn exchange(&self, work: &mut PgConnection) -> Result<(), sqlx::Error> {
        let name = &self.projection.name;
        table::run(work, "SET LOCAL lock_timeout = '500ms'").await?;
        table::drop(work, "annal_retired", name).await?;
        table::run(
            work,
            &format!(
                "ALTER TABLE annal_read.\"{name}\" SET SCHEMA annal_retired;
                 ALTER TABLE annal_shadow.\"{name}\" SET SCHEMA annal_read;"
            ),
        )
        .await?;
        sqlx::query(
            "UPDATE annal_read.projections
             SET sql_hash = $2, model = $3, fold = $4, made_at = clock_timestamp() WHERE projection = $1",
        )
        .bind(name)
        .bind(self.projection.hash())
        .bind(&self.projection.model)
        .bind(&self.projection.fold)
        .execute(&mut *work)
        .await?;
        sqlx::query(
            "INSERT INTO annal_read.projection_status AS s (projection, ledger, position)
             SELECT projection, ledger, position FROM annal_read.projection_rebuild_cursors WHERE projection = $1
             ON CONFLICT (projection, ledger) DO UPDATE
             SET position = EXCLUDED.position, state = 'following', error_position = NULL, error = NULL,
                 failed_at = NULL, changed_at = clock_timestamp()",
        )
        .bind(name)
        .execute(&mut *work)
        .await?;
        sqlx::query("DELETE FROM annal_read.projection_rebuilds WHERE projection = $1")
            .bind(name)
            .execute(work)
            .await?;
        Ok(())
    }
}

fn is_lock_timeout(error: &sqlx::Error) -> bool {
    let code = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code);
    code.as_deref() == Some("55P03")
}
