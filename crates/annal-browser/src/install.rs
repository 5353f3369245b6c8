//! Installs what a browser test needs, and says what it does.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use sha2::{Digest as _, Sha512};

use crate::error::BrowserError;
use crate::find::{self, Programs};

/// A package of npm with the hash that its registry states.
pub(crate) struct Package {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    sha512: &'static str,
}

/// Deque's accessibility checks: one script, put into the page under test.
pub(crate) const AXE: Package = Package {
    name: "axe-core",
    version: "4.14.1",
    sha512: "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==",
};

const REGISTRY: &str = "https://registry.npmjs.org";
/// Another install may hold the package manager's lock.
const WAIT_FOR_LOCK: &str = "DPkg::Lock::Timeout=600";

/// Finds the programs, and installs those that are missing: Chromium and its driver by `apt-get` where this is Debian
/// and root asks, axe-core into Annal's cache.
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
    let archive = packed_by_npm().or_else(|_| downloaded())?;
    let hash = STANDARD.encode(Sha512::digest(&archive));
    if hash != AXE.sha512 {
        return Err(no_axe(format!("its hash is {hash}, not {}", AXE.sha512)));
    }
    let mut archive = tar::Archive::new(GzDecoder::new(archive.as_slice()));
    for entry in archive.entries().map_err(no_axe)? {
        let mut entry = entry.map_err(no_axe)?;
        if entry.path().map_err(no_axe)? == Path::new("package/axe.min.js") {
            let mut script = Vec::new();
            entry.read_to_end(&mut script).map_err(no_axe)?;
            return keep(&script);
        }
    }
    Err(no_axe("the package holds no axe.min.js"))
}

/// By npm itself where it is, because it knows this machine's registry.
fn packed_by_npm() -> Result<Vec<u8>, BrowserError> {
    let folder = tempfile::tempdir().map_err(no_axe)?;
    let what = format!("{}@{}", AXE.name, AXE.version);
    let output = Command::new("npm")
        .args(["pack", "--silent", &what])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .map_err(no_axe)?;
    if !output.status.success() {
        return Err(no_axe(String::from_utf8_lossy(&output.stderr)));
    }
    let file = folder
        .path()
        .join(format!("{}-{}.tgz", AXE.name, AXE.version));
    fs::read(file).map_err(no_axe)
}

fn downloaded() -> Result<Vec<u8>, BrowserError> {
    let (name, version) = (AXE.name, AXE.version);
    let address = format!("{REGISTRY}/{name}/-/{name}-{version}.tgz");
    let answer = ureq::get(&address).call().map_err(no_axe)?;
    answer.into_body().read_to_vec().map_err(no_axe)
}

/// Moved to its place whole, so that a test never finds half of it.
fn keep(script: &[u8]) -> Result<(), BrowserError> {
    let place = find::axe_in_cache();
    let folder = place.parent().unwrap_or(&place);
    fs::create_dir_all(folder).map_err(no_axe)?;
    let unfinished = tempfile::NamedTempFile::new_in(folder).map_err(no_axe)?;
    fs::write(unfinished.path(), script).map_err(no_axe)?;
    unfinished.persist(&place).map_err(no_axe)?;
    Ok(())
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is what `map_err` hands over"
)]
fn no_axe(reason: impl ToString) -> BrowserError {
    BrowserError::Install {
        what: AXE.name,
        reason: reason.to_string(),
    }
}
