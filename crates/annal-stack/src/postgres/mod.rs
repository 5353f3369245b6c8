//! PostgreSQL: found, installed, started.
//!
//! Written by hand. The crate `postgresql_embedded` (0.22) was tried beside it: it installs the same Maven package, but it
//! cannot start as root, has nothing that stops the server when its owner is killed, nor a way for a second process to share
//! it, all of which we would still have to write; and it brings a second sqlx and an HTTP client into the tree.

mod cluster;
mod find;
mod install;

use std::path::Path;
use std::time::Duration;

use crate::StackError;
use crate::account::Account;
use crate::folder::{Folder, PostgresState, State};
use crate::progress::Progress;
use crate::service::{Launch, Running, Service, ServiceFolder};
use crate::settings::Settings;

pub(crate) use cluster::{query, with_database};
pub(crate) use find::Binaries;

/// Crash recovery replays what was written since the last checkpoint, so a start may take a while.
const PATIENCE: Duration = Duration::from_secs(180);
/// A port can be taken between the moment it is found free and the server's own bind.
const PORTS_TO_TRY: usize = 3;

/// Uses the PostgreSQL of the folder, after starting it if it does not run.
pub(crate) fn obtain(
    settings: &Settings,
    folder: &Folder,
    state: &mut State,
    progress: &Progress,
) -> Result<Running, StackError> {
    let account = Account::for_postgres();
    let service = folder.postgres(account.as_ref(), progress)?;
    if let Some(running) = service.attach(progress)? {
        if let Some(known) = &state.postgres {
            running.wait_until(progress, PATIENCE, || query(&known.url, "SELECT 1"))?;
            return Ok(running);
        }
        // It runs, but nobody knows its port: it was killed between its start and the note of it.
        running.release(Duration::ZERO)?;
    }
    start(settings, &service, account.as_ref(), state, progress)
}

fn start(
    settings: &Settings,
    service: &ServiceFolder,
    account: Option<&Account>,
    state: &mut State,
    progress: &Progress,
) -> Result<Running, StackError> {
    let data = service.path.join("data");
    cluster::refuse_if_in_use(&data)?;
    if settings.disposable && data.exists() {
        std::fs::remove_dir_all(&data).map_err(StackError::folder("clear", &data))?;
    }
    let binaries = find::or_install(
        &settings.surroundings,
        cluster::major(&data),
        &data,
        account,
        progress,
    )?;
    let password = cluster::password(service)?;
    if !data.exists() {
        progress.say(format!(
            "making a new PostgreSQL {} database in {}",
            binaries.version,
            service.path.display()
        ));
        cluster::initialise(&binaries, service, account, &password, settings.disposable)?;
    }
    let mut port = state.postgres.as_ref().map(|known| known.port);
    for attempt in 1.. {
        let free = crate::ports::free(port.take())?;
        let url = format!("postgres://postgres:{password}@127.0.0.1:{free}/annal");
        progress.say(format!(
            "starting PostgreSQL {} on port {free}",
            binaries.version
        ));
        match launch(
            settings, service, account, &binaries, &data, free, &url, progress,
        ) {
            Ok(running) => {
                state.postgres = Some(PostgresState {
                    url,
                    port: free,
                    version: binaries.version.clone(),
                    pid: service.pid(),
                });
                return Ok(running);
            }
            Err(StackError::NotUp { tail, .. })
                if attempt < PORTS_TO_TRY && tail.contains("could not bind") => {}
            Err(error) => return Err(error),
        }
    }
    unreachable!("the last attempt returns")
}

#[allow(
    clippy::too_many_arguments,
    reason = "one call, and each is a different thing"
)]
fn launch(
    settings: &Settings,
    service: &ServiceFolder,
    account: Option<&Account>,
    binaries: &Binaries,
    data: &Path,
    port: u16,
    url: &str,
    progress: &Progress,
) -> Result<Running, StackError> {
    debug_assert_eq!(service.service, Service::PostgreSql);
    let program = binaries.folder.join("postgres");
    let arguments = cluster::arguments(data, port, settings.disposable);
    let running = service.launch(&Launch {
        program: &program,
        arguments,
        account,
        linger: settings.linger,
    })?;
    let maintenance = cluster::with_database(url, "postgres");
    running.wait_until(progress, PATIENCE, || query(&maintenance, "SELECT 1"))?;
    cluster::ensure_database(&maintenance)?;
    Ok(running)
}
