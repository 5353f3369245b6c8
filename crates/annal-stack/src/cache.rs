//! Where installed servers are kept. An install is made beside its place and moved there whole, so a half one is never used.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::StackError;
use crate::folder::{FolderLock, lock_file};
use crate::progress::Progress;

/// One program in one version, inside the cache.
pub(crate) struct Place {
    parent: PathBuf,
    version: String,
}

impl Place {
    pub(crate) fn new(cache: &Path, name: &str, version: &str) -> Self {
        Self {
            parent: cache.join(name),
            version: version.into(),
        }
    }

    /// Where the program is, or will be.
    pub(crate) fn path(&self) -> PathBuf {
        self.parent.join(&self.version)
    }

    /// Held during an install, so that two processes do not make the same one at once.
    pub(crate) fn lock(&self, progress: &Progress) -> Result<FolderLock, StackError> {
        fs::create_dir_all(&self.parent).map_err(StackError::folder("create", &self.parent))?;
        let waiting = format!(
            "another process is installing into {}; waiting for it …",
            self.parent.display()
        );
        lock_file(
            &self.parent.join("lock"),
            progress,
            Duration::from_secs(20 * 60),
            &waiting,
        )
    }

    /// An empty folder to install into. Leftovers of an install that was killed are removed. To be called with the lock held.
    pub(crate) fn workshop(&self) -> Result<PathBuf, StackError> {
        let path = self.parent.join(format!("{}.unfinished", self.version));
        if path.exists() {
            fs::remove_dir_all(&path).map_err(StackError::folder("clear", &path))?;
        }
        fs::create_dir_all(&path).map_err(StackError::folder("create", &path))?;
        Ok(path)
    }

    /// Moves what was made in a part of the workshop to its place and removes the rest.
    pub(crate) fn keep(&self, made: &Path, workshop: &Path) -> Result<(), StackError> {
        let path = self.path();
        if path.exists() {
            fs::remove_dir_all(&path).map_err(StackError::folder("replace", &path))?;
        }
        fs::rename(made, &path).map_err(StackError::folder("move to", &path))?;
        let _ = fs::remove_dir_all(workshop);
        Ok(())
    }
}
