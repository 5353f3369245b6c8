//! Why something about an account was not done.

use annal_core::{LedgerId, PersonId};
use annal_log::{AppendError, LogError};

/// Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The id is taken, now or of old.
    #[error("{0} has an account already; a person's id is never given to somebody else")]
    Taken(PersonId),
    /// The id could be mistaken.
    #[error("{id} cannot be an account: {why}")]
    BadPerson {
        /// As it was asked for.
        id: PersonId,
        /// Why not.
        why: &'static str,
    },
    /// There is no such account.
    #[error("{0} has no account; `annal account list` shows who has")]
    Unknown(PersonId),
    /// The password cannot be used.
    #[error("the password cannot be used: {0}")]
    BadPassword(String),
    /// There is nothing to take away.
    #[error("there is no {what}")]
    Nothing {
        /// What was to be taken away.
        what: String,
    },
    /// The subject is somebody's already.
    #[error("the subject {subject} of {issuer} is {person}'s already")]
    Linked {
        /// The issuer.
        issuer: String,
        /// Its name for the person.
        subject: String,
        /// Whose it is.
        person: PersonId,
    },
    /// The ledger is the record's own.
    #[error("the ledger {0} keeps the record of accounts; nobody is given access to it")]
    Reserved(LedgerId),
    /// Hashing failed.
    #[error("a password could not be hashed: {0}")]
    Hashing(String),
    /// Issuers cannot be asked from this process.
    #[error("an OpenID Connect issuer cannot be asked: {0}")]
    Issuer(String),
    /// The database could not do it.
    #[error(
        "the accounts could not be reached while {doing}: {source}; check that PostgreSQL is up and that the login belongs to annal_server"
    )]
    Database {
        /// What was being done.
        doing: &'static str,
        /// What the database said.
        source: sqlx::Error,
    },
    /// It could not be recorded, and so it was not done.
    #[error("it could not be recorded, and so it was not done: {0}")]
    Record(#[from] AppendError),
    /// The ledger of the record could not be reached.
    #[error(transparent)]
    Log(#[from] LogError),
}

impl AccountError {
    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Taken(_) => "account_taken",
            Self::BadPerson { .. } => "account_bad_person",
            Self::Unknown(_) => "account_unknown",
            Self::BadPassword(_) => "account_bad_password",
            Self::Nothing { .. } => "account_nothing",
            Self::Linked { .. } => "account_linked",
            Self::Reserved(_) => "account_reserved_ledger",
            Self::Hashing(_) => "account_hashing",
            Self::Issuer(_) => "account_issuer",
            Self::Database { .. } => "account_database",
            Self::Record(no) => no.code(),
            Self::Log(no) => no.code(),
        }
    }

    /// Whether the caller asked for something that cannot be, and no server failed.
    #[must_use]
    pub fn is_callers(&self) -> bool {
        !matches!(
            self,
            Self::Hashing(_)
                | Self::Issuer(_)
                | Self::Database { .. }
                | Self::Record(_)
                | Self::Log(_)
        )
    }

    pub(crate) fn database(doing: &'static str) -> impl FnOnce(sqlx::Error) -> Self {
        move |source| Self::Database { doing, source }
    }
}
