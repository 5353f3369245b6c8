//! What ends a command early, with the exit status and the code that scripts look at.

use annal_audit::AuditError;
use annal_core::rejection::RejectionCode;
use annal_core::{Position, Rejection};
use annal_server::AccountError;

/// Why a command did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// The words of the command do not fit together, or a file that it names is no good.
    #[error("{0}")]
    Usage(String),
    /// The rules refused it; the refusal is recorded.
    #[error("{}", rejected(.0))]
    Rejected(Rejection),
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// The data or its dictionary cannot be read.
    #[error(transparent)]
    Data(#[from] annal_data::DataError),
    /// The stack could not be had.
    #[error(transparent)]
    Stack(#[from] annal_stack::StackError),
    /// The log could not be read or written.
    #[error(transparent)]
    Log(#[from] annal_log::LogError),
    /// Temporal or the workflow did not answer.
    #[error(transparent)]
    Flow(#[from] annal_flow::FlowError),
    /// A run could not be told from the log.
    #[error(transparent)]
    Case(#[from] annal_flow::CaseError),
    /// The server did not start or broke off.
    #[error(transparent)]
    Server(#[from] annal_server::ServerError),
    /// A rebuild as a job could not be had, or did not end well.
    #[error(transparent)]
    Job(#[from] annal_flow::JobError),
    /// A projection could not be brought up to date.
    #[error(transparent)]
    Projector(#[from] annal_projector::ProjectorError),
    /// Something about an account.
    #[error(transparent)]
    Account(#[from] annal_server::AccountError),
    /// A question could not be answered.
    #[error(transparent)]
    Audit(#[from] annal_audit::AuditError),
    /// A file could not be read.
    #[error("could not read {path}: {source}; check the path")]
    File {
        path: String,
        source: std::io::Error,
    },
    /// The tables that are read do not tell what the log holds.
    #[error(
        "the projections stay behind position {0} of the log; check that `annal projector` runs on this database"
    )]
    BehindTheLog(Position),
    /// A file could not be written.
    #[error("could not write {path}: {source}; check the path and the room on the disk")]
    Unwritten {
        path: String,
        source: std::io::Error,
    },
    /// The log is not what was appended.
    #[error(
        "the log is not intact: {0}; keep it as it is, and compare it with a backup and with checkpoints"
    )]
    NotIntact(String),
    /// Rebuilt tables are not what the live ones are.
    #[error(
        "the live tables are not what the log makes of them: {0}; look at the differences, then `annal projections rebuild --allow-differences`"
    )]
    TablesDiffer(String),
    /// Tables that another definition made, or that stand still.
    #[error(
        "these tables could not be compared, their definition changed or they stand still: {0}; `annal projections status` tells which"
    )]
    NotCompared(String),
    /// Snapshots are not what the events say.
    #[error(
        "snapshots do not say what the events say: {0}; `annal snapshots rebuild` makes them anew, `annal show --without-snapshots` does without"
    )]
    SnapshotsDiffer(String),
    /// Something that should go on until it is stopped did not.
    #[error("{0} ended by itself; start it again, nothing is lost")]
    BrokeOff(&'static str),
    /// Ctrl-C.
    #[error(
        "stopped by a signal; what was acknowledged is in the log, and the run goes on with `annal up`"
    )]
    Interrupted,
}

impl CliError {
    /// The exit status: 2 usage, 3 refused by the rules or not equal, 4 the same command id with other content, 5 a server that does
    /// not answer, 6 not found, 7 a log that is not intact, 130 interrupted.
    pub(crate) fn status(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Data(_) | Self::File { .. } | Self::Unwritten { .. } => 2,
            Self::NotIntact(_) | Self::Log(annal_log::LogError::NotTheCheckpoint { .. }) => 7,
            Self::Log(annal_log::LogError::OutOfReach { .. }) => 6,
            Self::Log(annal_log::LogError::NotSealed(_)) => 3,
            // Whoever asked: a file with another key, or with none.
            Self::Log(no)
            | Self::Case(annal_flow::CaseError::Log(no))
            | Self::Audit(AuditError::Log(no))
                if no.is_about_master_key() =>
            {
                2
            }
            Self::Rejected(no) if no.code == RejectionCode::CommandReused => 4,
            Self::Rejected(_)
            | Self::TablesDiffer(_)
            | Self::NotCompared(_)
            | Self::SnapshotsDiffer(_) => 3,
            Self::NotFound(_) => 6,
            Self::Flow(annal_flow::FlowError::NotFound { .. }) => 6,
            Self::Flow(annal_flow::FlowError::Closed { .. }) => 3,
            Self::Audit(
                AuditError::UnknownRun { .. }
                | AuditError::UnknownReport(_)
                | AuditError::UnknownVersion { .. }
                | AuditError::UnknownItem { .. }
                | AuditError::UnknownEvent(_),
            ) => 6,
            Self::Account(AccountError::Unknown(_) | AccountError::Nothing { .. }) => 6,
            Self::Account(AccountError::BadPassword(_) | AccountError::BadPerson { .. }) => 2,
            Self::Account(no) if no.is_callers() => 3,
            Self::Projector(error) => projector_status(error.code()),
            Self::Job(error) => projector_status(error.code()),
            Self::Interrupted => 130,
            _ => 5,
        }
    }

    /// A stable code.
    pub(crate) fn code(&self) -> &str {
        match self {
            Self::Usage(_) => "usage",
            Self::Rejected(no) => no.code.as_str(),
            Self::NotFound(_) => "not_found",
            Self::Data(error) => error.code(),
            Self::Stack(_) => "stack",
            Self::Log(error) => error.code(),
            Self::Flow(error) => error.code(),
            Self::Server(error) => error.code(),
            Self::Case(error) => error.code(),
            Self::Job(error) => error.code(),
            Self::Projector(error) => error.code(),
            Self::Account(error) => error.code(),
            Self::Audit(error) => error.code(),
            Self::File { .. } => "file_unreadable",
            Self::BehindTheLog(_) => "behind_the_log",
            Self::Unwritten { .. } => "file_unwritable",
            Self::NotIntact(_) => "log_not_intact",
            Self::TablesDiffer(_) => "rebuild_differs",
            Self::NotCompared(_) => "not_compared",
            Self::SnapshotsDiffer(_) => "snapshots_differ",
            Self::BrokeOff(_) => "broke_off",
            Self::Interrupted => "interrupted",
        }
    }
}

fn projector_status(code: &str) -> u8 {
    match code {
        "projection_unknown" | "no_rebuild" => 6,
        "reason_required" => 2,
        "rebuild_running"
        | "rebuild_differs"
        | "rebuild_stopped"
        | "projection_not_stopped"
        | "rebuild_cancelled" => 3,
        _ => 5,
    }
}

fn rejected(no: &Rejection) -> String {
    let listed = no.items.iter().skip(3).take(20);
    let more: String = listed
        .map(|it| format!("\n  {} {}", it.item, it.why))
        .collect();
    format!("{}{more}", no.message)
}
