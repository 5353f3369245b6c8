//! Statements on tables whose names come from folders and schemas of our own.

use sqlx::{Executor, PgConnection};

/// Runs statements that take no parameters.
pub(crate) async fn run(work: &mut PgConnection, statement: &str) -> Result<(), sqlx::Error> {
    // Not `raw_sql`: its future is not provably `Send`.
    work.execute(statement).await?;
    Ok(())
}

/// Drops a projection's table, if it is there.
pub(crate) async fn drop(
    work: &mut PgConnection,
    schema: &str,
    projection: &str,
) -> Result<(), sqlx::Error> {
    if exists(work, schema, projection).await? {
        run(work, &format!("DROP TABLE {schema}.\"{projection}\"")).await?;
    }
    Ok(())
}

async fn exists(
    work: &mut PgConnection,
    schema: &str,
    projection: &str,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT to_regclass(format('%I.%I', $1::text, $2::text)) IS NOT NULL")
        .bind(schema)
        .bind(projection)
        .fetch_one(work)
        .await
}
