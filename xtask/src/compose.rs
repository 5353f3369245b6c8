//! The production shape's file, by Docker's own reading, where Docker is.

use std::process::Command;

use anyhow::{Context as _, Result};

use crate::step::{root, step, warn, works};

pub(crate) fn check() -> Result<()> {
    if !works(Command::new("docker").args(["compose", "version"])) {
        warn(
            "NOT CHECKED: docker-compose.yml by `docker compose config`, which is not installed. tests/production_shape checks what the file names",
        );
        return Ok(());
    }
    let example = root().join("docker/example.env");
    let example = std::fs::read_to_string(&example)
        .with_context(|| format!("{} cannot be read", example.display()))?;
    let names = example.lines().filter_map(|line| line.strip_suffix('='));
    let chosen = names.map(|name| (name, "chosen"));
    let mut config = Command::new("docker");
    config
        .args(["compose", "config", "--quiet"])
        .envs(chosen)
        .current_dir(root());
    step("docker-compose.yml", &mut config)
}
