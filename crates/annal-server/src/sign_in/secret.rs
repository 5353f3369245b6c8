//! Secrets of 256 random bits: who holds one is let in. The database keeps their hashes only.

use std::fmt;

use rand::TryRngCore as _;
use rand::rngs::OsRng;
use sha2::{Digest as _, Sha256};

/// A session's id or a token's secret part.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret([u8; 32]);

/// The SHA-256 of a [`Secret`]. With that many random bits in it, a slow hash or a salt would add nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct SecretHash(pub(crate) [u8; 32]);

impl Secret {
    /// A new one.
    ///
    /// # Panics
    /// If the machine has no randomness to give: nothing that needs a secret can go on then.
    pub(crate) fn new() -> Self {
        let mut bytes = [0; 32];
        let filled = OsRng.try_fill_bytes(&mut bytes);
        filled.expect("the operating system gives random bytes");
        Self(bytes)
    }

    /// As it travels: 64 hexadecimal digits.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }

    pub(crate) fn text(&self) -> String {
        hex::encode(self.0)
    }

    pub(crate) fn hash(&self) -> SecretHash {
        SecretHash(Sha256::digest(self.0).into())
    }

    /// Another secret that follows from this one and tells nothing about it.
    pub(crate) fn derive(&self, purpose: &str) -> Self {
        let hash = Sha256::new().chain_update(purpose).chain_update([0]);
        Self(hash.chain_update(self.0).finalize().into())
    }
}

/// Never the secret itself.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn a_secret_comes_back_from_its_text_and_is_not_shown() {
        let secret = Secret::new();
        assert_eq!(Secret::parse(&secret.text()), Some(secret.clone()));
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        for bad in [
            "",
            "00",
            &secret.text()[1..],
            &format!("{}0", secret.text()),
        ] {
            assert_eq!(Secret::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_derived_is_the_same_each_time_and_differs_by_purpose() {
        let secret = Secret::new();
        assert_eq!(secret.derive("a"), secret.derive("a"));
        assert_ne!(secret.derive("a"), secret.derive("b"));
        assert_ne!(secret.derive("a"), secret);
    }
}
