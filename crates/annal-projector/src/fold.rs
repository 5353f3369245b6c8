//! One range of events into one table, with its cursor, in one transaction.

use std::time::{Duration, Instant};

use sqlx::{PgConnection, PgPool, Row};

use crate::error::{Doing, ProjectorError};
use crate::prepare::enter_schema;

/// Which table of a projection is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target<'a> {
    /// The one that people read, by the definition that it was made with.
    Live,
    /// Its successor, while it is rebuilt, by this statement.
    Shadow {
        /// The fold of the successor's definition.
        fold: &'a str,
    },
}

impl Target<'_> {
    const fn schema(self) -> &'static str {
        match self {
            Self::Live => "annal_read",
            Self::Shadow { .. } => "annal_shadow",
        }
    }

    const fn cursors(self) -> &'static str {
        match self {
            Self::Live => "annal_read.projection_status",
            Self::Shadow { .. } => "annal_read.projection_rebuild_cursors",
        }
    }
}

/// What is folded where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Job<'a> {
    pub(crate) pool: &'a PgPool,
    pub(crate) projection: &'a str,
    pub(crate) ledger: &'a str,
    pub(crate) target: Target<'a>,
}

/// How far a range came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Folded {
    /// The cursor is here now.
    To(i64),
    /// Some event of the range (after, until] cannot be folded; nothing was changed.
    Refused {
        after: i64,
        until: i64,
        error: String,
    },
}

impl Job<'_> {
    /// Folds what follows the cursor, at most `chunk` events and not past `until`.
    pub(crate) async fn next(&self, until: i64, chunk: i64) -> Result<Folded, ProjectorError> {
        let doing = || format!("folding projection '{}'", self.projection);
        let mut work = self.pool.begin().await.doing(doing())?;
        let after = self.cursor(&mut work).await.doing(doing())?;
        if after >= until {
            return Ok(Folded::To(after));
        }
        let until = until.min(after.saturating_add(chunk.max(1)));
        let reach = self.reach(&mut work, after, until).await.doing(doing())?;
        if let Reach::Fold(until) = reach {
            enter_schema(&mut work, self.target.schema())
                .await
                .doing(doing())?;
            let fold = self.statement(&mut work).await.doing(doing())?;
            let folded = sqlx::query(&fold)
                .bind(self.ledger)
                .bind(after)
                .bind(until)
                .execute(&mut *work)
                .await;
            match folded {
                Ok(_) => {}
                Err(error) if is_about_data(&error) => {
                    let error = error.to_string();
                    return Ok(Folded::Refused {
                        after,
                        until,
                        error,
                    });
                }
                Err(error) => return Err(error).doing(doing()),
            }
        }
        let to = reach.end();
        self.advance(&mut work, to).await.doing(doing())?;
        work.commit().await.doing(doing())?;
        Ok(Folded::To(to))
    }

    /// Folds until `until`, at most `chunk` events in one transaction and fewer where that takes long. An event that
    /// cannot be folded is found by halving; what is before it is folded.
    pub(crate) async fn run(
        &self,
        until: i64,
        chunk: i64,
        mut moved: impl FnMut(i64),
    ) -> Result<Folded, ProjectorError> {
        let mut size = chunk;
        loop {
            let began = Instant::now();
            match self.next(until, size).await? {
                Folded::To(position) => {
                    moved(position);
                    size = sized(size, began.elapsed(), chunk);
                    if position >= until {
                        return Ok(Folded::To(position));
                    }
                }
                Folded::Refused {
                    after,
                    until,
                    error,
                } if until == after + 1 => {
                    return Ok(Folded::Refused {
                        after,
                        until,
                        error,
                    });
                }
                Folded::Refused { after, until, .. } => size = (until - after) / 2,
            }
        }
    }

    /// Takes the cursor's lock: whoever folds the same table waits here and goes on from where this one ends.
    async fn cursor(&self, work: &mut PgConnection) -> Result<i64, sqlx::Error> {
        let cursors = self.target.cursors();
        let take = format!(
            "SELECT position FROM {cursors} WHERE projection = $1 AND ledger = $2 FOR UPDATE"
        );
        let found = sqlx::query_scalar(&take)
            .bind(self.projection)
            .bind(self.ledger)
            .fetch_optional(&mut *work)
            .await?;
        if let Some(position) = found {
            return Ok(position);
        }
        let make = format!(
            "INSERT INTO {cursors} (projection, ledger) VALUES ($1, $2) ON CONFLICT DO NOTHING"
        );
        sqlx::query(&make)
            .bind(self.projection)
            .bind(self.ledger)
            .execute(&mut *work)
            .await?;
        sqlx::query_scalar(&take)
            .bind(self.projection)
            .bind(self.ledger)
            .fetch_one(work)
            .await
    }

    /// The statement that fits the table. Read under the cursor's lock: a rebuild may have put another table, with
    /// another definition, in the place of the one that was there a moment ago.
    async fn statement(&self, work: &mut PgConnection) -> Result<String, sqlx::Error> {
        if let Target::Shadow { fold } = self.target {
            return Ok(fold.to_owned());
        }
        sqlx::query_scalar("SELECT fold FROM annal_read.projections WHERE projection = $1")
            .bind(self.projection)
            .fetch_one(work)
            .await
    }

    /// How far the fold may go in one piece: up to the next event that is to be skipped, or over it.
    async fn reach(
        &self,
        work: &mut PgConnection,
        after: i64,
        until: i64,
    ) -> Result<Reach, sqlx::Error> {
        let skipped: Option<i64> = sqlx::query(
            "SELECT min(position) AS position FROM annal_read.projection_skips
             WHERE projection = $1 AND ledger = $2 AND position > $3 AND position <= $4",
        )
        .bind(self.projection)
        .bind(self.ledger)
        .bind(after)
        .bind(until)
        .fetch_one(work)
        .await?
        .get("position");
        Ok(match skipped {
            None => Reach::Fold(until),
            Some(position) if position == after + 1 => Reach::Skip(position),
            Some(position) => Reach::Fold(position - 1),
        })
    }

    async fn advance(&self, work: &mut PgConnection, to: i64) -> Result<(), sqlx::Error> {
        let changed = match self.target {
            Target::Live => ", changed_at = clock_timestamp()",
            Target::Shadow { .. } => "",
        };
        let advance = format!(
            "UPDATE {} SET position = $3{changed} WHERE projection = $1 AND ledger = $2",
            self.target.cursors()
        );
        sqlx::query(&advance)
            .bind(self.projection)
            .bind(self.ledger)
            .bind(to)
            .execute(work)
            .await?;
        Ok(())
    }
}

/// A transaction should not last longer: so much is done again after a kill, and a follower waits for so long.
const LONG: Duration = Duration::from_secs(1);
/// The fewest events of a transaction, however slow the machine.
const FEW: i64 = 500;

/// How many events the next transaction folds, by how long the last one took.
fn sized(last: i64, took: Duration, most: i64) -> i64 {
    let next = if took > LONG {
        (last / 2).max(FEW)
    } else if took < LONG / 4 {
        last.saturating_mul(2)
    } else {
        last
    };
    next.clamp(1, most.max(1))
}

/// What the next piece is.
#[derive(Debug, Clone, Copy)]
enum Reach {
    /// Events up to here are folded.
    Fold(i64),
    /// The one event here is passed over.
    Skip(i64),
}

impl Reach {
    const fn end(self) -> i64 {
        match self {
            Self::Fold(end) | Self::Skip(end) => end,
        }
    }
}

/// Whether the database refused the data or the statement, which is the same however often it is tried, and not the
/// moment (a lost connection, a lock, a full disk, a server that stops).
fn is_about_data(error: &sqlx::Error) -> bool {
    let Some(code) = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
    else {
        return false;
    };
    const MOMENT: [&str; 9] = ["08", "25", "40", "42501", "53", "55", "57", "58", "XX"];
    !MOMENT.iter().any(|class| code.starts_with(class))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_shrinks_where_it_takes_long_and_grows_again_where_it_does_not() {
        let second = Duration::from_secs(1);
        assert_eq!(sized(50_000, second * 3, 50_000), 25_000);
        assert_eq!(sized(25_000, second / 2, 50_000), 25_000);
        assert_eq!(sized(25_000, second / 8, 50_000), 50_000);
        assert_eq!(sized(50_000, second / 8, 50_000), 50_000);
        assert_eq!(sized(600, second * 9, 50_000), FEW);
        assert_eq!(sized(7, second * 9, 7), 7, "never more than was asked for");
        assert_eq!(sized(0, second, 50_000), 1);
    }
}
