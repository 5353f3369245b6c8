//! Reading tables in one snapshot.

use annal_core::Position;
use annal_log::StreamId;
use serde::de::DeserializeOwned;
use sqlx::types::Json;
use sqlx::{Executor as _, Postgres, QueryBuilder, Transaction};

use crate::Audit;
use crate::answer::Answer;
use crate::error::{Asking, AuditError};
use crate::filter::Source;

/// A query that is put together.
pub(crate) type Query = QueryBuilder<'static, Postgres>;

/// One moment of the database, with the position that its tables had reached then.
pub(crate) struct Snapshot {
    work: Transaction<'static, Postgres>,
    pub(crate) position: Position,
}

impl Audit {
    /// A snapshot of some projections. What they say is true up to the cursor of the one that is furthest behind.
    pub(crate) async fn snapshot(&self, projections: &[&str]) -> Result<Snapshot, AuditError> {
        let doing = "opening a snapshot";
        let mut work = self.log.pool().begin().await.asking(doing)?;
        (&mut *work)
            .execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            .await
            .asking(doing)?;
        let position: i64 = sqlx::query_scalar(
            "SELECT coalesce(min(coalesce(s.position, 0)), 0)
             FROM unnest($2::text[]) AS asked(projection)
             LEFT JOIN annal_read.projection_status s ON s.projection = asked.projection AND s.ledger = $1",
        )
        .bind(self.log.ledger().as_str())
        .bind(projections)
        .fetch_one(&mut *work)
        .await
        .asking("reading how far the projections are")?;
        let position = from_bigint(position);
        Ok(Snapshot { work, position })
    }

    /// A query that begins with the ledger's condition, for [`Snapshot::rows`].
    pub(crate) fn select(&self, columns_from: &str) -> Query {
        let mut query = QueryBuilder::new(format!(
            "SELECT to_jsonb(r) FROM (SELECT {columns_from} WHERE ledger = "
        ));
        query.push_bind(self.log.ledger().as_str().to_owned());
        query
    }

    /// As [`Audit::select`], of the events of streams after one sequence and up to another.
    pub(crate) fn select_of_streams(
        &self,
        columns: &str,
        streams: Vec<StreamId>,
        (after, until): (i64, i64),
    ) -> Query {
        let (types, ids): (Vec<String>, Vec<String>) = streams
            .into_iter()
            .map(|stream| (stream.aggregate_type, stream.aggregate_id))
            .unzip();
        let ledger = self.log.ledger().as_str().to_owned();
        let mut query = QueryBuilder::new(format!(
            "SELECT to_jsonb(r) FROM (SELECT {columns} FROM unnest("
        ));
        query.push_bind(types).push("::text[], ").push_bind(ids);
        query.push("::text[]) AS stream (type, id), annal.of_stream(");
        query.push_bind(ledger.clone());
        query.push(", stream.type, stream.id, ").push_bind(after);
        query.push(", ").push_bind(until);
        query.push(") AS events WHERE ledger = ").push_bind(ledger);
        query
    }

    /// A query for columns of a source, which is called `d`, for [`Snapshot::rows`].
    pub(crate) fn select_from(&self, columns: &str, source: &Source<'_>, joined: &str) -> Query {
        let mut query =
            QueryBuilder::new(format!("SELECT to_jsonb(r) FROM (SELECT {columns} FROM "));
        source.push(&mut query, self);
        query.push(format!(" d {joined}"));
        query
    }

    /// The rows of a query that [`Audit::select`] began, where one statement is the whole question.
    pub(crate) async fn rows_now<T>(
        &self,
        mut query: QueryBuilder<'static, Postgres>,
        order: &str,
        doing: &'static str,
    ) -> Result<Vec<T>, AuditError>
    where
        T: DeserializeOwned + Send + Unpin + 'static,
    {
        query.push(format!(" ORDER BY {order}) r"));
        let rows: Vec<Json<T>> = query
            .build_query_scalar()
            .fetch_all(self.log.pool())
            .await
            .asking(doing)?;
        Ok(rows.into_iter().map(|row| row.0).collect())
    }

    pub(crate) fn answer<T>(&self, head_position: Position, rows: Vec<T>) -> Answer<T> {
        Answer {
            ledger: self.log.ledger().clone(),
            head_position,
            rows,
        }
    }
}

impl Snapshot {
    /// The position of the last row that a full source holds; none where it holds all that there is.
    pub(crate) async fn end_of(
        &mut self,
        audit: &Audit,
        source: &Source<'_>,
        window: u32,
        doing: &'static str,
    ) -> Result<Option<Position>, AuditError> {
        let mut query = QueryBuilder::new("SELECT position FROM ");
        source.push(&mut query, audit);
        query.push(format!(
            " d ORDER BY {} OFFSET {}",
            source.filter.order(),
            window.max(1) - 1
        ));
        let end: Option<i64> = query
            .build_query_scalar()
            .fetch_optional(&mut *self.work)
            .await
            .asking(doing)?;
        Ok(end.map(from_bigint))
    }

    /// The rows of a query that [`Audit::select`] began.
    pub(crate) async fn rows<T>(
        &mut self,
        mut query: Query,
        order: &str,
        doing: &'static str,
    ) -> Result<Vec<T>, AuditError>
    where
        T: DeserializeOwned + Send + Unpin + 'static,
    {
        query.push(format!(" ORDER BY {order}) r"));
        let rows: Vec<Json<T>> = query
            .build_query_scalar()
            .fetch_all(&mut *self.work)
            .await
            .asking(doing)?;
        Ok(rows.into_iter().map(|row| row.0).collect())
    }
}

/// A position as the database keeps it; never negative there.
pub(crate) fn from_bigint(value: i64) -> Position {
    Position(u64::try_from(value).unwrap_or_default())
}

/// A position as the database takes it.
pub(crate) fn to_bigint(position: Position) -> i64 {
    i64::try_from(position.0).unwrap_or(i64::MAX)
}
