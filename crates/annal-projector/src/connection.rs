//! Sessions of the projector.

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool};

use crate::error::{Doing, ProjectorError};

/// What holds for every session: the role that may write the tables and nothing else.
const SESSION: &str = "
    SELECT set_config('search_path', 'annal_read, pg_catalog', false),
           set_config('timezone', 'UTC', false),
           -- A fold and its cursor are lost together or not at all, and the log is kept: no need to wait for the disk.
           set_config('synchronous_commit', 'off', false),
           set_config('jit', 'off', false),
           -- A chunk's groups and joins stay in memory.
           set_config('work_mem', '64MB', false),
           set_config('role', 'annal_projector', false)
    FROM pg_roles
    WHERE rolname = 'annal_projector' AND pg_has_role(session_user, oid, 'MEMBER')";

pub(crate) async fn pool(url: &str) -> Result<PgPool, ProjectorError> {
    let options: PgConnectOptions = url.parse().doing("reading the database's address")?;
    PgPoolOptions::new()
        // A rebuild holds cursors, folds and compares in a session each.
        .max_connections(16)
        .after_connect(|connection, _| Box::pin(async move { enter(connection).await }))
        .connect_with(options.application_name("annal-projector"))
        .await
        .doing("connecting the projector")
}

async fn enter(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query(SESSION).fetch_optional(connection).await?;
    Ok(())
}

pub(crate) async fn admin(url: &str) -> Result<PgConnection, ProjectorError> {
    PgConnection::connect(url)
        .await
        .doing("connecting as the administrator")
}
