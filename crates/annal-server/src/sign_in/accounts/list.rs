//! Who has an account.

use std::collections::{BTreeMap, BTreeSet};

use annal_core::{LedgerId, PersonId};
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{AccountError, Accounts};
use crate::viewer::Access;

/// An account as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Account {
    /// The person in events.
    pub person: PersonId,
    /// As printed.
    pub name: String,
    /// Since when.
    pub added_at: DateTime<Utc>,
    /// Since when they are not let in any more.
    pub disabled_at: Option<DateTime<Utc>>,
    /// Whether they have a password here.
    pub password: bool,
    /// Subjects of OpenID Connect issuers that are this person, as `subject at issuer`.
    pub subjects: Vec<String>,
    /// What they may do in each ledger.
    pub access: BTreeMap<LedgerId, BTreeSet<Access>>,
}

#[derive(sqlx::FromRow)]
struct Row {
    person: String,
    name: String,
    added_at: DateTime<Utc>,
    disabled_at: Option<DateTime<Utc>>,
    password: bool,
    subjects: Vec<String>,
    ledgers: Vec<String>,
    access: Vec<String>,
}

impl Accounts {
    /// All accounts, by id.
    ///
    /// # Errors
    /// [`AccountError::Database`] when the server does not answer.
    pub async fn list(&self) -> Result<Vec<Account>, AccountError> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT person, name, added_at, disabled_at, \
                    EXISTS (SELECT FROM annal_access.passwords AS it WHERE it.person = p.person) AS password, \
                    ARRAY(SELECT subject || ' at ' || issuer FROM annal_access.links AS it \
                          WHERE it.person = p.person ORDER BY issuer, subject) AS subjects, \
                    ARRAY(SELECT ledger FROM annal_access.grants AS it \
                          WHERE it.person = p.person ORDER BY ledger, access) AS ledgers, \
                    ARRAY(SELECT access FROM annal_access.grants AS it \
                          WHERE it.person = p.person ORDER BY ledger, access) AS access \
             FROM annal_access.people AS p ORDER BY person",
        )
        .fetch_all(self.pool())
        .await
        .map_err(AccountError::database("listing accounts"))?;
        rows.into_iter().map(account).collect()
    }

    /// Whether there is an account of this id.
    ///
    /// # Errors
    /// [`AccountError::Database`] when the server does not answer.
    pub async fn exists(&self, person: &PersonId) -> Result<bool, AccountError> {
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM annal_access.people WHERE person = $1)")
            .bind(person.as_str())
            .fetch_one(self.pool())
            .await
            .map_err(AccountError::database("looking for an account"))
    }

    /// Whether nobody has an account yet.
    ///
    /// # Errors
    /// [`AccountError::Database`] when the server does not answer.
    pub async fn is_empty(&self) -> Result<bool, AccountError> {
        sqlx::query_scalar("SELECT NOT EXISTS (SELECT FROM annal_access.people)")
            .fetch_one(self.pool())
            .await
            .map_err(AccountError::database("looking for accounts"))
    }
}

fn account(row: Row) -> Result<Account, AccountError> {
    Ok(Account {
        person: read(&row.person)?,
        name: row.name,
        added_at: row.added_at,
        disabled_at: row.disabled_at,
        password: row.password,
        subjects: row.subjects,
        access: access(&row.ledgers, &row.access)?,
    })
}

/// Pairs of ledger and access, as they come from the database.
pub(crate) fn access(
    ledgers: &[String],
    access: &[String],
) -> Result<BTreeMap<LedgerId, BTreeSet<Access>>, AccountError> {
    let mut all: BTreeMap<LedgerId, BTreeSet<Access>> = BTreeMap::new();
    for (ledger, access) in ledgers.iter().zip(access) {
        all.entry(read(ledger)?).or_default().insert(read(access)?);
    }
    Ok(all)
}

/// A word of the database; the tables' own checks see to it that it is one.
pub(crate) fn read<T>(text: &str) -> Result<T, AccountError>
where
    T: std::str::FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    text.parse().map_err(|no: T::Err| AccountError::Database {
        doing: "reading an account",
        source: sqlx::Error::Decode(no.into()),
    })
}
