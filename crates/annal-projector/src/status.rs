//! Where each projection stands.

use annal_core::Position;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgPool};

use crate::error::{Doing, ProjectorError};

/// A projection in one ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProjectionStatus {
    /// Its name.
    pub name: String,
    /// Its table is what the log says up to here.
    pub position: Position,
    /// The ledger's head at the same moment.
    pub head: Position,
    /// How many events it is behind.
    pub lag: u64,
    /// Whether it goes on.
    #[serde(flatten)]
    pub state: ProjectionState,
    /// Its definition changed since its table was made.
    pub rebuild_due: bool,
    /// Events that it does without, by somebody's word. Where one of them made a row, what followed on that row is
    /// not in the table either.
    pub skipped: u64,
    /// When its cursor last moved; none before the first event.
    pub changed_at: Option<DateTime<Utc>>,
    /// When its table was made: prepared, or last rebuilt.
    pub made_at: DateTime<Utc>,
}

/// Whether a projection goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ProjectionState {
    /// It follows the log.
    Following,
    /// It stands before an event that it cannot fold.
    Failed {
        /// That event.
        error_position: Position,
        /// What the database said.
        error: String,
        /// When it was met.
        failed_at: DateTime<Utc>,
    },
}

/// A rebuild that was begun and not ended: it runs, or it waits to be taken up again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromRow)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RebuildStatus {
    /// The projection.
    pub name: String,
    /// When it was begun.
    pub started_at: DateTime<Utc>,
    /// Events that the successor holds, over all ledgers.
    pub events: i64,
    /// Events that the log holds, over all ledgers.
    pub target: i64,
    /// Somebody works on it now.
    pub running: bool,
}

/// Rebuilds under way, by name.
pub(crate) async fn rebuilds(pool: &PgPool) -> Result<Vec<RebuildStatus>, ProjectorError> {
    sqlx::query_as(
        "SELECT r.projection AS name, r.started_at,
                coalesce((SELECT sum(c.position) FROM annal_read.projection_rebuild_cursors c
                          WHERE c.projection = r.projection), 0)::bigint AS events,
                coalesce((SELECT sum(l.position) FROM annal.ledgers l), 0)::bigint AS target,
                EXISTS (SELECT FROM pg_locks l, hashtextextended('annal rebuild ' || r.projection, 0) AS key
                        WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
                          AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                          AND l.classid::bigint = (key >> 32) & 4294967295
                          AND l.objid::bigint = key & 4294967295) AS running
         FROM annal_read.projection_rebuilds r
         ORDER BY r.projection",
    )
    .fetch_all(pool)
    .await
    .doing("listing the rebuilds")
}

#[derive(FromRow)]
struct StatusRow {
    projection: String,
    position: i64,
    head: i64,
    rebuild_due: bool,
    skipped: i64,
    changed_at: Option<DateTime<Utc>>,
    made_at: DateTime<Utc>,
    error_position: Option<i64>,
    error: Option<String>,
    failed_at: Option<DateTime<Utc>>,
}

/// All projections of a ledger, by name.
pub(crate) async fn read(
    pool: &PgPool,
    ledger: &str,
) -> Result<Vec<ProjectionStatus>, ProjectorError> {
    let rows: Vec<StatusRow> = sqlx::query_as(
        "SELECT p.projection, coalesce(s.position, 0) AS position, p.sql_hash <> p.wanted_hash AS rebuild_due,
                (SELECT count(*) FROM annal_read.projection_skips k
                 WHERE k.projection = p.projection AND k.ledger = $1) AS skipped,
                coalesce((SELECT max(position) FROM annal.events WHERE ledger = $1), 0) AS head,
                s.changed_at, p.made_at, s.error_position, s.error, s.failed_at
         FROM annal_read.projections p
         LEFT JOIN annal_read.projection_status s ON s.projection = p.projection AND s.ledger = $1
         ORDER BY p.projection",
    )
    .bind(ledger)
    .fetch_all(pool)
    .await
    .doing("reading the projections' status")?;
    Ok(rows.into_iter().map(StatusRow::status).collect())
}

impl StatusRow {
    fn status(self) -> ProjectionStatus {
        let state = match (self.error_position, self.error, self.failed_at) {
            (Some(position), Some(error), Some(at)) => ProjectionState::Failed {
                error_position: position_of(position),
                error,
                failed_at: at,
            },
            _ => ProjectionState::Following,
        };
        let (position, head) = (position_of(self.position), position_of(self.head));
        ProjectionStatus {
            name: self.projection,
            position,
            head,
            lag: head.0.saturating_sub(position.0),
            state,
            rebuild_due: self.rebuild_due,
            skipped: position_of(self.skipped).0,
            changed_at: self.changed_at,
            made_at: self.made_at,
        }
    }
}

/// A position as the database keeps it; never negative there.
pub(crate) fn position_of(value: i64) -> Position {
    Position(u64::try_from(value).unwrap_or_default())
}

/// A position as the database takes it.
pub(crate) fn bigint(position: Position) -> i64 {
    i64::try_from(position.0).unwrap_or(i64::MAX)
}
