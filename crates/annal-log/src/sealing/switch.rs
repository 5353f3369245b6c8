//! Switching the sealing of a ledger on and off. An administrator's work.

use annal_core::LedgerId;
use sqlx::{Connection, PgConnection};

use super::keys::locked;
use super::master::{KeyMark, MasterKey, MasterKeys};
use crate::error::{LogError, owners_work};
use crate::migrate::connect;

/// Seals names on a ledger from now on, with the first of the master keys if there is one. Processes that write to it
/// already have to be started again.
///
/// # Errors
/// [`LogError::Refused`] when the ledger is sealed with another master key, or the login may not;
/// [`LogError::Locked`] when it was sealed before and these master keys do not open the keys of then.
pub async fn seal_names(
    admin_url: &str,
    ledger: &LedgerId,
    masters: &MasterKeys,
) -> Result<(), LogError> {
    let failed = |error: sqlx::Error| owners_work("sealing names", &error);
    let mut admin = connect(admin_url).await?;
    let mut work = admin.begin().await.map_err(failed)?;
    let present = marked(&mut work, ledger).await.map_err(failed)?.flatten();
    let mark = present
        .and_then(|mark| masters.marked(&mark))
        .or(masters.first())
        .map(MasterKey::mark);
    sqlx::query("SELECT annal.seal_ledger($1, $2)")
        .bind(ledger.as_str())
        .bind(mark.as_ref().map(KeyMark::bytes))
        .execute(&mut *work)
        .await
        .map_err(failed)?;
    for key in living(&mut work, ledger).await.map_err(failed)? {
        let opened = masters.open(&key.secret, ledger.as_str(), &key.person);
        opened.ok_or_else(|| locked(ledger.as_str(), masters))?;
    }
    work.commit().await.map_err(failed)
}

/// Writes names as they are from now on. Those that are sealed stay so.
///
/// # Errors
/// [`LogError::Refused`] when the login may not.
pub async fn unseal_names(admin_url: &str, ledger: &LedgerId) -> Result<(), LogError> {
    let mut admin = connect(admin_url).await?;
    let done = sqlx::query("SELECT annal.unseal_ledger($1)")
        .bind(ledger.as_str())
        .execute(&mut admin)
        .await;
    done.map(drop)
        .map_err(|error| owners_work("unsealing names", &error))
}

/// A key that is not erased, as the database has it.
#[derive(sqlx::FromRow)]
pub(super) struct Kept {
    pub(super) number: i64,
    pub(super) person: String,
    pub(super) secret: Vec<u8>,
}

/// What a sealed ledger is marked with, and nobody changes it or makes a key under it meanwhile.
pub(super) async fn marked(
    work: &mut PgConnection,
    ledger: &LedgerId,
) -> Result<Option<Option<Vec<u8>>>, sqlx::Error> {
    sqlx::query_scalar("SELECT master FROM annal.sealed_ledgers WHERE ledger = $1 FOR UPDATE")
        .bind(ledger.as_str())
        .fetch_optional(work)
        .await
}

/// The ledger's keys. None is erased meanwhile.
pub(super) async fn living(
    work: &mut PgConnection,
    ledger: &LedgerId,
) -> Result<Vec<Kept>, sqlx::Error> {
    sqlx::query_as(
        "SELECT number, person, secret FROM annal.person_keys \
         WHERE ledger = $1 AND erased_at IS NULL ORDER BY number FOR UPDATE",
    )
    .bind(ledger.as_str())
    .fetch_all(work)
    .await
}
