//! XChaCha20-Poly1305: nonces of 24 random bytes need no counter that several processes would have to share.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

const NONCE: usize = 24;
/// Names are filled up to a multiple of this, so that an erased one does not even tell its length.
const BLOCK: usize = 32;

/// A key of 32 bytes, wiped from memory with its last owner.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(Zeroizing<[u8; 32]>);

/// What a ciphertext is bound to: it opens nowhere else.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) what: &'static str,
    pub(crate) ledger: &'a str,
    pub(crate) person: &'a str,
}

impl Secret {
    pub(crate) fn random() -> Self {
        Self(Zeroizing::new(rand::random()))
    }

    pub(crate) fn new(bytes: &[u8]) -> Option<Self> {
        Some(Self(Zeroizing::new(bytes.try_into().ok()?)))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// The nonce, then the ciphertext with its tag.
    pub(crate) fn encrypt(&self, plain: &[u8], place: Place<'_>) -> Vec<u8> {
        let nonce: [u8; NONCE] = rand::random();
        let aad = place.bytes();
        let payload = Payload {
            msg: plain,
            aad: &aad,
        };
        let sealed = self.cipher().encrypt(XNonce::from_slice(&nonce), payload);
        // It fails for 256 GiB and more alone.
        [nonce.as_slice(), &sealed.unwrap_or_default()].concat()
    }

    /// What was encrypted; none for another key, another place or a changed byte.
    pub(crate) fn decrypt(&self, sealed: &[u8], place: Place<'_>) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE)?;
        let aad = place.bytes();
        let payload = Payload {
            msg: sealed,
            aad: &aad,
        };
        let plain = self.cipher().decrypt(XNonce::from_slice(nonce), payload);
        Some(Zeroizing::new(plain.ok()?))
    }

    pub(crate) fn seal_text(&self, text: &str, place: Place<'_>) -> Vec<u8> {
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        let mut plain = Zeroizing::new(length.to_be_bytes().to_vec());
        plain.extend_from_slice(text.as_bytes());
        let filled = plain.len().next_multiple_of(BLOCK);
        plain.resize(filled, 0);
        self.encrypt(&plain, place)
    }

    pub(crate) fn open_text(&self, sealed: &[u8], place: Place<'_>) -> Option<String> {
        let plain = self.decrypt(sealed, place)?;
        let (length, rest) = plain.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        String::from_utf8(rest.get(..length)?.to_vec()).ok()
    }

    /// Tells keys apart without giving anything of them away.
    pub(crate) fn mark(&self) -> [u8; 8] {
        let digest = Sha256::new()
            .chain_update(b"annal.master.1")
            .chain_update(self.bytes())
            .finalize();
        let mut mark = [0; 8];
        mark.copy_from_slice(&digest[..8]);
        mark
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.bytes().into())
    }
}

impl Place<'_> {
    /// Fields as in FORMAT.md: the length in four bytes, then the bytes.
    fn bytes(self) -> Vec<u8> {
        let fields = ["annal.sealed.1", self.what, self.ledger, self.person];
        let mut bytes = Vec::new();
        for field in fields {
            let length = u32::try_from(field.len()).unwrap_or(u32::MAX);
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(field.as_bytes());
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Place<'_> = Place {
        what: "name",
        ledger: "main",
        person: "ana",
    };

    #[test]
    fn a_text_opens_with_its_key_in_its_place_alone() {
        let key = Secret::random();
        for text in ["", "Ana Téster", &"x".repeat(10_000)] {
            let sealed = key.seal_text(text, HERE);
            assert_eq!(key.open_text(&sealed, HERE).as_deref(), Some(text));
            assert_eq!(Secret::random().open_text(&sealed, HERE), None);
            for elsewhere in [
                Place {
                    what: "key",
                    ..HERE
                },
                Place {
                    ledger: "other",
                    ..HERE
                },
                Place {
                    person: "bo",
                    ..HERE
                },
                // The fields' lengths keep their borders apart.
                Place {
                    ledger: "maina",
                    person: "na",
                    ..HERE
                },
            ] {
                assert_eq!(key.open_text(&sealed, elsewhere), None);
            }
        }
    }

    #[test]
    fn no_changed_or_missing_byte_opens() {
        let key = Secret::random();
        let sealed = key.seal_text("Ana", HERE);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(key.open_text(&changed, HERE), None, "byte {at}");
            assert_eq!(key.open_text(&sealed[..at], HERE), None, "cut at {at}");
        }
    }

    #[test]
    fn short_names_are_of_one_length_and_no_two_ciphertexts_are_the_same() {
        let key = Secret::random();
        let (one, other) = (
            key.seal_text("Bo", HERE),
            key.seal_text("Bartholomew", HERE),
        );
        assert_eq!(one.len(), other.len());
        assert_ne!(one, key.seal_text("Bo", HERE));
    }
}
