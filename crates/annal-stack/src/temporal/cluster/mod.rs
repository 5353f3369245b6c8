//! The Temporal server as it runs in production: all its services, and its data in PostgreSQL.
//!
//! `temporal server start-dev` knows SQLite alone. What a run meets in production (visibility in PostgreSQL, shards, services
//! that find each other) is met here, without containers.

mod config;
mod find;
mod tables;

use std::fs;
use std::path::Path;

use crate::StackError;
use crate::folder::write_private;
use crate::postgres;
use crate::progress::Progress;
use crate::service::ServiceFolder;
use crate::settings::Settings;

pub use find::TEMPORAL_RELEASE;
pub(super) use find::{Programs, or_install};

/// The name of the configuration among others in its folder.
const NAME: &str = "annal";

/// A server that is ready to be launched.
pub(super) struct Cluster {
    pub(super) programs: Programs,
    database_url: String,
    password: String,
}

impl Cluster {
    /// Sees to it that there are programs, and databases on the server of `database_url`.
    pub(super) fn prepare(
        settings: &Settings,
        service: &ServiceFolder,
        database_url: &str,
        progress: &Progress,
    ) -> Result<Self, StackError> {
        let programs = or_install(&settings.surroundings, progress)?;
        let password = postgres::password(service)?;
        progress.say("bringing Temporal's databases to their newest schema");
        tables::ensure(&programs, database_url, &password)?;
        Ok(Self {
            programs,
            database_url: database_url.to_owned(),
            password,
        })
    }

    /// The words that start it, after its configuration was written for this port.
    pub(super) fn arguments(
        &self,
        service: &ServiceFolder,
        port: u16,
    ) -> Result<Vec<String>, StackError> {
        let services = config::SERVICES.len();
        let ports = config::Ports {
            front_end: port,
            others: crate::ports::several(services - 1)?,
            // The table in which the services find each other has signed numbers of two bytes.
            membership: crate::ports::several_low(services)?,
        };
        let text = config::text(&self.database_url, &self.password, &ports);
        let text = text.ok_or_else(|| StackError::Program {
            program: "temporal-server".into(),
            reason: "the address of its database has no host".into(),
        })?;
        let folder = service.path.join("config");
        fs::create_dir_all(&folder).map_err(StackError::folder("create", &folder))?;
        write_private(&folder.join(format!("{NAME}.yaml")), text.as_bytes())?;
        Ok(words(&service.path))
    }
}

fn words(root: &Path) -> Vec<String> {
    let root = root.display().to_string();
    // Loopback only, as the database: whoever is on this machine may use it.
    let words = [
        "--root",
        &root,
        "--config",
        "config",
        "--env",
        NAME,
        "--allow-no-auth",
        "start",
    ];
    words.map(str::to_owned).to_vec()
}
