//! One step of a task: a command, announced, timed, and fatal when it fails.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

/// Runs `command` with its output on this terminal.
pub(crate) fn step(name: &str, command: &mut Command) -> Result<()> {
    eprintln!("\n=== {name}");
    let began = Instant::now();
    let status = command
        .status()
        .with_context(|| format!("{name}: {command:?} cannot be run"))?;
    if !status.success() {
        bail!("{name}: {command:?} ended with {status}");
    }
    eprintln!("=== {name}: done in {} s", began.elapsed().as_secs());
    Ok(())
}

/// Whether `command` succeeds; what it says is not shown.
pub(crate) fn works(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// A loud line that nobody takes for a result.
pub(crate) fn warn(text: &str) {
    eprintln!("\n!!! {text}");
}

/// The cargo that runs this task.
pub(crate) fn cargo_itself() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// The cargo that runs this task, in the workspace's root.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(cargo_itself());
    command.args(arguments).current_dir(root());
    // What cargo tells this task about itself: build scripts that look at it (ring's does) would run again, and half of
    // the dependencies with them, whenever a task and a cargo at the prompt take turns.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_"]
            .iter()
            .any(|it| name.starts_with(it))
        {
            command.env_remove(name.as_ref());
        }
    }
    command
}

/// An example that `cargo test` has built.
pub(crate) fn built_example(name: &str) -> Command {
    let folder = std::env::current_exe()
        .ok()
        .and_then(|program| Some(program.parent()?.to_path_buf()));
    let mut command = Command::new(folder.unwrap_or_default().join("examples").join(name));
    command.current_dir(root());
    command
}

/// The workspace's folder.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}
