//! What can go wrong outside the data.

use crate::compare::Differences;

/// A projector could not do its work. An event that cannot be folded is no such error: it stops its projection and
/// shows in the projection's status.
#[derive(Debug, thiserror::Error)]
pub enum ProjectorError {
    /// The database refused or did not answer.
    #[error("{doing} failed in the database: {source}")]
    Database {
        /// What was being done.
        doing: String,
        /// What the database said.
        #[source]
        source: sqlx::Error,
    },
    /// The login has no right to fold.
    #[error(
        "this login may not write the projections ({doing}); use a login that belongs to annal_projector, or let a job do it: `annal projections rebuild --job`"
    )]
    Forbidden {
        /// What was being done.
        doing: String,
    },
    /// The log could not be waited on.
    #[error("waiting for the log failed: {0}")]
    Log(#[from] annal_log::LogError),
    /// No projection has this name.
    #[error("there is no projection '{name}'; the projections are {known}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// All names.
        known: String,
    },
    /// A folder holds no projection.
    #[error("{path} cannot be read ({why}); a projection's folder holds model.sql and fold.sql")]
    Folder {
        /// The file.
        path: String,
        /// Why.
        why: String,
    },
    /// The tables were never made.
    #[error(
        "the projections are not prepared in this database; run the migrations and `Projector::prepare` first"
    )]
    NotPrepared,
    /// Another rebuild of the projection runs.
    #[error("a rebuild of projection '{0}' is running already; wait for it or end it")]
    Busy(String),
    /// The rebuilt table is not what the live one is, though both come from the same definition.
    #[error(
        "the rebuilt table of projection '{name}' differs from the live one in {missing} missing and {extra} extra rows; \
         look at the differences, then rebuild again and allow them",
        missing = .differences.only_live, extra = .differences.only_rebuilt
    )]
    Differs {
        /// The projection.
        name: String,
        /// In what.
        differences: Differences,
    },
    /// An event cannot be folded by the definition that is being rebuilt.
    #[error(
        "the rebuild of projection '{name}' stopped at position {position} of ledger {ledger}: {error}; mend the fold or skip the event, then rebuild again"
    )]
    Stopped {
        /// The projection.
        name: String,
        /// The ledger.
        ledger: String,
        /// The event's position.
        position: u64,
        /// What the database said.
        error: String,
    },
    /// A skip without a reason.
    #[error(
        "skipping an event of projection '{0}' needs a reason: write why the projection may do without it"
    )]
    ReasonRequired(String),
    /// The projection does not stand still at that position.
    #[error(
        "projection '{name}' is not stopped at position {position}; only the event that stops it can be skipped"
    )]
    NotStopped {
        /// The projection.
        name: String,
        /// The position that was named.
        position: annal_core::Position,
    },
}

impl ProjectorError {
    pub(crate) fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a String>) -> Self {
        let known: Vec<&str> = known.map(String::as_str).collect();
        Self::Unknown {
            name: name.to_owned(),
            known: known.join(", "),
        }
    }

    /// Whether the same may go well a little later: a database that is away, a rebuild that is about to end.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Database { source, .. } => {
                let code = source
                    .as_database_error()
                    .and_then(sqlx::error::DatabaseError::code);
                // A login that may not do it, or a statement that is wrong, stays so.
                !code.is_some_and(|code| code.starts_with("42"))
            }
            Self::Log(_) | Self::Busy(_) => true,
            _ => false,
        }
    }

    /// Stable; scripts may match on it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Database { .. } => "projector_database",
            Self::Forbidden { .. } => "projector_forbidden",
            Self::Log(_) => "projector_log",
            Self::Unknown { .. } => "projection_unknown",
            Self::Folder { .. } => "projection_unreadable",
            Self::NotPrepared => "projections_not_prepared",
            Self::Busy(_) => "rebuild_running",
            Self::Differs { .. } => "rebuild_differs",
            Self::Stopped { .. } => "rebuild_stopped",
            Self::ReasonRequired(_) => "reason_required",
            Self::NotStopped { .. } => "projection_not_stopped",
        }
    }
}

/// Says what was being done when the database failed.
pub(crate) trait Doing<T> {
    fn doing(self, what: impl Into<String>) -> Result<T, ProjectorError>;
}

impl<T> Doing<T> for Result<T, sqlx::Error> {
    fn doing(self, what: impl Into<String>) -> Result<T, ProjectorError> {
        self.map_err(|source| {
            let doing = what.into();
            let error = source.as_database_error();
            match error.and_then(sqlx::error::DatabaseError::code).as_deref() {
                // insufficient_privilege
                Some("42501") => ProjectorError::Forbidden { doing },
                _ => ProjectorError::Database { doing, source },
            }
        })
    }
}
