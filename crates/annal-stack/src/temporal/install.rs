//! Installs the `temporal` command. Three ways, tried in this order:
//!
//! 1. `go install`, when Go is there: the module proxy and Go's checksum database vouch for every byte; about three minutes.
//! 2. Temporal's own ready-made archive: ten seconds where the whole internet can be reached.
//! 3. A Go toolchain from the module proxy, and then as 1: a machine with nothing but package registries can do this.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::find::{VERSION, inspect};
use super::golang;
use crate::StackError;
use crate::cache::Place;
use crate::fetch;
use crate::progress::Progress;
use crate::settings::Surroundings;

const MODULE: &str = "github.com/temporalio/cli/cmd/temporal";

/// Installs into `place`; when no way works, `tried` says why. To be called with the cache's lock held.
pub(super) fn into_cache(
    surroundings: &Surroundings,
    place: &Place,
    progress: &Progress,
    tried: &mut Vec<String>,
) -> Result<(), StackError> {
    type Way = fn(&Surroundings, &Path, &Progress) -> Result<PathBuf, String>;
    let ways: [(&str, Way); 3] = [
        ("building it with the `go` on PATH", with_installed_go),
        ("Temporal's own archive", from_archive),
        (
            "building it with a Go toolchain from the module proxy",
            with_fetched_go,
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

fn with_installed_go(
    surroundings: &Surroundings,
    workshop: &Path,
    progress: &Progress,
) -> Result<PathBuf, String> {
    let go = surroundings.program("go").ok_or("there is none")?;
    progress.say("installing the Temporal server: building it with Go (once, about 3 minutes) …");
    build(&go, workshop, progress, |_| {})
}

fn with_fetched_go(
    surroundings: &Surroundings,
    workshop: &Path,
    progress: &Progress,
) -> Result<PathBuf, String> {
    progress.say("installing the Temporal server: getting a Go toolchain (70 MB) to build it with (once, about 5 minutes) …");
    let root = golang::fetch(&surroundings.go_proxies, workshop, progress)?;
    let proxies = surroundings.go_proxies.join(",");
    // Everything of this toolchain stays in the workshop, which is removed.
    build(&root.join("bin/go"), workshop, progress, |command| {
        command
            .env("GOROOT", &root)
            .env("GOPATH", workshop.join("gopath"))
            .env("GOCACHE", workshop.join("gocache"));
        command.env("GOPROXY", &proxies).env("GOTOOLCHAIN", "local");
    })
}

/// `go install` into a folder of the workshop.
fn build(
    go: &Path,
    workshop: &Path,
    progress: &Progress,
    prepare: impl FnOnce(&mut Command),
) -> Result<PathBuf, String> {
    let (bin, log) = (workshop.join("bin"), workshop.join("go.log"));
    let text = |error: io::Error| format!("{}: {error}", go.display());
    let output = File::create(&log).map_err(text)?;
    let mut command = Command::new(go);
    command
        .args([
            "install",
            "-trimpath",
            "-ldflags=-s -w",
            &format!("{MODULE}@{VERSION}"),
        ])
        .current_dir(workshop);
    // Pure Go: no C compiler is needed. A writable module cache can be removed with the workshop.
    command
        .env("GOBIN", &bin)
        .env("CGO_ENABLED", "0")
        .env("GOFLAGS", "-modcacherw")
        .env_remove("GOOS")
        .env_remove("GOARCH");
    prepare(&mut command);
    command
        .stdin(Stdio::null())
        .stdout(output.try_clone().map_err(text)?)
        .stderr(output);
    let mut child = command.spawn().map_err(text)?;
    let status = loop {
        if let Some(status) = child.try_wait().map_err(text)? {
            break status;
        }
        if progress.wanted().is_err() {
            let _ = child.kill();
        }
        std::thread::sleep(Duration::from_millis(100));
    };
    if status.success() {
        return Ok(bin);
    }
    let said = fs::read_to_string(&log).unwrap_or_default();
    Err(format!(
        "go install ended with {status}: {}",
        last_lines(&said)
    ))
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("go: downloading"))
        .collect();
    lines[lines.len().saturating_sub(3)..].join("; ")
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
