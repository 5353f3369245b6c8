//! Installs PostgreSQL from Maven Central or a mirror of it, where the zonky project publishes server builds for every platform as
//! ordinary packages: a jar that holds one `.txz`.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::find::{Binaries, inspect};
use crate::StackError;
use crate::account::Account;
use crate::cache::Place;
use crate::fetch;
use crate::progress::Progress;
use crate::settings::Surroundings;

/// The one for new data. Its packages' SHA-256 are below.
const NEW_DATA: &str = "17.11.0";
/// For data that an installed PostgreSQL made which has gone since.
const OTHERS: [&str; 4] = ["14.24.0", "15.19.0", "16.15.0", "18.6.0"];
const KNOWN: [(&str, &str); 5] = [
    (
        "linux-amd64",
        "0dd7b72b6f335b8ecfb355fa24c5781e8a93edd09880bb77eb52ebbf29b3e96d",
    ),
    (
        "linux-arm64v8",
        "8b042e0ea418b1927d95399207950da0734d27fe01e29503ade3bdc464ad4c2b",
    ),
    (
        "linux-amd64-alpine",
        "ace9a6f95b1c98ce84c9841267cd04ebee5d7de5dc7b8fea148ead44f145afbd",
    ),
    (
        "darwin-amd64",
        "d464ff178e9860ba204662ac23fa547504b7fd392392ff2fb92e3fd73b5bdb64",
    ),
    (
        "darwin-arm64v8",
        "a1c2786acb0c398f9b2d76806fc52f5dc8b222cbc8e9383a9b9702084daaf3a5",
    ),
];
/// Where root keeps PostgreSQL when the user who runs it cannot reach root's own cache.
const SHARED_CACHE: &str = "/var/cache/annal";

/// From the cache, or freshly installed. `None` when it cannot be had; `tried` says why.
pub(super) fn from_maven(
    surroundings: &Surroundings,
    major: Option<u32>,
    account: Option<&Account>,
    progress: &Progress,
    tried: &mut Vec<String>,
) -> Result<Option<Binaries>, StackError> {
    let version = major.map_or(Some(NEW_DATA), |major| {
        OTHERS
            .into_iter()
            .chain([NEW_DATA])
            .find(|version| major_of(version) == Some(major))
    });
    let (Some(version), Some(platform)) = (version, platform()) else {
        tried.push(format!(
            "a Maven package: none for this version on {} {}",
            std::env::consts::OS,
            std::env::consts::ARCH
        ));
        return Ok(None);
    };
    let place = Place::new(
        &reachable_cache(&surroundings.cache, account)?,
        "postgresql",
        version,
    );
    let installed = |place: &Place| inspect(&place.path().join("bin"), account);
    if let Some(found) = installed(&place) {
        return Ok(Some(found));
    }
    let _lock = place.lock(progress)?;
    if let Some(found) = installed(&place) {
        return Ok(Some(found));
    }
    for repository in &surroundings.maven {
        progress.say(format!(
            "installing PostgreSQL {version} from {repository} (once, about 15 MB) …"
        ));
        let made = install(&place, repository, version, platform, progress)?;
        match made.map(|()| installed(&place)) {
            Ok(Some(found)) => return Ok(Some(found)),
            Ok(None) => tried.push(format!(
                "the package from {repository}: it does not run on this machine"
            )),
            Err(reason) => tried.push(format!("the package from {repository}: {reason}")),
        }
    }
    Ok(None)
}

/// The outer error is this machine's and final; the inner one belongs to the repository, so the next may do.
fn install(
    place: &Place,
    repository: &str,
    version: &str,
    platform: &str,
    progress: &Progress,
) -> Result<Result<(), String>, StackError> {
    let workshop = place.workshop()?;
    let url = format!(
        "{repository}/io/zonky/test/postgres/embedded-postgres-binaries-{platform}/{version}/embedded-postgres-binaries-{platform}-{version}.jar"
    );
    let made = fetch_and_unpack(&url, version, platform, &workshop, progress);
    progress.wanted()?;
    match made {
        Ok(server) => place.keep(&server, &workshop).map(Ok),
        Err(reason) => Ok(Err(reason)),
    }
}

fn fetch_and_unpack(
    url: &str,
    version: &str,
    platform: &str,
    workshop: &Path,
    progress: &Progress,
) -> Result<PathBuf, String> {
    let (jar, server) = (workshop.join("package.jar"), workshop.join("server"));
    let came = fetch::download(url, &jar, progress)?;
    let due = expected(url, version, platform)?;
    if came != due {
        return Err(format!("{url} has SHA-256 {came}, not {due} as it should"));
    }
    unpack(&jar, &server).map_err(|error| format!("{url} cannot be unpacked: {error}"))?;
    Ok(server)
}

fn expected(url: &str, version: &str, platform: &str) -> Result<String, String> {
    let known = KNOWN
        .into_iter()
        .find(|(name, _)| version == NEW_DATA && *name == platform);
    match known {
        Some((_, hash)) => Ok(hash.to_owned()),
        None => Ok(fetch::text(&format!("{url}.sha256"))?
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase()),
    }
}

fn unpack(jar: &Path, to: &Path) -> io::Result<()> {
    let mut jar = zip::ZipArchive::new(File::open(jar)?)?;
    let name = jar
        .file_names()
        .find(|name| name.ends_with(".txz"))
        .map(str::to_owned);
    let name = name.ok_or_else(|| io::Error::other("it holds no .txz"))?;
    let packed = io::BufReader::new(jar.by_name(&name)?);
    fs::create_dir(to)?;
    tar::Archive::new(lzma_rust2::XzReader::new(packed, true)).unpack(to)
}

fn major_of(version: &str) -> Option<u32> {
    version.split('.').next()?.parse().ok()
}

fn platform() -> Option<&'static str> {
    let alpine = Path::new("/etc/alpine-release").exists();
    match (std::env::consts::OS, std::env::consts::ARCH, alpine) {
        ("linux", "x86_64", false) => Some("linux-amd64"),
        ("linux", "x86_64", true) => Some("linux-amd64-alpine"),
        ("linux", "aarch64", false) => Some("linux-arm64v8"),
        ("macos", "x86_64", _) => Some("darwin-amd64"),
        ("macos", "aarch64", _) => Some("darwin-arm64v8"),
        _ => None,
    }
}

fn reachable_cache(cache: &Path, account: Option<&Account>) -> Result<PathBuf, StackError> {
    fs::create_dir_all(cache).map_err(StackError::folder("create", cache))?;
    let reachable = account.is_none_or(|account| account.can_enter(cache));
    Ok(if reachable {
        cache.to_path_buf()
    } else {
        PathBuf::from(SHARED_CACHE)
    })
}
