//! The definitions: one folder each, taken into the program when it is built.

use std::path::Path;

use include_dir::{Dir, include_dir};
use sha2::{Digest, Sha256};

use crate::error::ProjectorError;

static FOLDERS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../projections");

/// A read model: the table that it is and the statement that fills it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Projection {
    /// The folder's name, which is the table's.
    pub name: String,
    /// Makes the table. Names no schema, so that it makes a live table or its successor.
    pub model: String,
    /// Folds the events of ledger `$1` with positions in (`$2`, `$3`] into the table: one statement.
    pub fold: String,
    /// Indexes that the fold does without: made when the table is full, which is cheaper than keeping them up to date
    /// while it is filled. Each says `IF NOT EXISTS`, so that a rebuild that was killed can make the rest.
    pub indexes: String,
}

impl Projection {
    /// All projections that were built in, by name.
    #[must_use]
    pub fn builtin() -> Vec<Self> {
        let mut found: Vec<_> = FOLDERS.dirs().filter_map(Self::read).collect();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found
    }

    /// The built-in projections of these names; all of them where none is named.
    ///
    /// # Errors
    /// [`ProjectorError::Unknown`] for a name that none has.
    pub fn choose(names: &[&str]) -> Result<Vec<Self>, ProjectorError> {
        let known = Self::builtin();
        if names.is_empty() {
            return Ok(known);
        }
        let find = |name: &&str| {
            let found = known.iter().find(|it| it.name == *name).cloned();
            found.ok_or_else(|| ProjectorError::unknown(name, known.iter().map(|it| &it.name)))
        };
        names.iter().map(find).collect()
    }

    /// The projection of a folder on the disk, as those that are built in are written.
    ///
    /// # Errors
    /// [`ProjectorError::Folder`] if a file is missing or cannot be read.
    pub fn from_folder(folder: &Path) -> Result<Self, ProjectorError> {
        let unread = |file: &str, why: String| ProjectorError::Folder {
            path: folder.join(file).display().to_string(),
            why,
        };
        let text = |file: &str| {
            let read = std::fs::read_to_string(folder.join(file));
            read.map_err(|no| unread(file, no.to_string()))
        };
        let name = folder.file_name().and_then(|it| it.to_str());
        let name = name.ok_or_else(|| unread("", "it has no name".to_owned()))?;
        Ok(Self {
            name: name.to_owned(),
            model: text("model.sql")?,
            fold: text("fold.sql")?,
            indexes: match folder.join("index.sql").exists() {
                true => text("index.sql")?,
                false => String::new(),
            },
        })
    }

    fn read(folder: &Dir<'_>) -> Option<Self> {
        let text = |name| {
            let file = folder.get_file(folder.path().join(name))?;
            Some(file.contents_utf8()?.to_owned())
        };
        Some(Self {
            name: folder.path().file_name()?.to_str()?.to_owned(),
            model: text("model.sql")?,
            fold: text("fold.sql")?,
            indexes: text("index.sql").unwrap_or_default(),
        })
    }

    /// Hash of the definition's SQL, in hex. Another hash than the live table's says that a rebuild is due.
    #[must_use]
    pub fn hash(&self) -> String {
        let mut hasher = Sha256::new();
        hasher.update(self.model.as_bytes());
        hasher.update([0]);
        hasher.update(self.fold.as_bytes());
        hasher.update([0]);
        hasher.update(self.indexes.as_bytes());
        hex::encode(hasher.finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_folder_holds_a_whole_projection() {
        let names: Vec<_> = Projection::builtin()
            .into_iter()
            .map(|it| it.name)
            .collect();
        assert_eq!(names.len(), FOLDERS.dirs().count(), "a folder lacks a file");
        for due in [
            "version_history",
            "workflow_executions",
            "workflow_steps",
            "workflow_transitions",
            "decisions",
            "version_items",
            "assignments",
            "approvals_waiting",
            "phase_metrics",
        ] {
            assert!(names.iter().any(|name| name == due), "{due} is missing");
        }
    }

    #[test]
    fn another_fold_is_another_hash() {
        let one = Projection {
            name: "x".into(),
            model: "a".into(),
            fold: "b".into(),
            indexes: String::new(),
        };
        let other = Projection {
            fold: "c".into(),
            ..one.clone()
        };
        let indexed = Projection {
            indexes: "c".into(),
            ..one.clone()
        };
        assert_ne!(one.hash(), other.hash());
        assert_ne!(one.hash(), indexed.hash());
        assert_eq!(one.hash(), one.clone().hash());
    }
}
