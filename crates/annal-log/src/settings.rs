//! Whether the server keeps what it says it has kept.

use std::fmt;

use crate::error::{LogError, retrying};
use crate::log::Log;

/// A setting of the server under which an acknowledged event can be lost or damaged unseen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// PostgreSQL's name of it.
    pub setting: &'static str,
    /// What it is set to.
    pub value: String,
    /// What can happen.
    pub danger: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            setting,
            value,
            danger,
            remedy,
        } = self;
        write!(
            f,
            "PostgreSQL runs with {setting} = {value}: {danger}; {remedy}"
        )
    }
}

/// Each setting with the value that endangers the log.
const DANGERS: [(&str, &str, &str, &str); 6] = [
    (
        "fsync",
        "off",
        "a crash of the machine can lose acknowledged events and ruin the database",
        "set fsync = on",
    ),
    (
        "synchronous_commit",
        "off",
        "a crash of the server loses events acknowledged in the last moments before it",
        "set synchronous_commit = on, also for this login and this database",
    ),
    (
        "full_page_writes",
        "off",
        "a crash of the machine in the middle of a write can leave damaged pages",
        "set full_page_writes = on",
    ),
    (
        "data_checksums",
        "off",
        "damage by the disk is found only when the log is verified",
        "stop the server and run pg_checksums --enable",
    ),
    (
        "ignore_checksum_failure",
        "on",
        "damaged pages are read as if they were sound",
        "set ignore_checksum_failure = off",
    ),
    (
        "zero_damaged_pages",
        "on",
        "damaged pages, and the events on them, are silently emptied",
        "set zero_damaged_pages = off",
    ),
];

impl Log {
    /// Asks the server for the settings that the log's promises rest on, as they hold for this login. Empty when all
    /// is well.
    ///
    /// # Errors
    /// [`LogError`] when the database cannot be asked.
    pub async fn settings(&self) -> Result<Vec<Warning>, LogError> {
        let names: Vec<&str> = DANGERS.iter().map(|(name, ..)| *name).collect();
        let values: Vec<(String, String)> =
            retrying("asking for the server's settings", || async {
                sqlx::query_as(
                    "SELECT name, setting FROM pg_catalog.pg_settings WHERE name = ANY ($1)",
                )
                .bind(&names)
                .fetch_all(self.pool())
                .await
            })
            .await?;
        let endangered = DANGERS.iter().filter(|(name, bad, ..)| {
            values
                .iter()
                .any(|(setting, value)| setting == name && value == bad)
        });
        Ok(endangered
            .map(|(setting, value, danger, remedy)| Warning {
                setting,
                value: (*value).to_owned(),
                danger,
                remedy,
            })
            .collect())
    }
}
