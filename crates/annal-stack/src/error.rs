//! What can go wrong while a stack is found, installed, started or stopped.

use std::io;
use std::path::{Path, PathBuf};

/// Why the stack is not there. Each message says what happened, to what, and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StackError {
    /// A file or folder of the stack could not be used.
    #[error("could not {doing} {}: {source}{}", path.display(), hint(source))]
    Folder {
        /// What was being done, such as `create`.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The data folder lives elsewhere and is not there any more.
    #[error(
        "{} points at {}, where the database was kept, and that is gone. Put it back from a backup, or delete {} to begin with an empty log",
        pointer.display(), target.display(), pointer.display()
    )]
    DataGone {
        /// The symbolic link in the stack's folder.
        pointer: PathBuf,
        /// Where it points.
        target: PathBuf,
    },
    /// The data was written by a PostgreSQL version that cannot be had here.
    #[error(
        "the database in {} was made by PostgreSQL {major}, which cannot be had here:{}\nInstall PostgreSQL {major}, or set DATABASE_URL to a running server",
        data.display(), list(tried)
    )]
    OtherPostgres {
        /// The data folder.
        data: PathBuf,
        /// The major version that wrote it.
        major: u32,
        /// Everything that was tried, one line each.
        tried: Vec<String>,
    },
    /// No PostgreSQL was found and none could be installed.
    #[error(
        "no PostgreSQL can be had. Tried:{}\nInstall PostgreSQL 14 or newer (for example `apt-get install postgresql`), or set DATABASE_URL to a running server",
        list(tried)
    )]
    NoPostgres {
        /// Everything that was tried, one line each.
        tried: Vec<String>,
    },
    /// No Temporal server was found and none could be installed.
    #[error(
        "no Temporal server can be had. Tried:{}\nPut the `temporal` command on PATH (https://docs.temporal.io/cli), or install Go so that it can be built, or set TEMPORAL_ADDRESS to a running server",
        list(tried)
    )]
    NoTemporal {
        /// Everything that was tried, one line each.
        tried: Vec<String>,
    },
    /// A server that was started did not come up.
    #[error("{service} did not come up: {reason}. The end of its log {}:\n{tail}", log.display())]
    NotUp {
        /// `PostgreSQL` or `Temporal`.
        service: &'static str,
        /// What was seen, such as the exit status or the last failed health check.
        reason: String,
        /// The server's log.
        log: PathBuf,
        /// The log's last lines.
        tail: String,
    },
    /// A server named by the environment does not answer.
    #[error(
        "{variable} points at {address}, which does not answer: {reason}. Start that server, correct {variable}, or unset it to use one of our own"
    )]
    Elsewhere {
        /// The environment variable.
        variable: &'static str,
        /// The address, without any password.
        address: String,
        /// What was seen.
        reason: String,
    },
    /// A program that a step needs failed.
    #[error("`{program}` failed: {reason}")]
    Program {
        /// The program with its first arguments.
        program: String,
        /// Its exit status and what it printed.
        reason: String,
    },
    /// Another process keeps the folder busy.
    #[error("another process has been starting or stopping the stack in {} for {seconds} s; wait for it, or end it", folder.display())]
    Busy {
        /// The stack's folder.
        folder: PathBuf,
        /// How long this process has waited.
        seconds: u64,
    },
    /// A server that nobody owns keeps the folder and does not stop.
    #[error("{service} in {} was left behind by a process that is gone, and it does not stop; end process {pid} and try again", folder.display())]
    LeftBehind {
        /// `PostgreSQL` or `Temporal`.
        service: &'static str,
        /// The server's folder.
        folder: PathBuf,
        /// Its process id, 0 when unknown.
        pid: i32,
    },
    /// A PostgreSQL that is not ours runs on the data folder.
    #[error("a PostgreSQL server that was started by other means (process {pid}) runs on {}; stop it, or set DATABASE_URL to it", data.display())]
    InUse {
        /// The data folder.
        data: PathBuf,
        /// The server's process id.
        pid: i32,
    },
    /// PostgreSQL answered a set-up statement with an error.
    #[error("PostgreSQL refused to {doing}: {source}")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// PostgreSQL's own words.
        source: sqlx::Error,
    },
    /// The caller gave up while the stack was being started.
    #[error("starting the stack was given up")]
    GivenUp,
}

impl StackError {
    /// A stable name for the kind of error, for scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Folder { .. } => "stack_folder",
            Self::DataGone { .. } => "stack_data_gone",
            Self::OtherPostgres { .. } => "stack_other_postgres",
            Self::NoPostgres { .. } => "stack_no_postgres",
            Self::NoTemporal { .. } => "stack_no_temporal",
            Self::NotUp { .. } => "stack_not_up",
            Self::Elsewhere { .. } => "stack_elsewhere",
            Self::Program { .. } => "stack_program",
            Self::Busy { .. } => "stack_busy",
            Self::LeftBehind { .. } => "stack_left_behind",
            Self::InUse { .. } => "stack_in_use",
            Self::Database { .. } => "stack_database",
            Self::GivenUp => "stack_given_up",
        }
    }

    /// For `map_err`: an I/O error while `doing` something to `path`.
    pub(crate) fn folder<'a>(
        doing: &'static str,
        path: &'a Path,
    ) -> impl Fn(io::Error) -> Self + 'a {
        move |source| Self::Folder {
            doing,
            path: path.to_path_buf(),
            source,
        }
    }
}

fn hint(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            ". Choose a folder that this user may write to, or run as the user who owns it"
        }
        io::ErrorKind::StorageFull => ". Free some space, or choose a folder on another disk",
        _ => "",
    }
}

fn list(tried: &[String]) -> String {
    tried.iter().map(|line| format!("\n  - {line}")).collect()
}
