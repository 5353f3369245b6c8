//! The end of a rebuild: compare, then put the new table in the place of the live one.

use std::time::Duration;

use sqlx::{PgConnection, Row};

use crate::compare::{Differences, compare};
use crate::error::{Doing, ProjectorError};
use crate::rebuild::{Progress, Rebuild, Rebuilt};
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

impl Rebuild<'_> {
    /// Holds the live cursors, brings the successor to the same positions, compares and swaps.
    pub(crate) async fn swap(
        &self,
        progress: &mut (impl FnMut(Progress) + Send),
    ) -> Result<Rebuilt, ProjectorError> {
        for _ in 1..TRIES {
            match self.try_swap(progress).await {
                Err(ProjectorError::Database { source, .. }) if is_lock_timeout(&source) => {
                    tokio::time::sleep(PASS).await;
                }
                result => return result,
            }
        }
        self.try_swap(progress).await
    }

    async fn try_swap(
        &self,
        progress: &mut (impl FnMut(Progress) + Send),
    ) -> Result<Rebuilt, ProjectorError> {
        let mut work = self.projector.pool.begin().await.doing(self.doing())?;
        let redefined = self.is_redefined(&mut work).await.doing(self.doing())?;
        let held = self.hold(&mut work).await.doing(self.doing())?;
        let mut events = 0;
        for it in held.iter().filter(|it| it.following) {
            events += self.fill(&it.ledger, it.position, progress).await?;
        }
        let level = self.is_level(&mut work, &held).await.doing(self.doing())?;
        let differences = if redefined || !level {
            Differences::default()
        } else {
            compare(&mut work, &self.projection.name).await?
        };
        if !differences.is_empty() && !self.options.allow_differences {
            return Err(ProjectorError::Differs {
                name: self.projection.name.clone(),
                differences,
            });
        }
        self.exchange(&mut work).await.doing(self.doing())?;
        work.commit().await.doing(self.doing())?;
        Ok(Rebuilt {
            name: self.projection.name.clone(),
            events,
            redefined,
            differences,
            elapsed_ms: 0,
        })
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
