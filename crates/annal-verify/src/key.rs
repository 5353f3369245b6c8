//! Keys in files. The signer's lies outside the database, at best outside the machine that the database runs on.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, KeypairBytes};
use ed25519_dalek::{SigningKey, VerifyingKey};

/// A key file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file could not be read or written.
    #[error("the key file {path} cannot be used: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no such key.
    #[error("{path} holds no {wanted}: {detail}")]
    Content {
        /// Which file.
        path: PathBuf,
        /// What it should be.
        wanted: &'static str,
        /// What is wrong.
        detail: String,
    },
}

impl KeyError {
    /// A stable code; scripts may match on it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::File { .. } => "key_file",
            Self::Content { .. } => "key_content",
        }
    }
}

/// Reads a private key: PKCS #8 in PEM, as `openssl genpkey -algorithm ed25519` writes it.
///
/// # Errors
/// [`KeyError`].
pub fn read_signing_key(path: &Path) -> Result<SigningKey, KeyError> {
    let text = read(path)?;
    SigningKey::from_pkcs8_pem(&text).map_err(|error| KeyError::Content {
        path: path.to_owned(),
        wanted: "Ed25519 private key in PEM (make one with `openssl genpkey -algorithm ed25519`)",
        detail: error.to_string(),
    })
}

/// Reads a public key: in PEM, as `openssl pkey -pubout` writes it, or 64 hexadecimal digits.
///
/// # Errors
/// [`KeyError`].
pub fn read_public_key(path: &Path) -> Result<VerifyingKey, KeyError> {
    let text = read(path)?;
    let mut bytes = [0; 32];
    let key = match hex::decode_to_slice(text.trim(), &mut bytes) {
        Ok(()) => VerifyingKey::from_bytes(&bytes).map_err(|error| error.to_string()),
        Err(_) => VerifyingKey::from_public_key_pem(&text).map_err(|error| error.to_string()),
    };
    key.map_err(|detail| KeyError::Content {
        path: path.to_owned(),
        wanted: "Ed25519 public key in PEM or hexadecimal",
        detail,
    })
}

/// Makes a private key in a new file that only its owner can read. `seed` must be random.
///
/// # Errors
/// [`KeyError::File`], also when the file is there already: a key is never written over.
pub fn create_key(path: &Path, seed: [u8; 32]) -> Result<SigningKey, KeyError> {
    let failed = |source| KeyError::File {
        path: path.to_owned(),
        source,
    };
    // Without the public half, which OpenSSL does not read.
    let pem = KeypairBytes {
        secret_key: seed,
        public_key: None,
    }
    .to_pkcs8_pem(LineEnding::LF)
    .map_err(|error| failed(std::io::Error::other(error.to_string())))?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(failed)?;
    file.write_all(pem.as_bytes()).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    Ok(SigningKey::from_bytes(&seed))
}

fn read(path: &Path) -> Result<String, KeyError> {
    fs::read_to_string(path).map_err(|source| KeyError::File {
        path: path.to_owned(),
        source,
    })
}
