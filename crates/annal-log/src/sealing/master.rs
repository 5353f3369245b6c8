//! The key that wraps the persons' keys. It lies outside the database, so that a copy of the database alone opens nothing.

use std::fmt;
use std::path::Path;

use super::cipher::{Place, Secret};

/// Where [`MasterKeys::from_environment`] looks.
const VARIABLE: &str = "ANNAL_MASTER_KEY_FILE";

/// Wraps the keys of all persons of a ledger.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterKey(Secret);

/// The master keys that a process was given: none, one, or the old and the new one while it is changed. Every one opens
/// what it wrapped; a new person's key is wrapped with the one that is the ledger's at that moment.
#[derive(Debug, Clone, Default)]
pub struct MasterKeys(Vec<MasterKey>);

/// Tells master keys apart without giving anything of them away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyMark([u8; 8]);

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
    /// [`UnreadableKey`] when there is no such file, something else in it, or more than one key.
    pub fn read(file: &Path) -> Result<Self, UnreadableKey> {
        let mut keys = MasterKeys::read(file)?.0;
        match (keys.pop(), keys.len()) {
            (Some(key), 0) => Ok(key),
            (_, more) => Err(UnreadableKey {
                file: file.display().to_string(),
                detail: format!("it holds {} keys, and one is asked for", more + 1),
            }),
        }
    }

    /// What tells it from others.
    #[must_use]
    pub fn mark(&self) -> KeyMark {
        KeyMark(self.0.mark())
    }

    pub(crate) fn wrap(&self, secret: &Secret, ledger: &str, person: &str) -> Vec<u8> {
        self.0.encrypt(secret.bytes(), place(ledger, person))
    }

    fn unwrap(&self, wrapped: &[u8], ledger: &str, person: &str) -> Option<Secret> {
        Secret::new(&self.0.decrypt(wrapped, place(ledger, person))?)
    }
}

impl MasterKeys {
    /// The keys in a file, a line each.
    ///
    /// # Errors
    /// [`UnreadableKey`] when there is no such file, or something else in it.
    pub fn read(file: &Path) -> Result<Self, UnreadableKey> {
        let unreadable = |detail: String| UnreadableKey {
            file: file.display().to_string(),
            detail,
        };
        let text = std::fs::read_to_string(file).map_err(|no| unreadable(no.to_string()))?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let keys = lines.map(|line| {
            let bytes = hex::decode(line).map_err(|no| unreadable(no.to_string()))?;
            let secret = Secret::new(&bytes);
            let secret =
                secret.ok_or_else(|| unreadable(format!("it holds {} bytes", bytes.len())))?;
            Ok(MasterKey(secret))
        });
        let keys: Vec<MasterKey> = keys.collect::<Result<_, _>>()?;
        match keys.is_empty() {
            true => Err(unreadable("it is empty".to_owned())),
            false => Ok(Self(keys)),
        }
    }

    /// The keys in the file that `ANNAL_MASTER_KEY_FILE` names, if it names one.
    ///
    /// # Errors
    /// As [`MasterKeys::read`].
    pub fn from_environment() -> Result<Self, UnreadableKey> {
        let file = std::env::var_os(VARIABLE).filter(|file| !file.is_empty());
        file.map_or(Ok(Self::default()), |file| Self::read(Path::new(&file)))
    }

    /// There is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The one that stands first, which seals a ledger that is not sealed yet.
    #[must_use]
    pub fn first(&self) -> Option<&MasterKey> {
        self.0.first()
    }

    /// The one that a ledger is marked with.
    pub(crate) fn marked(&self, mark: &[u8]) -> Option<&MasterKey> {
        self.0.iter().find(|key| key.mark().bytes() == mark)
    }

    /// A person's key as the database has it: 32 bytes are a key as it is, a wrapped one is longer.
    pub(crate) fn open(&self, stored: &[u8], ledger: &str, person: &str) -> Option<Secret> {
        let unwrap = |key: &MasterKey| key.unwrap(stored, ledger, person);
        Secret::new(stored).or_else(|| self.0.iter().find_map(unwrap))
    }

    /// No other than this one is here.
    pub(crate) fn are_only(&self, key: &MasterKey) -> bool {
        !self.is_empty() && self.0.iter().all(|it| it == key)
    }

    pub(crate) fn and(mut self, key: &MasterKey) -> Self {
        self.0.push(key.clone());
        self
    }
}

impl From<MasterKey> for MasterKeys {
    fn from(key: MasterKey) -> Self {
        Self(vec![key])
    }
}

impl FromIterator<MasterKey> for MasterKeys {
    fn from_iter<I: IntoIterator<Item = MasterKey>>(keys: I) -> Self {
        Self(keys.into_iter().collect())
    }
}

impl KeyMark {
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for KeyMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// Without the key.
impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({})", self.mark())
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
        let key = "ab".repeat(32);
        for wrong in [
            "",
            " \n\n",
            "secret",
            "ab",
            &"ab".repeat(33),
            &format!("{key}\nab"),
        ] {
            std::fs::write(&file, wrong).unwrap();
            let told = MasterKey::read(&file).unwrap_err().to_string();
            assert!(told.contains("openssl rand -hex 32"), "{told}");
        }
        std::fs::write(&file, format!("{key}\n")).unwrap();
        let told = format!("{:?}", MasterKey::read(&file).unwrap());
        assert!(!told.contains("abab"), "{told}");
    }

    #[test]
    fn a_file_may_hold_the_old_key_and_the_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys");
        let [old, new] = ["ab", "cd"].map(|byte| byte.repeat(32));
        std::fs::write(&file, format!("{old}\n{new}\n")).unwrap();
        let keys = MasterKeys::read(&file).unwrap();
        let told = MasterKey::read(&file).unwrap_err().to_string();
        assert!(told.contains("it holds 2 keys"), "{told}");
        std::fs::write(&file, new).unwrap();
        let new = MasterKey::read(&file).unwrap();
        assert_eq!(keys.marked(new.mark().bytes()), Some(&new));
        assert_ne!(keys.first(), Some(&new));
        let wrapped = new.wrap(&Secret::random(), "main", "ana");
        assert!(keys.open(&wrapped, "main", "ana").is_some());
        assert!(keys.open(&wrapped, "main", "bo").is_none());
    }
}
