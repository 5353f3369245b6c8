//! Installs the `temporal` command. Three ways, tried in this order:
//!
//! 1. `go install`, when Go is there: the module proxy and Go's checksum database vouch for every byte; about three minutes.
//! 2. Temporal's own ready-made archive: ten seconds where the whole internet can be reached.
//! 3. A Go toolchain from the module proxy, and then as 1: a machine with nothing but package registries can do this.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::build::Recipe;
use super::find::{VERSION, inspect};
use super::golang;
use crate::StackError;
use crate::cache::Place;
use crate::fetch;
use crate::progress::Progress;
use crate::settings::Surroundings;

const PACKAGE: &str = "github.com/temporalio/cli/cmd/temporal";

/// Installs into `place`; when no way works, `tried` says why. To be called with the cache's lock held.
pub(super) fn into_cache(
    surroundings: &Surroundings,
    place: &Place,
    progress: &Progress,
    tried: &mut Vec<String>,
) -> Result<(), StackError> {
    type Way = fn(&Surroundings, &Path, &Progress) -> Result<PathBuf, String>;
    let ways: [(&str, Way); 3] = [
        ("building it with the `go` on PATH", |at, workshop, say| {
            recipe().with_installed_go(at, workshop, say)
        }),
        ("Temporal's own archive", from_archive),
        (
            "building it with a Go toolchain from the module proxy",
            |at, workshop, say| recipe().with_fetched_go(at, workshop, say),
        ),
    ];
    for (name, way) in ways {
        let workshop = place.workshop()?;
        let made = way(surroundings, &workshop, progress);
        progress.wanted()?;
        match made {
            Ok(folder) if inspect(&folder.join("temporal")).is_some() => {
                return place.keep(&folder, &workshop);
            }
            Ok(_) => tried.push(format!("{name}: what came does not run on this machine")),
            Err(reason) => tried.push(format!("{name}: {reason}")),
        }
    }
    Ok(())
}

fn recipe() -> Recipe {
    Recipe {
        what: "the Temporal server",
        minutes: 3,
        packages: vec![format!("{PACKAGE}@{VERSION}")],
        requires: Vec::new(),
    }
}

fn from_archive(
    surroundings: &Surroundings,
    workshop: &Path,
    progress: &Progress,
) -> Result<PathBuf, String> {
    let platform = if cfg!(target_os = "macos") {
        "darwin"
    } else {
        std::env::consts::OS
    };
    let url = format!(
        "{}/{VERSION}?platform={platform}&arch={}",
        surroundings.temporal_archives,
        golang::architecture()
    );
    progress.say(format!(
        "installing the Temporal server from {} (once) …",
        surroundings.temporal_archives
    ));
    let (archive, bin) = (workshop.join("temporal.tar.gz"), workshop.join("bin"));
    fetch::download(&url, &archive, progress)?;
    let unpack = || {
        fs::create_dir_all(&bin)?;
        tar::Archive::new(flate2::read::GzDecoder::new(File::open(&archive)?)).unpack(&bin)
    };
    unpack().map_err(|error| format!("{url} cannot be unpacked: {error}"))?;
    Ok(bin)
}
