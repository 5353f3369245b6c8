//! Passwords are not guessed in a row. Wrong ones are counted for each account from each address, for each account, and
//! for each address; whoever has too many waits, longer each time. The counts are in the database, so that two servers
//! count together, and an attempt is counted before its password is looked at, so that a hundred at once are no way
//! around.

use std::net::IpAddr;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;

use super::accounts::{AccountError, Accounts};

/// How many wrong passwords cost nothing.
const FREE_HERE: i32 = 5;
/// An account may be tried from many places at once; its owner is not to be locked out by whoever knows their name.
const FREE_ACCOUNT: i32 = 50;
/// Many people may come from one address.
const FREE_ADDRESS: i32 = 50;
/// The longest wait. After four times as long without an attempt, all is forgotten.
const LONGEST: Duration = Duration::from_secs(15 * 60);

const DOING: &str = "counting attempts";

/// An attempt that was let through and not yet found right or wrong.
#[derive(Debug)]
pub(crate) struct Attempt {
    here: [u8; 32],
    account: [u8; 32],
    address: [u8; 32],
}

/// What the throttle says to an attempt.
#[derive(Debug)]
pub(crate) enum Throttled {
    Go(Attempt),
    Wait(Duration),
}

/// Counts an attempt; the count goes back if it turns out right. One that has to wait is not counted, or a stranger
/// could make an owner wait for ever.
pub(crate) async fn attempt(
    accounts: &Accounts,
    name: &str,
    address: IpAddr,
) -> Result<Throttled, AccountError> {
    let attempt = Attempt {
        here: subject(&["here", name, &network(address)]),
        account: subject(&["account", name]),
        address: subject(&["address", &network(address)]),
    };
    let begun = accounts.pool().begin().await;
    let mut transaction = begun.map_err(AccountError::database(DOING))?;
    // Always in this order, so that two attempts never wait for each other.
    for (subject, free) in [
        (attempt.here, FREE_HERE),
        (attempt.account, FREE_ACCOUNT),
        (attempt.address, FREE_ADDRESS),
    ] {
        let wait = count(&mut transaction, subject, free).await;
        if let Some(wait) = wait.map_err(AccountError::database(DOING))? {
            return Ok(Throttled::Wait(wait));
        }
    }
    let committed = transaction.commit().await;
    committed.map_err(AccountError::database(DOING))?;
    Ok(Throttled::Go(attempt))
}

async fn count(
    transaction: &mut PgConnection,
    subject: [u8; 32],
    free: i32,
) -> Result<Option<Duration>, sqlx::Error> {
    let subject = subject.as_slice();
    // One statement makes the row or locks it: between two of them it could be forgotten by somebody who was right.
    let (failures, since): (i32, f64) = sqlx::query_as(
        "INSERT INTO annal_access.attempts AS a (subject, failures, last_at) VALUES ($1, 0, clock_timestamp()) \
         ON CONFLICT (subject) DO UPDATE SET failures = a.failures \
         RETURNING a.failures, extract(epoch FROM clock_timestamp() - a.last_at)::float8",
    )
    .bind(subject)
    .fetch_one(&mut *transaction)
    .await?;
    let since = Duration::from_secs_f64(since.max(0.0));
    let failures = if since > 4 * LONGEST { 0 } else { failures };
    let left = wait_after(failures, free).saturating_sub(since);
    if !left.is_zero() {
        return Ok(Some(left));
    }
    sqlx::query(
        "UPDATE annal_access.attempts SET failures = $2, last_at = clock_timestamp() WHERE subject = $1",
    )
    .bind(subject)
    .bind(failures + 1)
    .execute(transaction)
    .await?;
    Ok(None)
}

/// The password was right: what was counted against the person here is forgotten, and this attempt with the others.
pub(crate) async fn forget(accounts: &Accounts, attempt: &Attempt) -> Result<(), AccountError> {
    let others = [attempt.account.to_vec(), attempt.address.to_vec()];
    let begun = accounts.pool().begin().await;
    let mut transaction = begun.map_err(AccountError::database(DOING))?;
    sqlx::query("DELETE FROM annal_access.attempts WHERE subject = $1 OR last_at < clock_timestamp() - interval '1 day'")
        .bind(attempt.here.as_slice())
        .execute(&mut *transaction)
        .await
        .map_err(AccountError::database(DOING))?;
    for other in others {
        sqlx::query("UPDATE annal_access.attempts SET failures = greatest(failures - 1, 0) WHERE subject = $1")
            .bind(other)
            .execute(&mut *transaction)
            .await
            .map_err(AccountError::database(DOING))?;
    }
    let committed = transaction.commit().await;
    committed.map_err(AccountError::database(DOING))
}

/// Nothing while they are free; then one second, and twice as long each time.
fn wait_after(failures: i32, free: i32) -> Duration {
    match u32::try_from(failures - free) {
        Err(_) => Duration::ZERO,
        Ok(more) => Duration::from_secs(1 << more.min(20)).min(LONGEST),
    }
}

/// A hash, so that what people typed in place of their name is kept nowhere.
fn subject(parts: &[&str]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// One household has a whole /64 of IPv6 addresses.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(it) => it.to_string(),
        IpAddr::V6(it) => {
            let [a, b, c, d, ..] = it.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_wrong_ones_are_free_and_each_after_that_waits_twice_as_long_up_to_a_limit() {
        let seconds = |failures| wait_after(failures, 5).as_secs();
        assert_eq!([0, 4, 5, 6, 7, 14].map(seconds), [0, 0, 1, 2, 4, 512]);
        assert_eq!([15, 100, i32::MAX].map(seconds), [900, 900, 900]);
    }

    #[test]
    fn addresses_of_one_household_count_together() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }
}
