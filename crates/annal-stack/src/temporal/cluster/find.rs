//! Which server to use: one that is installed, one that was put into the cache before, or a new build.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::super::build::Recipe;
use super::super::find::VERSION as CLI;
use crate::StackError;
use crate::cache::Place;
use crate::progress::Progress;
use crate::settings::Surroundings;

/// The release of the server for production that is installed and tested. It is the one inside the `temporal` command that is
/// installed, so that a build of the one is most of the other's.
pub const TEMPORAL_RELEASE: &str = "1.29.1";
const SERVER: &str = "temporal-server";
const SQL_TOOL: &str = "temporal-sql-tool";
/// The programs' packages, and what Temporal calls the programs.
const PROGRAMS: [(&str, &str, &str); 2] = [
    ("go.temporal.io/server/cmd/server", "server", SERVER),
    ("go.temporal.io/server/cmd/tools/sql", "sql", SQL_TOOL),
];

/// A server and the tool that makes its tables.
#[derive(Clone, Debug)]
pub(crate) struct Programs {
    pub(crate) server: PathBuf,
    pub(crate) sql_tool: PathBuf,
    /// Such as `1.29.1`.
    pub(crate) version: String,
}

/// The programs on the path, in the cache, or a fresh build.
pub(crate) fn or_install(
    surroundings: &Surroundings,
    progress: &Progress,
) -> Result<Programs, StackError> {
    let on_path = (surroundings.program(SERVER), surroundings.program(SQL_TOOL));
    if let (Some(server), Some(sql_tool)) = on_path
        && let Some(found) = inspect(server, sql_tool)
    {
        return Ok(found);
    }
    let mut tried = vec![format!("`{SERVER}` and `{SQL_TOOL}` on PATH: not both")];
    let place = Place::new(&surroundings.cache, SERVER, TEMPORAL_RELEASE);
    let installed = || inspect(place.path().join(SERVER), place.path().join(SQL_TOOL));
    if let Some(found) = installed() {
        return Ok(found);
    }
    let _lock = place.lock(progress)?;
    if let Some(found) = installed() {
        return Ok(found);
    }
    build(surroundings, &place, progress, &mut tried)?;
    installed().ok_or(StackError::NoTemporal { tried })
}

fn build(
    surroundings: &Surroundings,
    place: &Place,
    progress: &Progress,
    tried: &mut Vec<String>,
) -> Result<(), StackError> {
    let recipe = Recipe {
        what: "the Temporal server for PostgreSQL",
        minutes: 1,
        packages: PROGRAMS.map(|(package, ..)| package.to_owned()).to_vec(),
        // With the command's own choice of versions nearly all that is compiled here was compiled for the command already.
        requires: vec![
            format!("github.com/temporalio/cli {CLI}"),
            format!("go.temporal.io/server v{TEMPORAL_RELEASE}"),
        ],
    };
    for fetched in [false, true] {
        let workshop = place.workshop()?;
        let (name, made) = if fetched {
            let name = "building it with a Go toolchain from the module proxy";
            (
                name,
                recipe.with_fetched_go(surroundings, &workshop, progress),
            )
        } else {
            let name = "building it with the `go` on PATH";
            (
                name,
                recipe.with_installed_go(surroundings, &workshop, progress),
            )
        };
        progress.wanted()?;
        match made {
            Ok(folder) => {
                name_as_temporal_does(&folder)?;
                return place.keep(&folder, &workshop);
            }
            Err(reason) => tried.push(format!("{name}: {reason}")),
        }
    }
    Ok(())
}

/// Go calls a program by its package's last part.
fn name_as_temporal_does(folder: &Path) -> Result<(), StackError> {
    for (_, built, named) in PROGRAMS {
        let built = folder.join(built);
        fs::rename(&built, folder.join(named)).map_err(StackError::folder("rename", &built))?;
    }
    Ok(())
}

fn inspect(server: PathBuf, sql_tool: PathBuf) -> Option<Programs> {
    let version = version(&server)?;
    version_output(&sql_tool)?;
    Some(Programs {
        server,
        sql_tool,
        version,
    })
}

/// From a line such as `temporal version 1.29.1`.
fn version(program: &Path) -> Option<String> {
    let text = version_output(program)?;
    text.split_whitespace().last().map(str::to_owned)
}

fn version_output(program: &Path) -> Option<String> {
    let mut command = Command::new(program);
    let output = command
        .arg("--version")
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    output.status.success().then_some(text)
}
