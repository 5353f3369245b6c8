//! Downloads over HTTPS, with the certificates that this machine trusts: a company's mirror often has its own.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::progress::Progress;

/// Long enough for a slow link; where packets are dropped, the next way is tried soon.
const CONNECT: Duration = Duration::from_secs(8);
/// For one download in all, 70 MB at most.
const WHOLE: Duration = Duration::from_secs(15 * 60);

/// Downloads `url` to `to` and gives the SHA-256 of what came, in hexadecimal.
pub(crate) fn download(url: &str, to: &Path, progress: &Progress) -> Result<String, String> {
    let response = agent()
        .get(url)
        .call()
        .map_err(|error| format!("{url}: {error}"))?;
    let mut body = response
        .into_body()
        .into_with_config()
        .limit(1 << 30)
        .reader();
    let mut file = File::create(to).map_err(|error| format!("{}: {error}", to.display()))?;
    copy_hashed(&mut body, &mut file, progress).map_err(|error| format!("{url}: {error}"))
}

/// A small text, such as a checksum beside a file.
pub(crate) fn text(url: &str) -> Result<String, String> {
    let mut response = agent()
        .get(url)
        .call()
        .map_err(|error| format!("{url}: {error}"))?;
    response
        .body_mut()
        .with_config()
        .limit(1 << 16)
        .read_to_string()
        .map_err(|error| format!("{url}: {error}"))
}

fn copy_hashed(
    from: &mut impl Read,
    to: &mut impl Write,
    progress: &Progress,
) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        progress.wanted().map_err(io::Error::other)?;
        let read = from.read(&mut buffer)?;
        if read == 0 {
            to.flush()?;
            return Ok(hex::encode(hash.finalize()));
        }
        hash.update(&buffer[..read]);
        to.write_all(&buffer[..read])?;
    }
}

/// Proxies come from the usual environment variables.
fn agent() -> ureq::Agent {
    static AGENT: OnceLock<ureq::Agent> = OnceLock::new();
    let make = || {
        let tls = TlsConfig::builder().root_certs(certificates()).build();
        ureq::Agent::config_builder()
            .tls_config(tls)
            .timeout_connect(Some(CONNECT))
            .timeout_global(Some(WHOLE))
            .build()
            .into()
    };
    AGENT.get_or_init(make).clone()
}

fn certificates() -> RootCerts {
    let found = rustls_native_certs::load_native_certs().certs;
    if found.is_empty() {
        return RootCerts::WebPki;
    }
    RootCerts::Specific(Arc::new(
        found
            .iter()
            .map(|der| Certificate::from_der(der).to_owned())
            .collect(),
    ))
}
