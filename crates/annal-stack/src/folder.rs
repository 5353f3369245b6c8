//! The stack's folder: one lock, one state file, one folder for each server.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, chown, symlink,
};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::StackError;
use crate::account::Account;
use crate::progress::Progress;
use crate::service::{POLL, Service, ServiceFolder};

/// Longer than the longest install.
const PATIENCE: Duration = Duration::from_secs(20 * 60);

#[derive(Clone, Debug)]
pub(crate) struct Folder {
    path: PathBuf,
}

/// What is remembered between two starts. Whether a server runs is not in here: its lease tells that.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct State {
    #[serde(default)]
    pub(crate) postgres: Option<PostgresState>,
    #[serde(default)]
    pub(crate) temporal: Option<TemporalState>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PostgresState {
    pub(crate) url: String,
    pub(crate) port: u16,
    pub(crate) version: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TemporalState {
    pub(crate) target: String,
    pub(crate) namespace: String,
    pub(crate) port: u16,
    pub(crate) version: String,
}

/// Held while one process starts or stops servers of the folder.
pub(crate) struct FolderLock(#[allow(dead_code, reason = "held, not read")] File);

impl Folder {
    pub(crate) fn open(path: &Path) -> Result<Self, StackError> {
        let is_new = !path.exists();
        fs::create_dir_all(path).map_err(StackError::folder("create", path))?;
        if is_new && rustix::process::geteuid().is_root() {
            // Whatever root's umask is, the user who runs PostgreSQL must get through to its own folder.
            let through = fs::Permissions::from_mode(0o755);
            fs::set_permissions(path, through).map_err(StackError::folder("open", path))?;
        }
        let path = path
            .canonicalize()
            .map_err(StackError::folder("open", path))?;
        Ok(Self { path })
    }

    pub(crate) fn lock(
        &self,
        progress: &Progress,
        patience: Option<Duration>,
    ) -> Result<FolderLock, StackError> {
        lock_file(
            &self.path.join("lock"),
            progress,
            patience.unwrap_or(PATIENCE),
            "another process is starting or stopping the servers; waiting for it …",
        )
    }

    /// What the last start left. A state file that cannot be read is as good as none: ports are chosen anew.
    pub(crate) fn state(&self) -> State {
        let text = fs::read(self.state_file()).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// Written whole or not at all, and readable for its owner only: it has the database's password.
    pub(crate) fn remember(&self, state: &State) -> Result<(), StackError> {
        let (path, new) = (self.state_file(), self.path.join("stack.json.new"));
        let text = serde_json::to_vec_pretty(state).expect("plain strings and numbers are JSON");
        write_private(&new, &text)?;
        fs::rename(&new, &path).map_err(StackError::folder("write", &path))
    }

    fn state_file(&self) -> PathBuf {
        self.path.join("stack.json")
    }

    /// Temporal's folder. It runs as the user who starts it.
    pub(crate) fn temporal(&self) -> Result<ServiceFolder, StackError> {
        let path = self.path.join("temporal");
        make_private(&path)?;
        Ok(ServiceFolder {
            service: Service::Temporal,
            path,
        })
    }

    /// PostgreSQL's folder, made so that `account` owns it and can reach it.
    pub(crate) fn postgres(
        &self,
        account: Option<&Account>,
        progress: &Progress,
    ) -> Result<ServiceFolder, StackError> {
        let path = self.path.join("postgres");
        let service = |path| ServiceFolder {
            service: Service::PostgreSql,
            path,
        };
        if path.is_symlink() {
            let target = fs::read_link(&path).map_err(StackError::folder("read", &path))?;
            return if target.is_dir() {
                Ok(service(target))
            } else {
                Err(StackError::DataGone {
                    pointer: path,
                    target,
                })
            };
        }
        let Some(account) = account else {
            make_private(&path)?;
            return Ok(service(path));
        };
        if account.can_enter(&self.path) {
            make_private(&path)?;
            give(&path, account)?;
            return Ok(service(path));
        }
        let target = self.away(account)?;
        symlink(&target, &path).map_err(StackError::folder("create", &path))?;
        progress.say(format!(
            "the user {} cannot reach {}, so the database is kept in {}",
            account.name,
            self.path.display(),
            target.display()
        ));
        Ok(service(target))
    }

    /// A folder outside, for when this one's parents are closed to `account`, as `/root` is. Named after this folder, so that
    /// the same one is found again.
    fn away(&self, account: &Account) -> Result<PathBuf, StackError> {
        let name = hex::encode(&Sha256::digest(self.path.as_os_str().as_encoded_bytes())[..8]);
        let mut last = None;
        for parent in ["/var/lib/annal", "/var/tmp"] {
            let parent = Path::new(parent);
            let _ = fs::create_dir_all(parent);
            if !account.can_enter(parent) {
                continue;
            }
            let path = parent.join(format!("annal-{name}"));
            match make_private(&path).and_then(|()| give(&path, account)) {
                Ok(()) => return Ok(path),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| {
            let denied = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
            StackError::folder(
                "find a place for the database that an ordinary user can reach from",
                &self.path,
            )(denied)
        }))
    }
}

/// Waits for the lock on the file at `path`, which is made if it is not there.
pub(crate) fn lock_file(
    path: &Path,
    progress: &Progress,
    patience: Duration,
    waiting: &str,
) -> Result<FolderLock, StackError> {
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .map_err(StackError::folder("open", path))?;
    let began = Instant::now();
    let mut told = false;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(FolderLock(file)),
            Err(TryLockError::Error(error)) => return Err(StackError::folder("lock", path)(error)),
            Err(TryLockError::WouldBlock) => {}
        }
        progress.wanted()?;
        let waited = began.elapsed();
        if waited > patience {
            let folder = path.parent().unwrap_or(path).to_path_buf();
            return Err(StackError::Busy {
                folder,
                seconds: waited.as_secs(),
            });
        }
        if !told && waited > Duration::from_secs(1) {
            progress.say(waiting);
            told = true;
        }
        std::thread::sleep(POLL);
    }
}

/// A file that only its owner may read.
pub(crate) fn write_private(path: &Path, text: &[u8]) -> Result<(), StackError> {
    let _ = fs::remove_file(path);
    let mut file = OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(path)
        .map_err(StackError::folder("create", path))?;
    file.write_all(text)
        .and_then(|()| file.sync_all())
        .map_err(StackError::folder("write", path))
}

fn make_private(path: &Path) -> Result<(), StackError> {
    match fs::DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(StackError::folder("create", path)(error))
        }
        _ => Ok(()),
    }
}

/// Makes the new folder `path` belong to `account`. One that has belonged to somebody else than root is not taken over.
fn give(path: &Path, account: &Account) -> Result<(), StackError> {
    let found = path
        .symlink_metadata()
        .map_err(StackError::folder("read", path))?;
    if !found.is_dir() || !(found.uid() == 0 || found.uid() == account.uid) {
        let taken = std::io::Error::new(
            std::io::ErrorKind::AlreadyExists,
            format!("it belongs to user {} already", found.uid()),
        );
        return Err(StackError::folder("use", path)(taken));
    }
    if found.uid() != account.uid {
        chown(path, Some(account.uid), Some(account.gid))
            .map_err(StackError::folder("hand over", path))?;
    }
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
        .map_err(StackError::folder("protect", path))
}
