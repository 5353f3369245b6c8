//! Changing the master key: every person's key is wrapped anew, in one transaction. The keys themselves stay, and so
//! does everything that they seal.

use annal_core::LedgerId;
use sqlx::{Connection, PgConnection};

use super::erase::wipe;
use super::keys::locked;
use super::master::{KeyMark, MasterKey, MasterKeys};
use super::switch::{Kept, living, marked};
use crate::error::{LogError, owners_work};
use crate::migrate::connect;

const DOING: &str = "changing the master key";

/// What came of a change of the master key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotated {
    /// How many persons' keys are wrapped with the new one: all that are not erased.
    pub keys: usize,
    /// With what the ledger was sealed before: the new one too, where the change was made already.
    pub was: Option<KeyMark>,
    /// What the old one wrapped was wiped from the table's file too, and not only marked as free. If not, why.
    pub wiped: Result<(), LogError>,
}

/// Wraps the keys of all persons of a ledger with a new master key; a key that lay as it is, too. All are wrapped with the
/// new one or none is, whenever this is broken off, and it may be done again.
///
/// Whoever runs with both master keys goes on. Whoever has the old one alone opens nothing more
/// ([`LogError::Locked`]) and makes no more keys, so that none is left behind that the new one does not open.
///
/// # Errors
/// [`LogError::SameMasterKey`], [`LogError::NotSealed`]; [`LogError::Locked`] when the old master key is not among those
/// that were given, [`LogError::NameNotOpened`] when a person's key does not open; [`LogError::Refused`] when the login
/// may not. Then nothing was changed.
pub async fn rotate_master_key(
    admin_url: &str,
    ledger: &LedgerId,
    old: &MasterKeys,
    new: &MasterKey,
) -> Result<Rotated, LogError> {
    if old.are_only(new) {
        return Err(LogError::SameMasterKey);
    }
    let failed = |error: sqlx::Error| owners_work(DOING, &error);
    let mut admin = connect(admin_url).await?;
    let mut work = admin.begin().await.map_err(failed)?;
    let was = marked(&mut work, ledger).await.map_err(failed)?;
    let was = was.ok_or_else(|| LogError::NotSealed(ledger.clone()))?;
    let opening = old.clone().and(new);
    if let Some(mark) = &was
        && opening.marked(mark).is_none()
    {
        return Err(locked(ledger.as_str(), old));
    }
    let kept = living(&mut work, ledger).await.map_err(failed)?;
    let anew = wrapped(&kept, ledger, &opening, new)?;
    store(&mut work, ledger, &anew, new).await.map_err(failed)?;
    work.commit().await.map_err(failed)?;
    Ok(Rotated {
        keys: anew.len(),
        was: was.as_deref().and_then(KeyMark::of),
        wiped: wipe(&mut admin).await,
    })
}

/// The keys with their numbers, each wrapped with the new master key.
fn wrapped(
    kept: &[Kept],
    ledger: &LedgerId,
    opening: &MasterKeys,
    new: &MasterKey,
) -> Result<Vec<(i64, Vec<u8>)>, LogError> {
    let ledger = ledger.as_str();
    let anew = kept.iter().map(|key| {
        let opened = opening.open(&key.secret, ledger, &key.person);
        let secret = opened.ok_or(LogError::NameNotOpened {
            key: key.number,
            detail: "none of the master keys that were given opens that key, so none was changed; let ANNAL_MASTER_KEY_FILE hold the one that wrapped it too, or restore annal.person_keys from its newest backup",
        })?;
        Ok((key.number, new.wrap(&secret, ledger, &key.person)))
    });
    anew.collect()
}

async fn store(
    work: &mut PgConnection,
    ledger: &LedgerId,
    anew: &[(i64, Vec<u8>)],
    new: &MasterKey,
) -> Result<(), sqlx::Error> {
    let (numbers, secrets): (Vec<i64>, Vec<&[u8]>) = anew
        .iter()
        .map(|(number, secret)| (*number, secret.as_slice()))
        .unzip();
    sqlx::query(
        "UPDATE annal.person_keys AS k SET secret = anew.secret \
         FROM unnest($2::bigint[], $3::bytea[]) AS anew (number, secret) WHERE k.ledger = $1 AND k.number = anew.number",
    )
    .bind(ledger.as_str())
    .bind(numbers)
    .bind(secrets)
    .execute(&mut *work)
    .await?;
    sqlx::query(
        "UPDATE annal.sealed_ledgers SET master = $2, rotated_at = clock_timestamp() WHERE ledger = $1",
    )
    .bind(ledger.as_str())
    .bind(new.mark().bytes())
    .execute(work)
    .await?;
    Ok(())
}
