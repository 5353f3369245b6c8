//! Signed tree heads: what a ledger's first N events are, said by somebody who can be held to it.

use chrono::{DateTime, SubsecRound, Utc};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

use crate::fields::Fields;
use crate::hex_form;
use crate::merkle::Tree;

/// The format's name, in every checkpoint and in what is signed.
const FORMAT: &str = "annal.checkpoint.1";

/// A signed statement about the first `size` events of a ledger. Keep it where nobody who can write to the database
/// can: it is what shows a tail cut off or a history written anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    format: String,
    /// Whose events.
    pub ledger: String,
    /// How many events, which is also the position of the last.
    pub size: u64,
    /// The hash of the last event, in the chain; zeros while there is none.
    #[serde(with = "hex_form::bytes")]
    pub head: [u8; 32],
    /// The root of the Merkle tree over the hashes of all of them.
    #[serde(with = "hex_form::bytes")]
    pub root: [u8; 32],
    /// When it was signed, by the signer's clock.
    #[serde(with = "hex_form::instant")]
    pub at: DateTime<Utc>,
    /// The public key that it was signed with. A reader must know from elsewhere whose it is.
    #[serde(with = "hex_form::bytes")]
    pub key: [u8; 32],
    /// Ed25519 over the fields above.
    #[serde(with = "hex_form::bytes")]
    pub signature: [u8; 64],
    /// The roots of the tree's full subtrees, the largest first, so that the next checkpoint need not read these
    /// events again. Not signed: the root is made of them, and that is checked.
    #[serde(with = "hex_form::list")]
    pub frontier: Vec<[u8; 32]>,
}

/// Why a checkpoint does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// It cannot be read.
    #[error("this is no checkpoint: {0}")]
    Unreadable(String),
    /// Somebody else signed it.
    #[error(
        "the checkpoint of {size} events is signed with the key {found}, and not with the trusted key {trusted}"
    )]
    OtherKey {
        /// Of which size.
        size: u64,
        /// The key it names.
        found: String,
        /// The key given.
        trusted: String,
    },
    /// The signature is not one over this content.
    #[error(
        "the signature of the checkpoint of {size} events is wrong: it was altered after it was signed, or not signed with this key"
    )]
    Signature {
        /// Of which size.
        size: u64,
    },
    /// The subtrees do not make the root.
    #[error(
        "the frontier of the checkpoint of {size} events does not make its root: the checkpoint was altered"
    )]
    Frontier {
        /// Of which size.
        size: u64,
    },
}

impl CheckpointError {
    /// A stable code; scripts may match on it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "checkpoint_unreadable",
            Self::OtherKey { .. } => "checkpoint_other_key",
            Self::Signature { .. } => "checkpoint_signature",
            Self::Frontier { .. } => "checkpoint_frontier",
        }
    }
}

impl Checkpoint {
    /// Signs what a ledger holds.
    #[must_use]
    pub fn sign(
        ledger: &str,
        tree: &Tree,
        head: [u8; 32],
        at: DateTime<Utc>,
        key: &SigningKey,
    ) -> Self {
        let mut checkpoint = Self {
            format: FORMAT.to_owned(),
            ledger: ledger.to_owned(),
            size: tree.size(),
            head,
            root: tree.root(),
            at: at.trunc_subsecs(6),
            key: key.verifying_key().to_bytes(),
            signature: [0; 64],
            frontier: tree.frontier().to_vec(),
        };
        checkpoint.signature = key.sign(&checkpoint.signed_bytes()).to_bytes();
        checkpoint
    }

    /// Checks that the owner of a key signed this. The key must come from elsewhere than the checkpoint.
    ///
    /// # Errors
    /// Why it does not count.
    pub fn verify(&self, trusted: &VerifyingKey) -> Result<(), CheckpointError> {
        let size = self.size;
        if self.format != FORMAT {
            let told = format!("its format is '{}', not '{FORMAT}'", self.format);
            return Err(CheckpointError::Unreadable(told));
        }
        if self.key != trusted.to_bytes() {
            return Err(CheckpointError::OtherKey {
                size,
                found: hex::encode(self.key),
                trusted: hex::encode(trusted.to_bytes()),
            });
        }
        trusted
            .verify_strict(
                &self.signed_bytes(),
                &Signature::from_bytes(&self.signature),
            )
            .map_err(|_| CheckpointError::Signature { size })?;
        match self.tree() {
            Some(_) => Ok(()),
            None => Err(CheckpointError::Frontier { size }),
        }
    }

    /// The tree that it was signed over, if its subtrees make its root.
    #[must_use]
    pub fn tree(&self) -> Option<Tree> {
        Tree::resume(self.size, self.frontier.clone()).filter(|tree| tree.root() == self.root)
    }

    /// What is signed.
    #[must_use]
    pub fn signed_bytes(&self) -> Vec<u8> {
        Fields::tagged(FORMAT)
            .text(&self.ledger)
            .number(self.size)
            .bytes(&self.head)
            .bytes(&self.root)
            .instant(self.at)
            .done()
    }

    /// Reads a checkpoint. Its signature is not checked by this.
    ///
    /// # Errors
    /// [`CheckpointError::Unreadable`].
    pub fn from_json(text: &str) -> Result<Self, CheckpointError> {
        serde_json::from_str(text).map_err(|error| CheckpointError::Unreadable(error.to_string()))
    }

    /// The checkpoint as JSON, for people to read too.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}
