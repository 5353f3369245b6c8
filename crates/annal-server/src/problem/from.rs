//! From the errors of the other crates and of axum to problems.

use std::time::Duration;

use annal_audit::AuditError;
use annal_core::Rejection;
use annal_data::DataError;
use annal_flow::{CaseError, FlowError};
use annal_log::LogError;
use annal_projector::ProjectorError;
use axum::extract::rejection::{
    BytesRejection, PathRejection, QueryRejection, RawPathParamsRejection,
};

use crate::sign_in::{NotSignedIn, READ_ONLY};

use super::{Kind, Problem, kinds};

/// So long a client waits before it tries a server again that does not answer.
const SOON: Duration = Duration::from_secs(2);

impl From<NotSignedIn> for Problem {
    fn from(no: NotSignedIn) -> Self {
        match no {
            NotSignedIn::Unknown(why) => Self::new(&kinds::NOT_SIGNED_IN, why),
            NotSignedIn::ReadOnly => Self::new(&kinds::NOT_ALLOWED, READ_ONLY),
            NotSignedIn::PasswordDue => {
                Self::new(&kinds::PASSWORD_DUE, "nothing else can be done before")
            }
            NotSignedIn::Failed(error) => {
                Self::hidden(&kinds::DATABASE_UNREACHABLE, &error).retry_after(SOON)
            }
        }
    }
}

impl From<Rejection> for Problem {
    fn from(no: Rejection) -> Self {
        Self::new(kinds::of_rejection(no.code), no.message).with_items(no.items)
    }
}

impl From<FlowError> for Problem {
    fn from(error: FlowError) -> Self {
        let passing = |kind| Self::hidden(kind, &error).retry_after(SOON);
        match &error {
            FlowError::NotFound { run, .. } => Self::not_found(format_args!("run {run}")),
            FlowError::Closed { .. } => Self::new(&kinds::RUN_CLOSED, error.to_string()),
            FlowError::Unreachable { .. } => passing(&kinds::TEMPORAL_UNREACHABLE),
            FlowError::NoWorker { .. } => passing(&kinds::NO_WORKER),
            FlowError::TimedOut { .. } => passing(&kinds::TIMED_OUT),
            FlowError::Failed { .. } => Self::hidden(&kinds::COMMAND_FAILED, &error),
            FlowError::Refused { .. } => Self::hidden(&kinds::TEMPORAL_REFUSED, &error),
        }
    }
}

impl From<LogError> for Problem {
    fn from(error: LogError) -> Self {
        match &error {
            LogError::Unreachable { .. } | LogError::Closed { .. } => {
                Self::hidden(&kinds::DATABASE_UNREACHABLE, &error).retry_after(SOON)
            }
            LogError::UnknownFile(sha256) => Self::not_found(format_args!("file '{sha256}'")),
            LogError::UnknownLedger(ledger) => Self::not_found(format_args!("ledger '{ledger}'")),
            LogError::OutOfReach { .. } => Self::new(&kinds::NOT_FOUND, error.to_string()),
            LogError::NotTheCheckpoint { .. } => {
                Self::new(&kinds::NOT_THE_CHECKPOINT, error.to_string())
            }
            LogError::AlteredFile(_) | LogError::Undecodable { .. } => {
                Self::hidden(&kinds::LOG_NOT_INTACT, &error)
            }
            LogError::Locked { .. } => Self::hidden(&kinds::NAMES_LOCKED, &error),
            LogError::Refused { .. }
            | LogError::NotMigrated { .. }
            | LogError::Migration { .. }
            | LogError::NotSealed(_)
            | LogError::SameMasterKey
            | LogError::NameNotOpened { .. }
            | LogError::MasterKey(_)
            | LogError::Unencodable { .. }
            | LogError::Empty { .. } => Self::internal(&error),
        }
    }
}

impl From<CaseError> for Problem {
    fn from(error: CaseError) -> Self {
        match error {
            CaseError::Log(error) => error.into(),
            CaseError::Definition(_) | CaseError::OtherDefinition { .. } => Self::internal(&error),
        }
    }
}

impl From<AuditError> for Problem {
    fn from(error: AuditError) -> Self {
        match error {
            AuditError::UnknownRun { run, .. } => Self::not_found(format_args!("run {run}")),
            AuditError::UnknownVersion { version, position } => {
                Self::not_found(format_args!("version {version} at position {position}"))
            }
            AuditError::UnknownEvent(event) => Self::not_found(format_args!("event {}", event.0)),
            AuditError::UnknownItem { run, id } => {
                Self::not_found(format_args!("'{id}' in run {run}"))
            }
            AuditError::UnknownReport(report) => Self::not_found(format_args!("report '{report}'")),
            AuditError::Log(error) => error.into(),
            AuditError::NotPrepared(_) => Self::hidden(&kinds::NOT_PREPARED, &error),
            AuditError::Snapshot(_) => Self::internal(&error),
            AuditError::Database { ref source, .. } => of_database(source, &error),
        }
    }
}

impl From<ProjectorError> for Problem {
    fn from(error: ProjectorError) -> Self {
        match error {
            ProjectorError::Log(error) => error.into(),
            ProjectorError::Database { ref source, .. } => of_database(source, &error),
            ProjectorError::NotPrepared => Self::hidden(&kinds::NOT_PREPARED, &error),
            ProjectorError::Forbidden { .. } | ProjectorError::Folder { .. } => {
                Self::internal(&error)
            }
            ProjectorError::Unknown { .. } => Self::new(&kinds::NOT_FOUND, error.to_string()),
            ProjectorError::Busy(_) => Self::new(&kinds::REBUILD_RUNNING, error.to_string()),
            ProjectorError::ReasonRequired(_) => {
                Self::new(&kinds::REASON_REQUIRED, error.to_string())
            }
            ProjectorError::Differs { .. }
            | ProjectorError::Stopped { .. }
            | ProjectorError::NotStopped { .. } => Self::new(&kinds::INCOMPLETE, error.to_string()),
        }
    }
}

impl From<DataError> for Problem {
    fn from(error: DataError) -> Self {
        Self::new(&kinds::INVALID_DATA, error.to_string())
    }
}

/// A database that does not answer is waited for; one that refuses has a fault that whoever asks cannot mend.
fn of_database(source: &sqlx::Error, error: &dyn std::error::Error) -> Problem {
    let class = source
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code);
    let passing = match source {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => true,
        // Connections, resources, an operator's doing.
        _ => class.is_some_and(|it| ["08", "53", "57"].iter().any(|of| it.starts_with(of))),
    };
    if passing {
        return Problem::hidden(&kinds::DATABASE_UNREACHABLE, error).retry_after(SOON);
    }
    Problem::internal(error)
}

macro_rules! from_rejection {
    ($($rejection:ty => $kind:expr;)*) => {
        $(impl From<$rejection> for Problem {
            fn from(no: $rejection) -> Self {
                Self::new($kind, no.body_text())
            }
        })*
    };
}

from_rejection! {
    PathRejection => &kinds::INVALID_PATH;
    RawPathParamsRejection => &kinds::INVALID_PATH;
    QueryRejection => &kinds::INVALID_QUERY;
}

impl From<BytesRejection> for Problem {
    fn from(no: BytesRejection) -> Self {
        let kind: &'static Kind = match no.status() {
            axum::http::StatusCode::PAYLOAD_TOO_LARGE => &kinds::TOO_LARGE,
            axum::http::StatusCode::REQUEST_TIMEOUT => &kinds::TOO_SLOW,
            _ => &kinds::INVALID_JSON,
        };
        Self::new(kind, no.body_text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The server runs, and has a master key that is not the ledger's any more.
    #[test]
    fn locked_names_are_a_problem_of_their_own_that_says_which_file_and_to_start_again() {
        let locked = LogError::Locked {
            ledger: "main".to_owned(),
            detail: "the master key that was given is another one",
        };
        let problem = Problem::from(locked);
        assert_eq!(
            (problem.kind.code, problem.kind.status.as_u16()),
            ("names_locked", 503)
        );
        assert!(
            problem.detail.contains("start the server again"),
            "{problem:?}"
        );
        assert!(
            problem.detail.contains("ANNAL_MASTER_KEY_FILE"),
            "{problem:?}"
        );
    }
}
