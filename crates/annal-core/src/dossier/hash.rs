//! The hash that a signature is bound to.

use sha2::{Digest, Sha256};

use crate::item::Content;

/// SHA-256, in hex, of a content's JSON. Field order is the order of declaration, so equal contents have equal hashes.
///
/// # Panics
/// Never: a content always has a JSON form.
#[must_use]
pub fn content_hash(content: &Content) -> String {
    let json = serde_json::to_vec(content).expect("a content has no map with non-text keys");
    hex::encode(Sha256::digest(json))
}
