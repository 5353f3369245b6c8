//! A real Temporal server: found, installed, started.

mod attributes;
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
use crate::service::{Launch, Running, ServiceFolder, without_settings};
use crate::settings::Settings;

pub(crate) use attributes::ensure as ensure_attributes;
pub(crate) use find::or_install;

const PATIENCE: Duration = Duration::from_secs(60);
const PORTS_TO_TRY: usize = 3;
const NAMESPACE: &str = "default";
const DEV_SERVER: [&str; 7] = [
    "server",
    "start-dev",
    "--headless",
    "--log-level",
    "warn",
    "--ip",
    "127.0.0.1",
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
    let running = match attach(&service, state, progress)? {
        Some(running) => running,
        None => start(settings, folder, &service, state, progress)?,
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

/// Tries the port of the last time first.
fn start(
    settings: &Settings,
    folder: &Folder,
    service: &ServiceFolder,
    state: &mut State,
    progress: &Progress,
) -> Result<Running, StackError> {
    let server = or_install(&settings.surroundings, progress)?;
    let mut last_port = state.temporal.as_ref().map(|known| known.port);
    for attempt in 1.. {
        let port = crate::ports::free(last_port.take())?;
        progress.say(format!(
            "starting Temporal {} on port {port}",
            server.version
        ));
        let (target, version) = (format!("127.0.0.1:{port}"), server.version.clone());
        // Noted before the start: if we are killed in between, the next one still knows where the server is.
        state.temporal = Some(TemporalState {
            target,
            namespace: NAMESPACE.into(),
            port,
            version,
        });
        folder.remember(state)?;
        match launch(settings, service, &server.program, port, progress) {
            Err(StackError::NotUp { tail, .. })
                if attempt < PORTS_TO_TRY && tail.contains("address already in use") => {}
            outcome => return outcome,
        }
    }
    unreachable!("the last attempt returns")
}

fn launch(
    settings: &Settings,
    service: &ServiceFolder,
    program: &Path,
    port: u16,
    progress: &Progress,
) -> Result<Running, StackError> {
    let mut arguments: Vec<String> = DEV_SERVER.map(String::from).to_vec();
    arguments.extend(["--port".into(), port.to_string()]);
    if !settings.disposable {
        let file = service.path.join("temporal.db").display().to_string();
        arguments.extend(["--db-filename".into(), file]);
    }
    let launch = Launch {
        program,
        arguments,
        account: None,
        linger: settings.linger,
    };
    let running = service.launch(&launch)?;
    running.wait_until(progress, PATIENCE, || healthy(program, port))?;
    Ok(running)
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
