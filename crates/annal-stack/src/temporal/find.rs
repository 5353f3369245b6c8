//! Which `temporal` command to use: one that is installed, one that was put into the cache before, or a new install.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::install;
use crate::StackError;
use crate::cache::Place;
use crate::progress::Progress;
use crate::settings::Surroundings;

/// The release that is installed. It is the newest one whose module `go install` takes: later ones replace modules.
pub(super) const VERSION: &str = "v1.5.1";
/// The first server with updates ready for production.
const OLDEST: (u32, u32) = (1, 26);

/// A usable `temporal` command with the server inside.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) program: PathBuf,
    /// The server's version, such as `1.29.1`.
    pub(crate) version: String,
}

/// The command on the path, in the cache, or a fresh install.
pub(crate) fn or_install(
    surroundings: &Surroundings,
    progress: &Progress,
) -> Result<Server, StackError> {
    let mut tried = Vec::new();
    match surroundings.program("temporal") {
        Some(program) => match inspect(&program) {
            Some(server) => return Ok(server),
            None => tried.push(format!(
                "{}: it has no server of version {}.{} or newer inside",
                program.display(),
                OLDEST.0,
                OLDEST.1
            )),
        },
        None => tried.push("`temporal` on PATH: none".into()),
    }
    let place = Place::new(&surroundings.cache, "temporal", VERSION);
    let installed = || inspect(&place.path().join("temporal"));
    if let Some(server) = installed() {
        return Ok(server);
    }
    let _lock = place.lock(progress)?;
    if let Some(server) = installed() {
        return Ok(server);
    }
    install::into_cache(surroundings, &place, progress, &mut tried)?;
    installed().ok_or(StackError::NoTemporal { tried })
}

/// The server in `program`, if there is one that serves.
pub(super) fn inspect(program: &Path) -> Option<Server> {
    let output = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let version = parse_version(&String::from_utf8_lossy(&output.stdout))?;
    let mut numbers = version
        .split('.')
        .map_while(|part| part.parse::<u32>().ok());
    if (numbers.next()?, numbers.next()?) < OLDEST {
        return None;
    }
    Some(Server {
        program: program.to_path_buf(),
        version,
    })
}

/// From a line such as `temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)`.
fn parse_version(line: &str) -> Option<String> {
    let (_, after) = line.split_once("(Server ")?;
    Some(after.split([',', ')']).next()?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_version_is_the_one_in_brackets() {
        assert_eq!(
            parse_version("temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)\n").as_deref(),
            Some("1.29.1")
        );
        // The old command line client of the same name has no server inside.
        assert_eq!(parse_version("temporal version 0.9.0"), None);
    }
}
