//! Installs what a browser test needs, and says what it does.

use std::fs;
use std::process::{Command, Stdio};

use crate::error::BrowserError;
use crate::find::{self, Programs};
use crate::issuer;
use crate::npm::Package;

/// Deque's accessibility checks: one script, put into the page under test.
pub(crate) const AXE: Package = Package {
    name: "axe-core",
    version: "4.14.1",
    sha512: "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==",
};

/// Another install may hold the package manager's lock.
const WAIT_FOR_LOCK: &str = "DPkg::Lock::Timeout=600";

/// Finds the programs, and installs those that are missing: Chromium and its driver by `apt-get` where this is Debian
/// and root asks, axe-core and the OpenID Connect issuer of the tests into Annal's cache.
///
/// # Errors
/// [`BrowserError::Install`] if a command or a download fails, [`BrowserError::Missing`] where nothing can be installed.
pub fn install(say: &dyn Fn(&str)) -> Result<Programs, BrowserError> {
    if find::chromium().is_none() || find::driver().is_none() {
        install_chromium(say)?;
    }
    if find::axe().is_none() {
        install_axe(say)?;
    }
    issuer::install(say)?;
    Programs::find()
}

fn install_chromium(say: &dyn Fn(&str)) -> Result<(), BrowserError> {
    if !is_root() || find::on_path("apt-get").is_none() {
        say(
            "Chromium is missing, and only root can install it here: apt-get install chromium chromium-driver",
        );
        return Ok(());
    }
    say("installing Chromium and its driver with apt-get …");
    let packages = ["chromium", "chromium-driver"];
    apt_get(&["update", "-qq"])?;
    let mut words = vec![
        "install",
        "-y",
        "-qq",
        "--no-install-recommends",
        "-o",
        WAIT_FOR_LOCK,
    ];
    words.extend(packages);
    apt_get(&words)
}

/// Files that a process makes belong to its user; asking so needs no foreign function.
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata("/proc/self").is_ok_and(|it| it.uid() == 0)
}

fn apt_get(words: &[&str]) -> Result<(), BrowserError> {
    let mut command = Command::new("apt-get");
    command
        .args(words)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    let failed = |reason: String| BrowserError::Install {
        what: "Chromium",
        reason: format!("apt-get {}: {reason}", words.join(" ")),
    };
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(failed(format!("ended with {status}"))),
        Err(no) => Err(failed(no.to_string())),
    }
}

fn install_axe(say: &dyn Fn(&str)) -> Result<(), BrowserError> {
    say(&format!("installing {} {} …", AXE.name, AXE.version));
    keep(&AXE.file("axe.min.js")?).map_err(|no| BrowserError::Install {
        what: AXE.name,
        reason: no.to_string(),
    })
}

/// Moved to its place whole, so that a test never finds half of it.
fn keep(script: &[u8]) -> std::io::Result<()> {
    let place = find::axe_in_cache();
    let folder = place.parent().unwrap_or(&place);
    fs::create_dir_all(folder)?;
    let unfinished = tempfile::NamedTempFile::new_in(folder)?;
    fs::write(unfinished.path(), script)?;
    unfinished.persist(&place)?;
    Ok(())
}
