//! A real Temporal server: found, installed, started.

mod attributes;
mod build;
mod cluster;
mod find;
mod golang;
mod install;

use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::StackError;
use crate::account::Account;
use crate::folder::{Folder, State, TemporalState};
use crate::progress::Progress;
use crate::service::{Launch, Running, ServiceFolder, without_settings};
use crate::settings::{Settings, TemporalStore};

pub(crate) use attributes::ensure as ensure_attributes;
use cluster::Cluster;
pub use cluster::TEMPORAL_RELEASE;
use find::Server;
pub(crate) use find::or_install;

const PATIENCE: Duration = Duration::from_secs(60);
const PORTS_TO_TRY: usize = 3;
const NAMESPACE: &str = "default";
/// How long Temporal keeps the history of a run that has ended.
const RETENTION: &str = "90d";
const DEV_SERVER: [&str; 7] = [
    "server",
    "start-dev",
    "--headless",
    "--log-level",
    "warn",
    "--ip",
    "127.0.0.1",
];
/// How often a second the server may look into each of its queues. By default it is 20 times, and a run's decision takes two
/// looks into the first of them: whoever decides one after the other would wait for the next look, not for the work.
const LOOKS: [&str; 3] = [
    "history.transferProcessorMaxPollRPS=1000",
    "history.timerProcessorMaxPollRPS=1000",
    "history.visibilityProcessorMaxPollRPS=1000",
];

/// Installs the server if it has to be. Done before the folder is locked, so that those who need only PostgreSQL do not
/// wait for a build of minutes.
pub(crate) fn prepare(
    settings: &Settings,
    folder: &Folder,
    progress: &Progress,
) -> Result<(), StackError> {
    if !folder.temporal()?.is_alive()? {
        or_install(&settings.surroundings, progress)?;
        if settings.temporal_store == TemporalStore::PostgreSql {
            cluster::or_install(&settings.surroundings, progress)?;
        }
    }
    Ok(())
}

/// Uses the Temporal server of the folder, after starting it if it does not run.
pub(crate) fn obtain(
    settings: &Settings,
    folder: &Folder,
    database_url: &str,
    state: &mut State,
    progress: &Progress,
) -> Result<Running, StackError> {
    let service = folder.temporal()?;
    let running = match attach(&service, state, progress)? {
        Some(running) => running,
        None => {
            let start = Start {
                settings,
                folder,
                service: &service,
                database_url,
                progress,
            };
            start.on_a_free_port(state)?
        }
    };
    if let (Some(known), false) = (&state.temporal, settings.search_attributes.is_empty()) {
        let program = or_install(&settings.surroundings, progress)?.program;
        attributes::ensure(
            &program,
            &known.target,
            NAMESPACE,
            &settings.search_attributes,
        )?;
    }
    Ok(running)
}

fn attach(
    service: &ServiceFolder,
    state: &State,
    progress: &Progress,
) -> Result<Option<Running>, StackError> {
    let Some(running) = service.attach(progress)? else {
        return Ok(None);
    };
    // Nobody knows the port of a server whose state file was deleted. It is replaced when its last user has gone.
    let answer = state
        .temporal
        .as_ref()
        .map(|known| running.wait_until(progress, PATIENCE, || accepts(known.port)));
    match answer {
        Some(Ok(())) => return Ok(Some(running)),
        Some(Err(error)) if service.is_alive()? => return Err(error),
        _ => running.release(Duration::ZERO)?,
    }
    Ok(None)
}

/// One start of the server in its folder.
struct Start<'a> {
    settings: &'a Settings,
    folder: &'a Folder,
    service: &'a ServiceFolder,
    database_url: &'a str,
    progress: &'a Progress,
}

/// A server that can be launched.
enum Ready {
    Development(Server),
    Production { cluster: Cluster, command: Server },
}

impl Start<'_> {
    /// Tries the port of the last time first.
    fn on_a_free_port(&self, state: &mut State) -> Result<Running, StackError> {
        let ready = self.prepare()?;
        let version = ready.version().to_owned();
        let mut last_port = state.temporal.as_ref().map(|known| known.port);
        for attempt in 1.. {
            let port = crate::ports::free(last_port.take())?;
            self.progress
                .say(format!("starting Temporal {version} on port {port}"));
            // Noted before the start: if we are killed in between, the next one still knows where the server is.
            state.temporal = Some(TemporalState {
                target: format!("127.0.0.1:{port}"),
                namespace: NAMESPACE.into(),
                port,
                version: version.clone(),
            });
            self.folder.remember(state)?;
            match self.launch(&ready, port) {
                Err(StackError::NotUp { tail, .. })
                    if attempt < PORTS_TO_TRY && tail.contains("address already in use") => {}
                outcome => return outcome,
            }
        }
        unreachable!("the last attempt returns")
    }

    fn prepare(&self) -> Result<Ready, StackError> {
        let (settings, progress) = (self.settings, self.progress);
        let command = or_install(&settings.surroundings, progress)?;
        Ok(match settings.temporal_store {
            TemporalStore::File => Ready::Development(command),
            TemporalStore::PostgreSql => Ready::Production {
                cluster: Cluster::prepare(settings, self.service, self.database_url, progress)?,
                command,
            },
        })
    }

    fn launch(&self, ready: &Ready, port: u16) -> Result<Running, StackError> {
        let (program, arguments) = match ready {
            Ready::Development(server) => (&server.program, self.development(port)),
            Ready::Production { cluster, .. } => {
                let arguments = cluster.arguments(self.service, port)?;
                (&cluster.programs.server, arguments)
            }
        };
        let running = self.service.launch(&Launch {
            program,
            arguments,
            account: None,
            linger: self.settings.linger,
            needs: self.needs(ready)?,
        })?;
        let command = &ready.command().program;
        running.wait_until(self.progress, PATIENCE, || healthy(command, port))?;
        if let Ready::Production { .. } = ready {
            let target = format!("127.0.0.1:{port}");
            running.wait_until(self.progress, PATIENCE, || namespace(command, &target))?;
        }
        Ok(running)
    }

    fn development(&self, port: u16) -> Vec<String> {
        let mut arguments: Vec<String> = DEV_SERVER.map(String::from).to_vec();
        arguments.extend(["--port".into(), port.to_string()]);
        if !self.settings.disposable {
            let file = self.service.path.join("temporal.db").display().to_string();
            arguments.extend(["--db-filename".into(), file]);
            // One flush a commit instead of three, which keep the same.
            arguments.extend(["--sqlite-pragma".into(), "journal_mode=WAL".into()]);
        }
        for look in LOOKS {
            arguments.extend(["--dynamic-config-value".into(), look.into()]);
        }
        arguments
    }

    /// Our own PostgreSQL has to be there until a server that keeps its data in it has ended.
    fn needs(&self, ready: &Ready) -> Result<Option<PathBuf>, StackError> {
        let own = self.settings.surroundings.database_url.is_none();
        match ready {
            Ready::Production { .. } if own => {
                let account = Account::for_postgres();
                let postgres = self.folder.postgres(account.as_ref(), self.progress)?;
                Ok(Some(postgres.lease()))
            }
            _ => Ok(None),
        }
    }
}

impl Ready {
    /// The `temporal` command, which also asks and sets up the server for production.
    fn command(&self) -> &Server {
        match self {
            Self::Development(command) | Self::Production { command, .. } => command,
        }
    }

    fn version(&self) -> &str {
        match self {
            Self::Development(server) => &server.version,
            Self::Production { cluster, .. } => &cluster.programs.version,
        }
    }
}

/// Makes the namespace, which the development server has from its start. A new server refuses that until all its services
/// have found each other, and for a moment it may not know a namespace that it has just made.
fn namespace(program: &Path, target: &str) -> Result<(), String> {
    let ask = |what: &[&str]| {
        operator(
            program,
            target,
            &[what, &["--namespace", NAMESPACE]].concat(),
        )
    };
    if ask(&["namespace", "describe"]).is_err() {
        ask(&["namespace", "create", "--retention", RETENTION])?;
    }
    ask(&["search-attribute", "list"]).map(|_| ())
}

/// Asks the server over gRPC whether it serves.
fn healthy(program: &Path, port: u16) -> Result<(), String> {
    accepts(port)?;
    operator(
        program,
        &format!("127.0.0.1:{port}"),
        &["cluster", "health"],
    )
    .map(|_| ())
}

fn accepts(port: u16) -> Result<(), String> {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    TcpStream::connect_timeout(&address, Duration::from_secs(2))
        .map(|_| ())
        .map_err(|error| format!("{address}: {error}"))
}

/// Runs `temporal operator …` against a server and gives what it printed.
pub(crate) fn operator(program: &Path, target: &str, arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new(program);
    command
        .arg("operator")
        .args(arguments)
        .args(["--address", target, "--command-timeout", "10s"]);
    without_settings(&mut command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{}: {error}", program.display()))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }
}
