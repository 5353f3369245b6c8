//! Why a question was not answered.

use annal_core::version::VersionRef;
use annal_core::{EventId, Position, RunId};

/// A question without an answer.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// No such run.
    #[error("there is no run {run} up to position {position}; `annal run list` shows all of them")]
    UnknownRun {
        /// The run.
        run: RunId,
        /// How far was looked.
        position: Position,
    },
    /// No run tests such a report.
    #[error("no run tests a report called '{0}'; `annal run list` shows the reports")]
    UnknownReport(String),
    /// No such version at that moment.
    #[error(
        "there was no version {version} at position {position}; `annal versions` shows when each one was made"
    )]
    UnknownVersion {
        /// The version.
        version: VersionRef,
        /// Where it was looked for.
        position: Position,
    },
    /// No such event.
    #[error("there is no event {0} in this ledger; `annal timeline` shows the events")]
    UnknownEvent(EventId),
    /// Nothing of that name in the run.
    #[error(
        "nothing in run {run} is called '{id}'; `annal show` and `annal timeline` show the names"
    )]
    UnknownItem {
        /// The run.
        run: RunId,
        /// What was asked for.
        id: String,
    },
    /// The tables were never made.
    #[error("this database has no projections ({0}); prepare them, then ask again")]
    NotPrepared(String),
    /// A snapshot says of an item what no item can say.
    #[error(
        "a snapshot cannot be read ({0}); `annal snapshots rebuild` makes it anew, and `annal show --without-snapshots` goes without it"
    )]
    Snapshot(#[source] serde_json::Error),
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] annal_log::LogError),
    /// The database failed.
    #[error("the database failed while {doing}: {source}")]
    Database {
        /// What was asked.
        doing: &'static str,
        /// What the database said.
        #[source]
        source: sqlx::Error,
    },
}

impl AuditError {
    /// Stable; scripts may match on it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownRun { .. } => "unknown_run",
            Self::UnknownReport(_) => "unknown_report",
            Self::UnknownVersion { .. } => "unknown_version",
            Self::UnknownEvent(_) => "unknown_event",
            Self::UnknownItem { .. } => "unknown_item",
            Self::NotPrepared(_) => "projections_not_prepared",
            Self::Snapshot(_) => "snapshot_unreadable",
            Self::Log(error) => error.code(),
            Self::Database { .. } => "audit_database",
        }
    }
}

/// Says what was asked when the database failed.
pub(crate) trait Asking<T> {
    fn asking(self, doing: &'static str) -> Result<T, AuditError>;
}

impl<T> Asking<T> for Result<T, sqlx::Error> {
    fn asking(self, doing: &'static str) -> Result<T, AuditError> {
        self.map_err(|source| {
            let error = source.as_database_error();
            match error.and_then(sqlx::error::DatabaseError::code).as_deref() {
                // undefined_table, invalid_schema_name
                Some("42P01" | "3F000") => AuditError::NotPrepared(source.to_string()),
                _ => AuditError::Database { doing, source },
            }
        })
    }
}
