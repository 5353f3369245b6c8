//! Results on the disk: one file a measurement, JSON that a person can read and a later run replaces.

use std::fs;
use std::path::PathBuf;

use annal_measure::Failure;
use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The folder of results.
pub(crate) struct Records {
    folder: PathBuf,
}

/// What was measured, when and by which command.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Record<T> {
    pub(crate) command: String,
    pub(crate) at: DateTime<Utc>,
    pub(crate) result: T,
}

impl Records {
    pub(crate) const fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Keeps a result under a name, in place of an older one.
    pub(crate) fn keep<T: Serialize>(&self, name: &str, result: T) -> Result<(), Failure> {
        let words: Vec<String> = std::env::args().skip(1).collect();
        let record = Record {
            command: format!("annal-bench {}", words.join(" ")),
            at: Utc::now(),
            result,
        };
        fs::create_dir_all(&self.folder)?;
        let text = serde_json::to_string_pretty(&record)? + "\n";
        Ok(fs::write(self.file(name), text)?)
    }

    /// The result of that name, if there is one.
    pub(crate) fn find<T: DeserializeOwned>(
        &self,
        name: &str,
    ) -> Result<Option<Record<T>>, Failure> {
        let file = self.file(name);
        if !file.exists() {
            return Ok(None);
        }
        let text = fs::read_to_string(&file)?;
        let record = serde_json::from_str(&text);
        record
            .map(Some)
            .map_err(|error| format!("{}: {error}", file.display()).into())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.json"))
    }
}
