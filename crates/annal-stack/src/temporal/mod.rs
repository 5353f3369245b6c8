//! A real Temporal server: found, installed, started.

mod find;
mod golang;
mod install;

use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::StackError;
use crate::folder::{Folder, State, TemporalState};
use crate::progress::Progress;
use crate::service::{Launch, Running, ServiceFolder};
use crate::settings::Settings;

pub(crate) use find::or_install;

const PATIENCE: Duration = Duration::from_secs(60);
const PORTS_TO_TRY: usize = 3;

/// Installs the server if it has to be. Done before the folder is locked, so that those who need only PostgreSQL do not
/// wait for a build of minutes.
pub(crate) fn prepare(
    settings: &Settings,
    folder: &Folder,
    progress: &Progress,
) -> Result<(), StackError> {
    if !folder.temporal()?.is_alive()? {
        or_install(&settings.surroundings, progress)?;
    }
    Ok(())
}

/// Uses the Temporal server of the folder, after starting it if it does not run.
pub(crate) fn obtain(
    settings: &Settings,
    folder: &Folder,
    state: &mut State,
    progress: &Progress,
) -> Result<Running, StackError> {
    let service = folder.temporal()?;
    if let Some(running) = service.attach(progress)? {
        if let Some(known) = &state.temporal {
            running.wait_until(progress, PATIENCE, || accepts(known.port))?;
            return Ok(running);
        }
        // It runs, but nobody knows its port: it was killed between its start and the note of it.
        running.release(Duration::ZERO)?;
    }
    start(settings, &service, state, progress)
}

fn start(
    settings: &Settings,
    service: &ServiceFolder,
    state: &mut State,
    progress: &Progress,
) -> Result<Running, StackError> {
    let server = or_install(&settings.surroundings, progress)?;
    let namespace = settings.surroundings.temporal_namespace.clone();
    let mut port = state.temporal.as_ref().map(|known| known.port);
    for attempt in 1.. {
        let free = crate::ports::free(port.take())?;
        progress.say(format!(
            "starting Temporal {} on port {free}",
            server.version
        ));
        let arguments = arguments(settings, service, free, &namespace);
        let running = service.launch(&Launch {
            program: &server.program,
            arguments,
            account: None,
            linger: settings.linger,
        })?;
        match running.wait_until(progress, PATIENCE, || healthy(&server.program, free)) {
            Ok(()) => {
                let target = format!("127.0.0.1:{free}");
                state.temporal = Some(TemporalState {
                    target,
                    namespace,
                    port: free,
                    version: server.version,
                    pid: service.pid(),
                });
                return Ok(running);
            }
            Err(StackError::NotUp { tail, .. })
                if attempt < PORTS_TO_TRY && tail.contains("address already in use") => {}
            Err(error) => return Err(error),
        }
    }
    unreachable!("the last attempt returns")
}

fn arguments(
    settings: &Settings,
    service: &ServiceFolder,
    port: u16,
    namespace: &str,
) -> Vec<String> {
    let mut arguments: Vec<String> = [
        "server",
        "start-dev",
        "--headless",
        "--log-level",
        "warn",
        "--ip",
        "127.0.0.1",
    ]
    .map(String::from)
    .to_vec();
    arguments.extend(["--port".into(), port.to_string()]);
    if !settings.disposable {
        arguments.extend([
            "--db-filename".into(),
            service.path.join("temporal.db").display().to_string(),
        ]);
    }
    if namespace != "default" {
        arguments.extend(["--namespace".into(), namespace.to_owned()]);
    }
    for attribute in &settings.search_attributes {
        arguments.extend(["--search-attribute".into(), attribute.clone()]);
    }
    arguments
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
    // Settings for a real server, a TLS key among them, must not reach our own.
    for (name, _) in
        std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TEMPORAL_"))
    {
        command.env_remove(name);
    }
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
