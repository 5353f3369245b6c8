//! Making the log's tables, roles and ledgers. This is an administrator's work, not the runtime's.

use std::str::FromStr;

use annal_core::LedgerId;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection, Executor};

use crate::error::{LogError, lasting, retrying};

static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations");

/// Brings the database's event log up to date: schema, roles, tables, functions, and the ledger `main`. Does nothing
/// where there is nothing to do, and may run in several processes at once.
///
/// # Errors
/// [`LogError::Unreachable`] when the server does not answer, [`LogError::Migration`] when a migration fails; what it
/// had begun is then undone.
pub async fn migrate(admin_url: &str) -> Result<(), LogError> {
    let mut connection = connect(admin_url).await?;
    // The migrations' book-keeping goes where the connection looks first, whatever the login's own setting is.
    connection
        .execute("SET search_path = public")
        .await
        .map_err(|error| lasting("migrating", 1, &error))?;
    let done = MIGRATIONS.run(&mut connection).await;
    let closed = connection.close().await;
    done.map_err(|error| LogError::Migration {
        detail: error.to_string(),
    })?;
    closed.map_err(|error| lasting("migrating", 1, &error))
}

/// Makes a ledger; one that is there already stays as it is.
///
/// # Errors
/// [`LogError::NotMigrated`] when the database has no event log yet; [`LogError::Refused`] when the login may not.
pub async fn create_ledger(admin_url: &str, ledger: &LedgerId) -> Result<(), LogError> {
    let mut connection = connect(admin_url).await?;
    let doing = "creating a ledger";
    sqlx::query("SELECT annal.create_ledger($1)")
        .bind(ledger.as_str())
        .execute(&mut connection)
        .await
        .map_err(|error| lasting(doing, 1, &error))?;
    connection
        .close()
        .await
        .map_err(|error| lasting(doing, 1, &error))
}

/// Gives a ledger to a login, or to a role that logins are members of. From then on nobody else sees it, and the login
/// sees no ledger that was not given to it. A ledger may be given to several.
///
/// # Errors
/// [`LogError::Refused`] when there is no such ledger or login, or the administrator may not.
pub async fn give_ledger(admin_url: &str, ledger: &LedgerId, login: &str) -> Result<(), LogError> {
    let mut connection = connect(admin_url).await?;
    let doing = "giving a ledger to a login";
    sqlx::query("SELECT annal.give_ledger($1, $2)")
        .bind(ledger.as_str())
        .bind(login)
        .execute(&mut connection)
        .await
        .map_err(|error| lasting(doing, 1, &error))?;
    connection
        .close()
        .await
        .map_err(|error| lasting(doing, 1, &error))
}

pub(crate) async fn connect(admin_url: &str) -> Result<PgConnection, LogError> {
    let doing = "connecting as administrator";
    let options =
        PgConnectOptions::from_str(admin_url).map_err(|error| lasting(doing, 1, &error))?;
    retrying(doing, || async {
        PgConnection::connect_with(&options).await
    })
    .await
}
