//! What can go wrong between us and the database, and what is worth a second try.

use std::borrow::Cow;
use std::time::Duration;

use annal_core::{LedgerId, Position};

/// The log could not do what was asked. None of these says anything about the command itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// The database does not answer, or broke off and did not come back.
    #[error(
        "the database did not answer while {doing} ({attempts} attempts, last: {detail}); check that PostgreSQL is up and reachable, then try again: a command sent again under its id is carried out once"
    )]
    Unreachable {
        /// What was being done.
        doing: &'static str,
        /// How often it was tried.
        attempts: u32,
        /// The last error.
        detail: String,
    },
    /// The database answered, and said no.
    #[error("the database refused {doing}: {detail}")]
    Refused {
        /// What was being done.
        doing: &'static str,
        /// What the database said, with its code and hint.
        detail: String,
    },
    /// The database has no event log yet.
    #[error(
        "the database has no event log ({detail}); let an administrator run `annal_log::migrate` on it"
    )]
    NotMigrated {
        /// What was missed.
        detail: String,
    },
    /// The database has a log, and no such ledger in it.
    #[error(
        "there is no ledger '{0}' in this database; check the name, or let an administrator create it"
    )]
    UnknownLedger(LedgerId),
    /// A migration failed.
    #[error("the event log's tables could not be brought up to date: {detail}")]
    Migration {
        /// Which migration and why.
        detail: String,
    },
    /// A stored event does not read as what it should be.
    #[error(
        "the event at position {position} cannot be read: {detail}; verify the log, and check that this program is not older than the event"
    )]
    Undecodable {
        /// Where it stands.
        position: Position,
        /// What is wrong with it.
        detail: String,
    },
    /// An event cannot be written as JSON.
    #[error("an event of type '{event_type}' cannot be written as JSON: {detail}")]
    Unencodable {
        /// The event's type.
        event_type: String,
        /// What is wrong with it.
        detail: String,
    },
    /// An append without events, or a stream in it without any.
    #[error(
        "the append of command {command} has a stream without events, or no stream; leave such a stream out, and do not append a command that has nothing to record"
    )]
    Empty {
        /// The command.
        command: annal_core::CommandId,
    },
    /// The ledger has no file with this hash.
    #[error("there is no file with SHA-256 '{0}' in this ledger")]
    UnknownFile(String),
    /// A stored file's bytes no longer have the hash under which they were stored.
    #[error(
        "the file with SHA-256 '{0}' was altered in the database: its bytes have another hash; restore it from a backup"
    )]
    AlteredFile(String),
    /// A position that the log, or the checkpoint in question, does not reach.
    #[error(
        "there is no position {position} among the {size} events in question; check the position, or take a newer checkpoint"
    )]
    OutOfReach {
        /// What was asked for.
        position: Position,
        /// How many events there are.
        size: u64,
    },
    /// A checkpoint that is not one of this log as it stands.
    #[error(
        "the checkpoint of {size} events is not one of this log: {detail}; verify the log against it"
    )]
    NotTheCheckpoint {
        /// Of the checkpoint.
        size: u64,
        /// What does not fit.
        detail: String,
    },
    /// The persons' keys are wrapped, and what unwraps them is not here.
    #[error(
        "the names on ledger '{ledger}' are sealed with a master key, and {detail}; let ANNAL_MASTER_KEY_FILE name the file with the one that the ledger has now, which `annal person rotate-key` may have changed, and start again what runs with another"
    )]
    Locked {
        /// Whose names.
        ledger: String,
        /// What is missing.
        detail: &'static str,
    },
    /// The master key of a ledger that has none.
    #[error(
        "names on ledger '{0}' are not sealed, so there is no master key to change; `annal person seal` seals them"
    )]
    NotSealed(LedgerId),
    /// The new master key is the old one.
    #[error(
        "the new master key is the old one; `openssl rand -hex 32` makes another, and ANNAL_MASTER_KEY_FILE names the file with the one that the ledger has now"
    )]
    SameMasterKey,
    /// A sealed name that is not erased, and cannot be read all the same.
    #[error("a name that is sealed with key {key} cannot be opened: {detail}")]
    NameNotOpened {
        /// The key's number.
        key: i64,
        /// Why.
        detail: &'static str,
    },
    /// The file with the master key.
    #[error(transparent)]
    MasterKey(#[from] crate::sealing::UnreadableKey),
    /// The program is shutting down.
    #[error("the log was closed while {doing}; the program is shutting down")]
    Closed {
        /// What was being done.
        doing: &'static str,
    },
}

impl LogError {
    /// A stable code; scripts may match on it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "log_unreachable",
            Self::Refused { .. } => "log_refused",
            Self::NotMigrated { .. } => "log_not_migrated",
            Self::UnknownLedger(_) => "log_unknown_ledger",
            Self::Migration { .. } => "log_migration_failed",
            Self::Undecodable { .. } => "log_event_undecodable",
            Self::Unencodable { .. } => "log_event_unencodable",
            Self::Empty { .. } => "log_empty_append",
            Self::UnknownFile(_) => "log_unknown_file",
            Self::AlteredFile(_) => "log_altered_file",
            Self::OutOfReach { .. } => "log_out_of_reach",
            Self::NotTheCheckpoint { .. } => "log_not_the_checkpoint",
            Self::Locked { .. } => "log_names_locked",
            Self::NotSealed(_) => "log_not_sealed",
            Self::SameMasterKey => "log_same_master_key",
            Self::NameNotOpened { .. } => "log_name_not_opened",
            Self::MasterKey(_) => "log_master_key_unreadable",
            Self::Closed { .. } => "log_closed",
        }
    }

    /// Whether another file with a master key is due, or one at all.
    #[must_use]
    pub fn is_about_master_key(&self) -> bool {
        matches!(
            self,
            Self::Locked { .. } | Self::SameMasterKey | Self::MasterKey(_)
        )
    }

    /// Whether the same call may succeed later without anything being changed.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }
}

/// Five tries, with waits of 0.05, 0.2, 0.8 and 3.2 seconds: long enough for a failover of a few seconds.
const ATTEMPTS: u32 = 5;

/// Runs a statement again while its failure is a passing one.
pub(crate) async fn retrying<T, F: Future<Output = Result<T, sqlx::Error>>>(
    doing: &'static str,
    mut work: impl FnMut() -> F,
) -> Result<T, LogError> {
    let mut attempt = 1;
    loop {
        match work().await {
            Ok(done) => return Ok(done),
            Err(error) if attempt < ATTEMPTS && is_passing(&error) => {
                tracing::warn!(doing, attempt, %error, "the database broke off; trying again");
                tokio::time::sleep(backoff(attempt)).await;
                attempt += 1;
            }
            Err(error) => return Err(lasting(doing, attempt, &error)),
        }
    }
}

pub(crate) fn backoff(attempt: u32) -> Duration {
    Duration::from_millis(50) * 4_u32.saturating_pow(attempt.min(4) - 1)
}

/// The error as our callers see it, once it is not tried again.
pub(crate) fn lasting(doing: &'static str, attempts: u32, error: &sqlx::Error) -> LogError {
    if is_passing(error) {
        let detail = describe(error);
        return LogError::Unreachable {
            doing,
            attempts,
            detail,
        };
    }
    match error {
        sqlx::Error::PoolClosed => LogError::Closed { doing },
        _ if is_missing_object(error) => LogError::NotMigrated {
            detail: describe(error),
        },
        _ => LogError::Refused {
            doing,
            detail: describe(error),
        },
    }
}

/// As [`lasting`], for what the owner of the tables alone may do.
pub(crate) fn owners_work(doing: &'static str, error: &sqlx::Error) -> LogError {
    match lasting(doing, 1, error) {
        LogError::Refused { doing, detail } if is_forbidden(error) => LogError::Refused {
            doing,
            detail: format!(
                "{detail}; it takes a login that belongs to annal_owner, as for `annal migrate`"
            ),
        },
        other => other,
    }
}

/// Whether the cause may be gone at the next try: the connection, the server going away, a deadlock, a full house.
fn is_passing(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(answer) => answer.code().is_some_and(|code| {
            matches!(
                code.as_ref(),
                // serialization failure, deadlock, lock timeout, shutdown, crash, starting up
                "40001" | "40P01" | "55P03" | "57P01" | "57P02" | "57P03"
            ) || code.starts_with("08")
                || code.starts_with("53")
        }),
        _ => false,
    }
}

/// Schema, table or function is not there.
fn is_missing_object(error: &sqlx::Error) -> bool {
    code_of(error).is_some_and(|code| matches!(code.as_ref(), "3F000" | "42P01" | "42883"))
}

/// The login has no right to it.
fn is_forbidden(error: &sqlx::Error) -> bool {
    code_of(error).is_some_and(|code| code == "42501")
}

/// What PostgreSQL calls the error.
pub(crate) fn code_of(error: &sqlx::Error) -> Option<Cow<'_, str>> {
    let answer = error.as_database_error()?;
    answer.code()
}

fn describe(error: &sqlx::Error) -> String {
    let Some(answer) = error.as_database_error() else {
        return error.to_string();
    };
    let code = answer.code().unwrap_or_default();
    let hint = answer
        .try_downcast_ref::<sqlx::postgres::PgDatabaseError>()
        .and_then(sqlx::postgres::PgDatabaseError::hint)
        .map(|hint| format!(" ({hint})"))
        .unwrap_or_default();
    format!("{} [{code}]{hint}", answer.message())
}
