//! Accounts: who may sign in, with what, and what they may do in each ledger.
//!
//! The tables are in the schema `annal_access`. Every change is also an event in the ledger `access`, in the same
//! transaction: what is not recorded is not done, and the chain proves who gave whom what.

mod change;
mod error;
mod event;
mod list;

use std::str::FromStr as _;
use std::time::Duration;

use annal_core::{LedgerId, PersonId};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Executor as _, PgPool};

use super::password::Passwords;
use crate::viewer::Access;
pub(crate) use change::Change;

pub use error::AccountError;
pub(crate) use event::{AccountEvent, Method, append};
pub use event::{Changer, access_ledger};
pub use list::Account;
pub(crate) use list::{access, read};

/// Every request asks who it is from.
const CONNECTIONS: u32 = 8;

/// The accounts of a database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Accounts {
    pool: PgPool,
    passwords: Passwords,
}

/// An account to be made.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// The person in events.
    pub person: PersonId,
    /// As printed beside a signature.
    pub name: String,
    /// None for somebody who signs in elsewhere.
    pub password: Option<NewPassword>,
    /// What they may do where.
    pub access: Vec<(LedgerId, Access)>,
}

/// A password to be set.
#[derive(Clone)]
pub struct NewPassword {
    /// As typed.
    pub text: String,
    /// Chosen by somebody else than the person, who has to choose another at the next sign-in.
    pub one_time: bool,
}

impl std::fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewPassword(…)")
    }
}

/// A password that a program chooses for somebody: 24 letters and digits.
#[must_use]
pub fn random_password() -> String {
    super::password::random_password()
}

impl Accounts {
    /// Connects. Every connection works as `annal_server` when the login may, whatever else it could do.
    ///
    /// # Errors
    /// [`AccountError::Database`] when the server does not answer, or the login may not.
    pub async fn connect(url: &str) -> Result<Self, AccountError> {
        let doing = "connecting";
        let options = PgConnectOptions::from_str(url).map_err(AccountError::database(doing))?;
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(Duration::from_secs(3))
            .after_connect(|connection, _| {
                Box::pin(async move {
                    let may: Option<bool> = sqlx::query_scalar(
                        "SELECT pg_has_role(oid, 'MEMBER') FROM pg_roles WHERE rolname = 'annal_server'",
                    )
                    .fetch_optional(&mut *connection)
                    .await?;
                    if may == Some(true) {
                        connection.execute("SET ROLE annal_server").await?;
                    }
                    connection.execute("SET statement_timeout = '10s'").await?;
                    Ok(())
                })
            })
            .connect_with(options.application_name("annal accounts"))
            .await
            .map_err(AccountError::database(doing))?;
        pool.execute("SELECT annal_access.make_ledger()")
            .await
            .map_err(AccountError::database(doing))?;
        Ok(Self {
            pool,
            passwords: Passwords::default(),
        })
    }

    pub(crate) fn pool(&self) -> &PgPool {
        &self.pool
    }

    pub(crate) fn passwords(&self) -> &Passwords {
        &self.passwords
    }

    /// Makes an account.
    ///
    /// # Errors
    /// [`AccountError::Taken`], [`AccountError::BadPassword`], or no server.
    pub async fn add(&self, new: &NewAccount, by: &Changer) -> Result<(), AccountError> {
        let NewAccount { person, name, .. } = new;
        fits_as_account(person)?;
        for (ledger, _) in &new.access {
            is_not_the_record(ledger)?;
        }
        let password = match &new.password {
            Some(password) => Some((
                self.passwords.hash(&password.text).await?,
                password.one_time,
            )),
            None => None,
        };
        let name = name.trim().to_owned();
        let mut change = Change::of_new(&self.pool, person, &name).await?;
        change.record(&AccountEvent::AccountAdded, by).await?;
        if let Some((hash, one_time)) = password {
            change.set_password(&hash, one_time, by).await?;
        }
        for (ledger, access) in &new.access {
            change.give(ledger, *access, by).await?;
        }
        change.commit().await
    }

    /// Sets a password, and ends all sessions of the person.
    ///
    /// # Errors
    /// [`AccountError::Unknown`], [`AccountError::BadPassword`], or no server.
    pub async fn set_password(
        &self,
        person: &PersonId,
        password: &NewPassword,
        by: &Changer,
    ) -> Result<(), AccountError> {
        let hash = self.passwords.hash(&password.text).await?;
        let mut change = Change::of(&self.pool, person).await?;
        change.set_password(&hash, password.one_time, by).await?;
        change.end_sessions(by).await?;
        change.commit().await
    }

    /// From now on the person is not let in, by no session, token or issuer; what they did stays.
    ///
    /// # Errors
    /// [`AccountError::Unknown`], or no server.
    pub async fn disable(&self, person: &PersonId, by: &Changer) -> Result<(), AccountError> {
        let mut change = Change::of(&self.pool, person).await?;
        change.set_disabled(true, by).await?;
        change.end_sessions(by).await?;
        change.commit().await
    }

    /// The person is let in again. Sessions that ended stay ended.
    ///
    /// # Errors
    /// [`AccountError::Unknown`], or no server.
    pub async fn enable(&self, person: &PersonId, by: &Changer) -> Result<(), AccountError> {
        let mut change = Change::of(&self.pool, person).await?;
        change.set_disabled(false, by).await?;
        change.commit().await
    }

    /// Erases the person's name, takes every way to sign in, and lets nobody be called by their id again. Tells whether
    /// there was such an account with a name; done twice, it is done once.
    ///
    /// # Errors
    /// No server.
    pub async fn erase_name(&self, person: &PersonId, by: &Changer) -> Result<bool, AccountError> {
        let mut change = match Change::of(&self.pool, person).await {
            Err(AccountError::Unknown(_)) => return Ok(false),
            change => change?,
        };
        let erased = change.erase_name(by).await?;
        change.commit().await?;
        Ok(erased)
    }

    /// Lets the person do something in a ledger.
    ///
    /// # Errors
    /// [`AccountError::Unknown`], or no server.
    pub async fn give(
        &self,
        person: &PersonId,
        ledger: &LedgerId,
        access: Access,
        by: &Changer,
    ) -> Result<(), AccountError> {
        is_not_the_record(ledger)?;
        let mut change = Change::of(&self.pool, person).await?;
        change.give(ledger, access, by).await?;
        change.commit().await
    }

    /// Takes access back.
    ///
    /// # Errors
    /// [`AccountError::Unknown`], [`AccountError::Nothing`] if they had none, or no server.
    pub async fn take(
        &self,
        person: &PersonId,
        ledger: &LedgerId,
        access: Access,
        by: &Changer,
    ) -> Result<(), AccountError> {
        let mut change = Change::of(&self.pool, person).await?;
        change.take(ledger, access, by).await?;
        change.commit().await
    }

    /// Says who a subject of an OpenID Connect issuer is.
    ///
    /// # Errors
    /// [`AccountError::Unknown`], [`AccountError::Linked`] if it is somebody's already, or no server.
    pub async fn link(
        &self,
        person: &PersonId,
        issuer: &str,
        subject: &str,
        by: &Changer,
    ) -> Result<(), AccountError> {
        let mut change = Change::of(&self.pool, person).await?;
        change.link(issuer, subject, by).await?;
        change.commit().await
    }

    /// The subject is nobody any more.
    ///
    /// # Errors
    /// [`AccountError::Unknown`], [`AccountError::Nothing`] if it was not theirs, or no server.
    pub async fn unlink(
        &self,
        person: &PersonId,
        issuer: &str,
        subject: &str,
        by: &Changer,
    ) -> Result<(), AccountError> {
        let mut change = Change::of(&self.pool, person).await?;
        change.unlink(issuer, subject, by).await?;
        change.commit().await
    }

    /// Ends all sessions of the person.
    ///
    /// # Errors
    /// [`AccountError::Unknown`], or no server.
    pub async fn sign_out(&self, person: &PersonId, by: &Changer) -> Result<(), AccountError> {
        let mut change = Change::of(&self.pool, person).await?;
        change.end_sessions(by).await?;
        change.commit().await
    }
}

/// Ids of operators and of the engine are not given to people.
fn fits_as_account(person: &PersonId) -> Result<(), AccountError> {
    let why = match person.as_str() {
        id if id.starts_with(event::OPERATOR) => {
            "ids that begin with `os:` are for people at the command line"
        }
        "annal" => "it is the engine's own id",
        _ => return Ok(()),
    };
    let id = person.clone();
    Err(AccountError::BadPerson { id, why })
}

fn is_not_the_record(ledger: &LedgerId) -> Result<(), AccountError> {
    match *ledger == access_ledger() {
        true => Err(AccountError::Reserved(ledger.clone())),
        false => Ok(()),
    }
}
