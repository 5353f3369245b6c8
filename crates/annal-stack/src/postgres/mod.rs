//! PostgreSQL: found, installed, started.
//!
//! Written by hand. The crate `postgresql_embedded` (0.22) was tried beside it. As an ordinary user it installs the same Maven
//! package and starts it in a few seconds. As root it fails at initdb; and when its owner was killed, its server stayed behind. It
//! has no way for a second process to share a server either. All of that would still have to be written, and it brings a second
//! sqlx and an HTTP client into the tree.

mod cluster;
mod find;
mod install;

use std::path::PathBuf;
use std::time::Duration;

use crate::StackError;
use crate::account::Account;
use crate::folder::{Folder, PostgresState, State};
use crate::progress::Progress;
use crate::service::{Launch, Running, ServiceFolder};
use crate::settings::Settings;

pub(crate) use cluster::{password, query, run, with_database};
pub(crate) use find::Binaries;

/// Crash recovery replays what was written since the last checkpoint, so a start may take a while.
const PATIENCE: Duration = Duration::from_secs(180);
const ONE: &str = "SELECT 1";
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
        // Nobody knows the port of a server whose state file was deleted. It is replaced when its last user has gone.
        let known = state.postgres.as_ref().map(|known| known.url.clone());
        let answer = known.map(|url| running.wait_until(progress, PATIENCE, || query(&url, ONE)));
        match answer {
            Some(Ok(_)) => return Ok(running),
            Some(Err(error)) if service.is_alive()? => return Err(error),
            _ => running.release(Duration::ZERO)?,
        }
    }
    let start = Start {
        settings,
        folder,
        service: &service,
        account: account.as_ref(),
        progress,
    };
    let binaries = start.prepare()?;
    start.on_a_free_port(&binaries, state)
}

/// One start of the server in its folder.
struct Start<'a> {
    settings: &'a Settings,
    folder: &'a Folder,
    service: &'a ServiceFolder,
    account: Option<&'a Account>,
    progress: &'a Progress,
}

impl Start<'_> {
    fn data(&self) -> PathBuf {
        self.service.path.join("data")
    }

    /// Sees to it that there are programs and data that fit together.
    fn prepare(&self) -> Result<Binaries, StackError> {
        let data = self.data();
        cluster::refuse_if_in_use(&data)?;
        if self.settings.disposable && data.exists() {
            std::fs::remove_dir_all(&data).map_err(StackError::folder("clear", &data))?;
        }
        let surroundings = &self.settings.surroundings;
        let wanted = cluster::major(&data);
        let binaries = find::or_install(surroundings, wanted, &data, self.account, self.progress)?;
        if !data.exists() {
            let place = self.service.path.display();
            self.progress.say(format!(
                "making a new PostgreSQL {} database in {place}",
                binaries.version
            ));
            cluster::initialise(
                &binaries,
                self.service,
                self.account,
                self.settings.disposable,
            )?;
        }
        Ok(binaries)
    }

    /// Tries the port of the last time first.
    fn on_a_free_port(
        &self,
        binaries: &Binaries,
        state: &mut State,
    ) -> Result<Running, StackError> {
        let password = cluster::password(self.service)?;
        let mut last_port = state.postgres.as_ref().map(|known| known.port);
        for attempt in 1.. {
            let port = crate::ports::free(last_port.take())?;
            let url = format!("postgres://postgres:{password}@127.0.0.1:{port}/annal");
            self.progress.say(format!(
                "starting PostgreSQL {} on port {port}",
                binaries.version
            ));
            // Noted before the start: if we are killed in between, the next one still knows where the server is.
            state.postgres = Some(PostgresState {
                url: url.clone(),
                port,
                version: binaries.version.clone(),
            });
            self.folder.remember(state)?;
            match self.launch(binaries, port, &url) {
                Err(StackError::NotUp { tail, .. })
                    if attempt < PORTS_TO_TRY && tail.contains("could not bind") => {}
                outcome => return outcome,
            }
        }
        unreachable!("the last attempt returns")
    }

    fn launch(&self, binaries: &Binaries, port: u16, url: &str) -> Result<Running, StackError> {
        let running = self.service.launch(&Launch {
            program: &binaries.folder.join("postgres"),
            arguments: cluster::arguments(&self.data(), port, self.settings.disposable),
            account: self.account,
            linger: self.settings.linger,
            needs: None,
        })?;
        let maintenance = with_database(url, "postgres");
        running.wait_until(self.progress, PATIENCE, || query(&maintenance, ONE))?;
        cluster::ensure_database(&maintenance)?;
        Ok(running)
    }
}
