//! Dependencies: licenses, duplicates, sources and known vulnerabilities, by cargo-deny and `deny.toml`.

use anyhow::Result;

use crate::step::{cargo, step, warn};

/// cargo-deny takes minutes to build, so it is used where it is installed and missed loudly elsewhere.
pub(crate) fn check() -> Result<()> {
    let installed = cargo(&["deny", "--version"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !installed {
        warn(
            "NOT CHECKED: dependencies. cargo-deny is not installed; get it with `cargo install --locked cargo-deny`",
        );
        return Ok(());
    }
    step(
        "dependencies",
        &mut cargo(&["deny", "--locked", "check", "licenses", "bans", "sources"]),
    )?;
    // Behind a closed network the list of known vulnerabilities cannot be had; that is not this project's fault.
    let fetched = cargo(&["deny", "fetch", "db"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !fetched {
        warn(
            "NOT CHECKED: known vulnerabilities. The advisory database cannot be reached from here",
        );
        return Ok(());
    }
    step(
        "known vulnerabilities",
        &mut cargo(&["deny", "--locked", "check", "advisories"]),
    )
}
