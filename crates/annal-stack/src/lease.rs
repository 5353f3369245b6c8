//! A lease: what keeps a server running. See `supervise.sh` for the other side.
//!
//! The lease is the write end of a named pipe whose read end the server's supervisor holds. The kernel closes it whichever way this
//! process ends, so no server survives its last user, not even one that was killed. Beside it every user holds a shared
//! lock on the `users` file, by which the one who stops learns whether others are still there.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::service::ServiceFolder;

#[derive(Debug)]
pub(crate) struct Lease {
    pipe: File,
    users: File,
}

/// What came of the wish to use a running server.
pub(crate) enum Attach {
    Done(Lease),
    /// No server takes users: none runs, or the one that does is stopping.
    Closed,
    /// The pipe is there and nobody reads it: its supervisor is gone without having closed the door.
    Unsupervised,
}

impl Lease {
    /// A new lease and the read end for the supervisor.
    pub(crate) fn create(folder: &ServiceFolder) -> io::Result<(Self, File)> {
        let path = folder.lease();
        make_pipe(&path)?;
        // Opening one end of a named pipe waits for the other. Read and write together never waits, and holds
        // the pipe open until both real ends are there.
        let both = OpenOptions::new().read(true).write(true).open(&path)?;
        let read_end = File::open(&path)?;
        let pipe = OpenOptions::new().write(true).open(&path)?;
        drop(both);
        Ok((
            Self {
                pipe,
                users: use_folder(folder)?,
            },
            read_end,
        ))
    }

    /// A lease on a running server, if there is one.
    pub(crate) fn attach(folder: &ServiceFolder) -> io::Result<Attach> {
        let path = folder.lease();
        let no_wait = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
        let mut pipe = match OpenOptions::new()
            .write(true)
            .custom_flags(no_wait)
            .open(&path)
        {
            Ok(pipe) => pipe,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Attach::Closed),
            Err(error) if error.raw_os_error() == Some(Errno::NXIO.raw_os_error()) => {
                return Ok(Attach::Unsupervised);
            }
            Err(error) => return Err(error),
        };
        if pipe.write_all(b"here\n").is_err() || !still_at(&pipe, &path) {
            return Ok(Attach::Closed);
        }
        let users = use_folder(folder)?;
        Ok(Attach::Done(Self { pipe, users }))
    }

    /// Gives the lease back. True when this was the last user, so that the server stops.
    pub(crate) fn release(self) -> io::Result<bool> {
        drop(self.pipe);
        match self.users.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

fn use_folder(folder: &ServiceFolder) -> io::Result<File> {
    let users = OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder.users())?;
    users.lock_shared()?;
    Ok(users)
}

/// False when the supervisor moved the pipe away, that is closed the door, before we came in.
fn still_at(pipe: &File, path: &Path) -> bool {
    match (pipe.metadata(), path.metadata()) {
        (Ok(ours), Ok(there)) => ours.ino() == there.ino() && ours.dev() == there.dev(),
        _ => false,
    }
}

fn make_pipe(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let done = Command::new("/bin/sh")
        .args(["-c", "mkfifo -m 600 \"$1\"", "mkfifo"])
        .arg(path)
        .stdin(Stdio::null())
        .output()?;
    if done.status.success() {
        Ok(())
    } else {
        Err(io::Error::other(
            String::from_utf8_lossy(&done.stderr).trim().to_owned(),
        ))
    }
}
