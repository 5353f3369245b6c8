//! A Go toolchain as the Go module proxy hands it out: the module `golang.org/toolchain`, a zip for each platform.

use std::fs::{self, File, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use sha2::{Digest as _, Sha256};

use crate::fetch;
use crate::progress::Progress;

const TOOLCHAIN: &str = "v0.0.1-go1.26.8";
/// What Go's checksum database says of each: a hash over the names and hashes of all files.
const KNOWN: [(&str, &str); 4] = [
    (
        "linux-amd64",
        "h1:ZOmGe1OnfREDMIdb1Qi4G9JSuDPBLGExZMQ4nis1RXM=",
    ),
    (
        "linux-arm64",
        "h1:sYL/O6MqS68ML0kjsQ36WoYIpJqkw60TxizWUYUKQMc=",
    ),
    (
        "darwin-amd64",
        "h1:7/9KPPN8PckcA9s91hm2jmQMhzW4KyTJXHIs45L0C9M=",
    ),
    (
        "darwin-arm64",
        "h1:dFjGhY6f8DTsY8/rLchUTDRRfjJP4pCrGCwxvHFT2Fg=",
    ),
];

/// Go's name for this processor.
pub(super) fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// Gets the toolchain from the first proxy that has it and gives its root folder.
pub(super) fn fetch(
    proxies: &[String],
    workshop: &Path,
    progress: &Progress,
) -> Result<PathBuf, String> {
    let system = if cfg!(target_os = "macos") {
        "darwin"
    } else {
        std::env::consts::OS
    };
    let platform = format!("{system}-{}", architecture());
    let known = KNOWN.into_iter().find(|(name, _)| *name == platform);
    let (_, due) = known.ok_or_else(|| format!("there is none for {platform}"))?;
    let (zip, root) = (workshop.join("go.zip"), workshop.join("go"));
    let mut failures = Vec::new();
    for proxy in proxies {
        let url = format!("{proxy}/golang.org/toolchain/@v/{TOOLCHAIN}.{platform}.zip");
        match fetch::download(&url, &zip, progress) {
            Ok(_) => {
                unpack(&zip, &root, due).map_err(|error| format!("{url}: {error}"))?;
                return Ok(root);
            }
            Err(reason) => failures.push(reason),
        }
    }
    Err(if failures.is_empty() {
        "GOPROXY names no proxy".into()
    } else {
        failures.join("; ")
    })
}

/// Unpacks while hashing; nothing of it is run unless the hash is `due`.
fn unpack(zip: &Path, root: &Path, due: &str) -> io::Result<()> {
    let mut zip = zip::ZipArchive::new(File::open(zip)?)?;
    let mut lines = Vec::with_capacity(zip.len());
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index)?;
        let name = entry.name().to_owned();
        let inside = entry
            .enclosed_name()
            .and_then(|path| path.components().skip(2).collect::<PathBuf>().into());
        let path =
            root.join(inside.ok_or_else(|| io::Error::other(format!("it holds the path {name}")))?);
        fs::create_dir_all(path.parent().unwrap_or(root))?;
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes)?;
        lines.push((hex::encode(Sha256::digest(&bytes)), name));
        File::create(&path)?.write_all(&bytes)?;
        // Zips of modules carry no permissions. Go itself makes the same folders executable.
        if path.starts_with(root.join("bin")) || path.starts_with(root.join("pkg/tool")) {
            fs::set_permissions(&path, Permissions::from_mode(0o755))?;
        }
    }
    let came = module_hash(lines);
    if came == due {
        Ok(())
    } else {
        Err(io::Error::other(format!(
            "its hash is {came}, not {due} as it should be"
        )))
    }
}

/// Go's `h1:` hash: the files' hashes and names, sorted by name, hashed again.
fn module_hash(mut lines: Vec<(String, String)>) -> String {
    lines.sort_by(|(_, left), (_, right)| left.cmp(right));
    let mut hash = Sha256::new();
    for (file, name) in lines {
        hash.update(format!("{file}  {name}\n"));
    }
    format!(
        "h1:{}",
        base64::engine::general_purpose::STANDARD.encode(hash.finalize())
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_module_hash_is_the_one_that_go_computes() {
        // From another implementation of the same rule.
        let file = |name: &str, text: &str| (hex::encode(Sha256::digest(text)), name.to_owned());
        let forward = module_hash(vec![file("m@v1/a", "a\n"), file("m@v1/b", "b\n")]);
        let backward = module_hash(vec![file("m@v1/b", "b\n"), file("m@v1/a", "a\n")]);
        assert_eq!(forward, backward);
        assert_eq!(forward, "h1:MWSSXcbrBPE25cl41I8+R7Y9hAxuY9Be76nDJvg0pks=");
    }
}
