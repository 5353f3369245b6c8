//! Builds a Go program of a module's release: `go install`, for which the module proxy and Go's checksum database vouch for
//! every byte.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::golang;
use crate::progress::Progress;
use crate::settings::Surroundings;

/// What is built.
pub(super) struct Recipe {
    /// What it is called in front of a person.
    pub(super) what: &'static str,
    /// How long it takes, roughly.
    pub(super) minutes: u32,
    /// The packages of the programs.
    pub(super) packages: Vec<String>,
    /// The modules that they come from, when a package does not name its own version.
    pub(super) requires: Vec<String>,
}

impl Recipe {
    /// With the Go that is installed; gives the folder of the programs.
    pub(super) fn with_installed_go(
        &self,
        surroundings: &Surroundings,
        workshop: &Path,
        progress: &Progress,
    ) -> Result<PathBuf, String> {
        let go = surroundings.program("go").ok_or("there is none")?;
        progress.say(format!(
            "installing {}: building it with Go (once, about {} minutes) …",
            self.what, self.minutes
        ));
        self.build(&go, workshop, progress, |_| {})
    }

    /// With a Go toolchain from the module proxy.
    pub(super) fn with_fetched_go(
        &self,
        surroundings: &Surroundings,
        workshop: &Path,
        progress: &Progress,
    ) -> Result<PathBuf, String> {
        progress.say(format!(
            "installing {}: getting a Go toolchain (70 MB) to build it with (once, about 5 minutes) …",
            self.what
        ));
        let root = golang::fetch(&surroundings.go_proxies, workshop, progress)?;
        let proxies = surroundings.go_proxies.join(",");
        // Everything of this toolchain stays in the workshop, which is removed.
        self.build(&root.join("bin/go"), workshop, progress, |command| {
            command
                .env("GOROOT", &root)
                .env("GOPATH", workshop.join("gopath"))
                .env("GOCACHE", workshop.join("gocache"));
            command.env("GOPROXY", &proxies).env("GOTOOLCHAIN", "local");
        })
    }

    /// `go install` into a folder of the workshop.
    fn build(
        &self,
        go: &Path,
        workshop: &Path,
        progress: &Progress,
        prepare: impl FnOnce(&mut Command),
    ) -> Result<PathBuf, String> {
        let (bin, log) = (workshop.join("bin"), workshop.join("go.log"));
        let text = |error: io::Error| format!("{}: {error}", go.display());
        let output = File::create(&log).map_err(text)?;
        let mut command = Command::new(go);
        command.arg("install");
        if !self.requires.is_empty() {
            fs::write(workshop.join("go.mod"), self.module()).map_err(text)?;
            command.arg("-mod=mod");
        }
        command
            .args(["-trimpath", "-ldflags=-s -w"])
            .args(&self.packages)
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
}

impl Recipe {
    /// A module that requires those of the programs.
    fn module(&self) -> String {
        let requires = self.requires.iter();
        let requires: String = requires.map(|it| format!("require {it}\n")).collect();
        format!("module build\n\ngo 1.24\n\n{requires}")
    }
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("go: downloading"))
        .collect();
    lines[lines.len().saturating_sub(3)..].join("; ")
}
