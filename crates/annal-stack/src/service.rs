//! One supervised server in its folder: attach to it, launch it, watch it, wait for its end.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::StackError;
use crate::account::{Account, run_as};
use crate::lease::{Attach, Lease};
use crate::progress::Progress;

const SUPERVISE: &str = include_str!("supervise.sh");
/// How long a server may take to stop before it is stopped the hard way.
const GRACE: Duration = Duration::from_secs(20);
const PATIENCE: Duration = Duration::from_secs(30);
const LONG_LOG: u64 = 8 << 20;
pub(crate) const POLL: Duration = Duration::from_millis(20);

/// The two kinds of server of a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    PostgreSql,
    Temporal,
}

impl Service {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::PostgreSql => "PostgreSQL",
            Self::Temporal => "Temporal",
        }
    }

    /// The signal that asks it to stop (PostgreSQL's fast shutdown: it does not wait for its clients), and the one that makes it.
    fn signals(self) -> (&'static str, Signal, &'static str) {
        match self {
            Self::PostgreSql => ("INT", Signal::INT, "QUIT"),
            Self::Temporal => ("TERM", Signal::TERM, "KILL"),
        }
    }
}

/// The folder of one server: its data, its log, its lease.
#[derive(Clone, Debug)]
pub(crate) struct ServiceFolder {
    pub(crate) service: Service,
    pub(crate) path: PathBuf,
}

/// How a server is launched.
pub(crate) struct Launch<'a> {
    pub(crate) program: &'a Path,
    pub(crate) arguments: Vec<String>,
    pub(crate) account: Option<&'a Account>,
    pub(crate) linger: Duration,
    /// The lease on another server, which must not end before this one has.
    pub(crate) needs: Option<PathBuf>,
}

/// A running server that this process uses.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) folder: ServiceFolder,
    lease: Lease,
    /// Set once the supervisor has ended; `None` when another process launched it.
    ended: Option<Arc<OnceLock<ExitStatus>>>,
}

impl ServiceFolder {
    pub(crate) fn lease(&self) -> PathBuf {
        self.path.join("lease")
    }

    pub(crate) fn users(&self) -> PathBuf {
        self.path.join("users")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.path.join("log")
    }

    fn pid_file(&self) -> PathBuf {
        self.path.join("pid")
    }

    /// Uses the server that runs in this folder. Otherwise waits until whatever is left of one is gone and gives `None`.
    pub(crate) fn attach(&self, progress: &Progress) -> Result<Option<Running>, StackError> {
        let began = Instant::now();
        let mut asked_to_stop = false;
        loop {
            let attach = Lease::attach(self).map_err(StackError::folder("open", &self.lease()))?;
            let unsupervised = matches!(attach, Attach::Unsupervised);
            if let Attach::Done(lease) = attach {
                return Ok(Some(Running {
                    folder: self.clone(),
                    lease,
                    ended: None,
                }));
            }
            if !self.is_alive()? {
                return Ok(None);
            }
            progress.wanted()?;
            if began.elapsed() > PATIENCE {
                return Err(self.left_behind());
            }
            // Alive, and not to be attached to: it is stopping. But nobody will tell it to when its supervisor was killed.
            if !asked_to_stop && (unsupervised || began.elapsed() > GRACE) {
                self.ask_to_stop();
                asked_to_stop = true;
            }
            std::thread::sleep(POLL);
        }
    }

    /// Whether any process of the server lives. All of them have inherited the log, which is locked as long as one has it open.
    pub(crate) fn is_alive(&self) -> Result<bool, StackError> {
        let log = match File::open(self.log()) {
            Ok(log) => log,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(StackError::folder("open", &self.log())(error)),
        };
        match log.try_lock() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(StackError::folder("lock", &self.log())(error)),
        }
    }

    pub(crate) fn pid(&self) -> i32 {
        fs::read_to_string(self.pid_file())
            .ok()
            .and_then(|text| text.trim().parse().ok())
            .unwrap_or(0)
    }

    /// Signals the server that the `pid` file names, if that process still is this folder's: the number may have been
    /// given to another program since.
    fn ask_to_stop(&self) {
        let number = self.pid();
        let Some(pid) = (number > 1).then(|| Pid::from_raw(number)).flatten() else {
            return;
        };
        let ours = match fs::read_link(format!("/proc/{number}/fd/1")) {
            Ok(output) => output == self.log(),
            Err(_) => command_line(number).contains(&*self.path.to_string_lossy()),
        };
        if ours {
            let (_, gentle, _) = self.service.signals();
            let _ = kill_process(pid, gentle);
        }
    }

    fn left_behind(&self) -> StackError {
        StackError::LeftBehind {
            service: self.service.name(),
            folder: self.path.clone(),
            pid: self.pid(),
        }
    }

    /// Starts the server under its supervisor. To be called only when nothing of an earlier one lives.
    pub(crate) fn launch(&self, launch: &Launch<'_>) -> Result<Running, StackError> {
        let log = self.fresh_log()?;
        let (lease, read_end) =
            Lease::create(self).map_err(StackError::folder("make the lease", &self.lease()))?;
        let stderr = log
            .try_clone()
            .map_err(StackError::folder("open", &self.log()))?;
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", SUPERVISE, "annal-supervise"])
            .arg(self.lease())
            .arg(launch.linger.as_secs().to_string());
        let (gentle, _, harsh) = self.service.signals();
        command
            .args([gentle, harsh, &GRACE.as_secs().to_string()])
            .arg(self.pid_file())
            .arg(launch.needs.as_deref().unwrap_or(Path::new("")));
        command.arg(launch.program).args(&launch.arguments);
        command.stdin(read_end).stdout(log).stderr(stderr);
        // A group of its own: Ctrl-C at the terminal is for the program that uses the server, which still needs it while it ends.
        run_as(&mut command, launch.account).process_group(0);
        without_settings(&mut command);
        let mut supervisor = command
            .spawn()
            .map_err(StackError::folder("run", Path::new("/bin/sh")))?;
        let ended = Arc::new(OnceLock::new());
        let tell = Arc::clone(&ended);
        // Waits so that the supervisor does not stay a zombie for as long as this process runs.
        std::thread::spawn(move || {
            if let Ok(status) = supervisor.wait() {
                let _ = tell.set(status);
            }
        });
        Ok(Running {
            folder: self.clone(),
            lease,
            ended: Some(ended),
        })
    }

    /// The log, opened at its end and locked. The server inherits both.
    fn fresh_log(&self) -> Result<File, StackError> {
        let path = self.log();
        if path.metadata().is_ok_and(|log| log.len() > LONG_LOG) {
            fs::rename(&path, self.path.join("log.old"))
                .map_err(StackError::folder("rename", &path))?;
        }
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(StackError::folder("open", &path))?;
        log.lock().map_err(StackError::folder("lock", &path))?;
        Ok(log)
    }

    /// The last lines of the log, for an error message.
    pub(crate) fn log_tail(&self) -> String {
        tail(&self.log()).unwrap_or_else(|error| format!("(the log cannot be read: {error})"))
    }

    pub(crate) fn not_up(&self, reason: impl Into<String>) -> StackError {
        StackError::NotUp {
            service: self.service.name(),
            reason: reason.into(),
            log: self.log(),
            tail: self.log_tail(),
        }
    }
}

impl Running {
    /// True when this process launched the server.
    pub(crate) fn launched_here(&self) -> bool {
        self.ended.is_some()
    }

    /// Waits until `healthy` gives something. Fails when the server ends first, or `patience` does.
    pub(crate) fn wait_until<T>(
        &self,
        progress: &Progress,
        patience: Duration,
        mut healthy: impl FnMut() -> Result<T, String>,
    ) -> Result<T, StackError> {
        let began = Instant::now();
        loop {
            let failure = match healthy() {
                Ok(found) => return Ok(found),
                Err(failure) => failure,
            };
            progress.wanted()?;
            if let Some(how) = self.has_ended()? {
                return Err(self.folder.not_up(how));
            }
            if began.elapsed() > patience {
                return Err(self
                    .folder
                    .not_up(format!("{failure} (after {} s)", patience.as_secs())));
            }
            std::thread::sleep(POLL);
        }
    }

    /// How the server ended, if it has, although it is still in use.
    pub(crate) fn has_ended(&self) -> Result<Option<String>, StackError> {
        match self.ended.as_ref().map(|ended| ended.get()) {
            Some(Some(status)) => Ok(Some(format!("it ended ({status})"))),
            Some(None) => Ok(None),
            None => Ok((!self.folder.is_alive()?).then(|| "it ended".to_owned())),
        }
    }

    /// Stops using the server. When this was its last user and it does not linger, waits until it is gone.
    pub(crate) fn release(self, linger: Duration) -> Result<(), StackError> {
        let last = self
            .lease
            .release()
            .map_err(StackError::folder("release", &self.folder.lease()))?;
        if !last || !linger.is_zero() {
            return Ok(());
        }
        let began = Instant::now();
        while self.folder.is_alive()? {
            if began.elapsed() > PATIENCE {
                return Err(self.folder.left_behind());
            }
            std::thread::sleep(POLL);
        }
        Ok(())
    }
}

/// Settings for the user's other servers, a port or a TLS key among them, must not reach our own.
pub(crate) fn without_settings(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("PG") || text.starts_with("TEMPORAL_") {
            command.env_remove(&name);
        }
    }
}

/// The command line of a process, empty when there is no such process.
pub(crate) fn command_line(pid: i32) -> String {
    if let Ok(line) = fs::read(format!("/proc/{pid}/cmdline")) {
        return String::from_utf8_lossy(&line).replace('\0', " ");
    }
    let ps = Command::new("ps")
        .args(["-o", "command=", "-p", &pid.to_string()])
        .stderr(Stdio::null())
        .output();
    ps.map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default()
}

fn tail(path: &Path) -> io::Result<String> {
    const BYTES: u64 = 6000;
    const LINES: usize = 15;
    let mut log = File::open(path)?;
    let length = log.metadata()?.len();
    log.seek(SeekFrom::Start(length.saturating_sub(BYTES)))?;
    let mut bytes = Vec::new();
    log.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    Ok(lines[lines.len().saturating_sub(LINES)..].join("\n"))
}
