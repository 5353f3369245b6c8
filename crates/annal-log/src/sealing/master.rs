//! The key that wraps the persons' keys. It lies outside the database, so that a copy of the database alone opens nothing.

use std::fmt;
use std::path::Path;

use super::cipher::{Place, Secret};

/// Where [`MasterKey::from_environment`] looks.
const VARIABLE: &str = "ANNAL_MASTER_KEY_FILE";

/// Wraps the keys of all persons of a ledger.
#[derive(Clone)]
pub struct MasterKey(Secret);

/// A file that holds no master key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the master key cannot be read from {file}: {detail}; it is one line of 64 hexadecimal digits, as `openssl rand -hex 32` writes"
)]
pub struct UnreadableKey {
    file: String,
    detail: String,
}

impl MasterKey {
    /// The key in a file of 64 hexadecimal digits.
    ///
    /// # Errors
    /// [`UnreadableKey`] when there is no such file, or something else in it.
    pub fn read(file: &Path) -> Result<Self, UnreadableKey> {
        let unreadable = |detail: String| UnreadableKey {
            file: file.display().to_string(),
            detail,
        };
        let text = std::fs::read_to_string(file).map_err(|no| unreadable(no.to_string()))?;
        let bytes = hex::decode(text.trim()).map_err(|no| unreadable(no.to_string()))?;
        let secret = Secret::new(&bytes);
        let secret = secret.ok_or_else(|| unreadable(format!("it holds {} bytes", bytes.len())))?;
        Ok(Self(secret))
    }

    /// The key in the file that `ANNAL_MASTER_KEY_FILE` names, if it names one.
    ///
    /// # Errors
    /// As [`MasterKey::read`].
    pub fn from_environment() -> Result<Option<Self>, UnreadableKey> {
        let file = std::env::var_os(VARIABLE).filter(|file| !file.is_empty());
        file.map(|file| Self::read(Path::new(&file))).transpose()
    }

    /// Tells master keys apart without giving anything of them away.
    pub(crate) fn mark(&self) -> [u8; 8] {
        self.0.mark()
    }

    pub(crate) fn wrap(&self, secret: &Secret, ledger: &str, person: &str) -> Vec<u8> {
        self.0.encrypt(secret.bytes(), place(ledger, person))
    }

    pub(crate) fn unwrap(&self, wrapped: &[u8], ledger: &str, person: &str) -> Option<Secret> {
        Secret::new(&self.0.decrypt(wrapped, place(ledger, person))?)
    }
}

/// Without the key.
impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({})", hex::encode(self.mark()))
    }
}

fn place<'a>(ledger: &'a str, person: &'a str) -> Place<'a> {
    Place {
        what: "key",
        ledger,
        person,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_with_something_else_is_refused_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        assert!(MasterKey::read(&file).is_err());
        for wrong in ["", "secret", "ab", &"ab".repeat(33)] {
            std::fs::write(&file, wrong).unwrap();
            let told = MasterKey::read(&file).unwrap_err().to_string();
            assert!(told.contains("openssl rand -hex 32"), "{told}");
        }
        std::fs::write(&file, format!("{}\n", "ab".repeat(32))).unwrap();
        let told = format!("{:?}", MasterKey::read(&file).unwrap());
        assert!(!told.contains("abab"), "{told}");
    }
}
