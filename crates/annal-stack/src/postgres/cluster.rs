//! One PostgreSQL data folder: how it is made and with which settings it runs.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, test_kill_process};
use sqlx::{Connection as _, PgConnection, Row as _};

use super::Binaries;
use crate::StackError;
use crate::account::{Account, run_as};
use crate::folder::write_private;
use crate::service::{ServiceFolder, command_line};

/// The password of a server's own login, made once. It lives beside the data, not in the state file, which may be deleted
/// without loss.
pub(crate) fn password(service: &ServiceFolder) -> Result<String, StackError> {
    let path = service.path.join("password");
    if let Ok(known) = fs::read_to_string(&path) {
        return Ok(known.trim().to_owned());
    }
    let random = StackError::folder("read", Path::new("/dev/urandom"));
    let mut bytes = [0; 24];
    fs::File::open("/dev/urandom")
        .and_then(|mut file| std::io::Read::read_exact(&mut file, &mut bytes))
        .map_err(random)?;
    let made = hex::encode(bytes);
    write_private(&path, made.as_bytes())?;
    Ok(made)
}

/// The major version that wrote the data folder, if there is one.
pub(super) fn major(data: &Path) -> Option<u32> {
    fs::read_to_string(data.join("PG_VERSION"))
        .ok()?
        .trim()
        .parse()
        .ok()
}

/// Makes the data folder. It appears whole or not at all: a killed `initdb` leaves only `data.new`, which the next one clears.
pub(super) fn initialise(
    binaries: &Binaries,
    service: &ServiceFolder,
    account: Option<&Account>,
    disposable: bool,
) -> Result<(), StackError> {
    let (data, new) = (service.path.join("data"), service.path.join("data.new"));
    let sync: &[&str] = if disposable { &["--no-sync"] } else { &[] };
    let locales: &[&[&str]] = if binaries.major >= 17 {
        &[&[
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
        ]]
    } else {
        &[&["--locale=C.UTF-8"], &["--locale=C"]]
    };
    let password_file = hand_password(service, account, &password(service)?)?;
    let mut outcome = Ok(());
    for locale in locales {
        if new.exists() {
            fs::remove_dir_all(&new).map_err(StackError::folder("clear", &new))?;
        }
        outcome = initdb(
            binaries,
            &new,
            account,
            &password_file,
            &[locale, sync].concat(),
        );
        if outcome.is_ok() {
            break;
        }
    }
    let _ = fs::remove_file(&password_file);
    outcome?;
    fs::rename(&new, &data).map_err(StackError::folder("create", &data))
}

fn hand_password(
    service: &ServiceFolder,
    account: Option<&Account>,
    password: &str,
) -> Result<std::path::PathBuf, StackError> {
    let path = service.path.join("password.initdb");
    write_private(&path, password.as_bytes())?;
    if let Some(account) = account {
        std::os::unix::fs::chown(&path, Some(account.uid), Some(account.gid))
            .map_err(StackError::folder("hand over", &path))?;
    }
    Ok(path)
}

fn initdb(
    binaries: &Binaries,
    data: &Path,
    account: Option<&Account>,
    password_file: &Path,
    options: &[&str],
) -> Result<(), StackError> {
    let mut command = Command::new(binaries.folder.join("initdb"));
    command
        .arg("--pgdata")
        .arg(data)
        .arg("--pwfile")
        .arg(password_file)
        .args(options);
    command.args([
        "--username=postgres",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--data-checksums",
    ]);
    let output = run_as(&mut command, account).stdin(Stdio::null()).output();
    let failed = |reason: String| StackError::Program {
        program: format!("initdb --pgdata {}", data.display()),
        reason,
    };
    let output = output.map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    Err(failed(format!(
        "{}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr).trim()
    )))
}

/// The server's command line. Loopback only and no Unix socket: one way in, guarded by the password.
pub(super) fn arguments(data: &Path, port: u16, disposable: bool) -> Vec<String> {
    let mut settings = vec![
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
        "max_connections=200",
        "shared_buffers=256MB",
        "max_wal_size=2GB",
        "jit=off",
        "timezone=UTC",
        "log_timezone=UTC",
    ];
    if disposable {
        settings.extend([
            "fsync=off",
            "synchronous_commit=off",
            "full_page_writes=off",
        ]);
    }
    let mut arguments = vec![
        "-D".into(),
        data.display().to_string(),
        "-p".into(),
        port.to_string(),
    ];
    arguments.extend(
        settings
            .into_iter()
            .flat_map(|setting| ["-c".to_owned(), setting.to_owned()]),
    );
    arguments
}

/// To be called when nothing of our own server lives. A `postmaster.pid` that a crash left is removed: PostgreSQL itself
/// would refuse to start when the number in it has been given to another program of the same user.
pub(super) fn refuse_if_in_use(data: &Path) -> Result<(), StackError> {
    let path = data.join("postmaster.pid");
    let Ok(text) = fs::read_to_string(&path) else {
        return Ok(());
    };
    let pid: i32 = text
        .lines()
        .next()
        .and_then(|line| line.trim().parse().ok())
        .unwrap_or(0);
    let alive = (pid > 1)
        .then(|| Pid::from_raw(pid))
        .flatten()
        .is_some_and(|pid| test_kill_process(pid).is_ok());
    if alive && is_postgres_on(pid, data) {
        return Err(StackError::InUse {
            data: data.to_path_buf(),
            pid,
        });
    }
    fs::remove_file(&path).map_err(StackError::folder("remove", &path))
}

fn is_postgres_on(pid: i32, data: &Path) -> bool {
    match fs::read_link(format!("/proc/{pid}/cwd")) {
        // A postmaster works inside its data folder.
        Ok(folder) => folder == data,
        Err(_) => command_line(pid).contains("postgres"),
    }
}

/// Makes the `annal` database, in which everything lives, if it is not there.
pub(super) fn ensure_database(maintenance: &str) -> Result<(), StackError> {
    let doing = |source| StackError::Database {
        doing: "make the database `annal`",
        source,
    };
    on_runtime(async {
        let mut connection = PgConnection::connect(maintenance).await?;
        let there = sqlx::query("SELECT 1 FROM pg_database WHERE datname = 'annal'")
            .fetch_optional(&mut connection)
            .await?;
        if there.is_none() {
            sqlx::query("CREATE DATABASE annal")
                .execute(&mut connection)
                .await?;
        }
        connection.close().await
    })
    .map_err(doing)
}

/// Runs one query whose first column is a number, and says in words why it cannot.
pub(crate) fn query(url: &str, sql: &str) -> Result<i32, String> {
    let ask = async {
        let mut connection = PgConnection::connect(url).await?;
        let row = sqlx::query(sql).fetch_one(&mut connection).await?;
        connection.close().await?;
        row.try_get(0)
    };
    let answer = on_runtime(async { tokio::time::timeout(Duration::from_secs(5), ask).await });
    answer
        .map_err(|_| "no answer in 5 s".to_owned())?
        .map_err(|error: sqlx::Error| error.to_string())
}

/// Runs one statement.
pub(crate) fn run(url: &str, statement: &str) -> Result<(), sqlx::Error> {
    on_runtime(async {
        let mut connection = PgConnection::connect(url).await?;
        sqlx::query(statement).execute(&mut connection).await?;
        connection.close().await
    })
}

/// The same server's address with another database.
pub(crate) fn with_database(url: &str, database: &str) -> String {
    url.rsplit_once('/').map_or_else(
        || url.to_owned(),
        |(server, _)| format!("{server}/{database}"),
    )
}

/// The stack is started by a plain thread; the database driver wants a runtime around it.
fn on_runtime<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime
        .expect("a runtime needs only what every process has")
        .block_on(work)
}
