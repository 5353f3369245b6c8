//! Makes the tables.

use sqlx::{Connection, PgConnection};

use crate::connection;
use crate::error::{Doing, ProjectorError};
use crate::projection::Projection;
use crate::table;

/// Keeps two that prepare at the same time apart.
const PREPARING: i64 = 0x616e_6e61_6c02;

/// Makes what is missing. A projection whose table was made by another definition is left as it is, and marked: its
/// old definition goes on following until it is rebuilt.
pub(crate) async fn prepare(
    admin_url: &str,
    projections: &[Projection],
) -> Result<(), ProjectorError> {
    let mut admin = connection::admin(admin_url).await?;
    let doing = "preparing the projections";
    let mut work = admin.begin().await.doing(doing)?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(PREPARING)
        .execute(&mut *work)
        .await
        .doing(doing)?;
    table::run(&mut work, "SET LOCAL client_min_messages = warning")
        .await
        .doing(doing)?;
    table::run(&mut work, include_str!("prepare.sql"))
        .await
        .doing(doing)?;
    for projection in projections {
        register(&mut work, projection).await?;
    }
    work.commit().await.doing(doing)?;
    admin.close().await.doing(doing)
}

async fn register(work: &mut PgConnection, projection: &Projection) -> Result<(), ProjectorError> {
    let doing = format!("preparing projection '{}'", projection.name);
    let marked =
        sqlx::query("UPDATE annal_read.projections SET wanted_hash = $2 WHERE projection = $1")
            .bind(&projection.name)
            .bind(projection.hash())
            .execute(&mut *work)
            .await
            .doing(&doing)?;
    if marked.rows_affected() == 1 {
        return Ok(());
    }
    make_table(work, projection, "annal_read").await?;
    make_indexes(work, projection, "annal_read").await?;
    sqlx::query(
        "INSERT INTO annal_read.projections (projection, sql_hash, wanted_hash, model, fold)
         VALUES ($1, $2, $2, $3, $4)",
    )
    .bind(&projection.name)
    .bind(projection.hash())
    .bind(&projection.model)
    .bind(&projection.fold)
    .execute(work)
    .await
    .doing(doing)?;
    Ok(())
}

/// Makes a projection's table in a schema, inside the caller's transaction.
pub(crate) async fn make_table(
    work: &mut PgConnection,
    projection: &Projection,
    schema: &'static str,
) -> Result<(), ProjectorError> {
    let doing = format!(
        "making the table of projection '{}' in {schema}",
        projection.name
    );
    enter_schema(work, schema).await.doing(&doing)?;
    table::run(work, &projection.model).await.doing(doing)?;
    Ok(())
}

/// Makes the indexes that the fold does without, inside the caller's transaction.
pub(crate) async fn make_indexes(
    work: &mut PgConnection,
    projection: &Projection,
    schema: &'static str,
) -> Result<(), ProjectorError> {
    if projection.indexes.is_empty() {
        return Ok(());
    }
    let doing = format!("making the indexes of projection '{}'", projection.name);
    enter_schema(work, schema).await.doing(&doing)?;
    table::run(work, &projection.indexes).await.doing(doing)?;
    Ok(())
}

/// Until the transaction ends, names without a schema mean this one.
pub(crate) async fn enter_schema(
    work: &mut PgConnection,
    schema: &'static str,
) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT set_config('search_path', $1 || ', pg_catalog', true)")
        .bind(schema)
        .execute(work)
        .await?;
    Ok(())
}
