//! Proofs about single events and about growth, each a file that is checked with nothing but the signer's public key.

use ed25519_dalek::VerifyingKey;
use serde::{Deserialize, Serialize};

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::event::Event;
use crate::hex_form;
use crate::merkle::{continues, includes};

const INCLUSION: &str = "annal.inclusion.1";
const CONSISTENCY: &str = "annal.consistency.1";

/// That one event, with every field as it stands here, is among the events of a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InclusionProof {
    format: String,
    /// What vouches for it.
    pub checkpoint: Checkpoint,
    /// The hash of the event before it, without which its own cannot be computed.
    #[serde(with = "hex_form::bytes")]
    pub previous: [u8; 32],
    /// The event.
    pub event: Event,
    /// From the leaf's neighbour up to the root's child.
    #[serde(with = "hex_form::list")]
    pub path: Vec<[u8; 32]>,
}

/// That all events of an older checkpoint are, unchanged and in their places, the first events of a newer one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsistencyProof {
    format: String,
    /// The earlier one.
    pub older: Checkpoint,
    /// The later one.
    pub newer: Checkpoint,
    /// As RFC 6962 section 2.1.2 has it.
    #[serde(with = "hex_form::list")]
    pub path: Vec<[u8; 32]>,
}

/// Why a proof proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// It cannot be read.
    #[error("this is no such proof: {0}")]
    Unreadable(String),
    /// What should vouch for it does not count.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Its parts speak of different ledgers.
    #[error("the parts of the proof belong to the ledgers '{0}' and '{1}'")]
    Ledgers(String, String),
    /// The event does not have the hash it says.
    #[error(
        "the event at position {0} was altered: its hash is not that of its content and its predecessor"
    )]
    Altered(u64),
    /// The event is not in the tree at its position.
    #[error("the event at position {position} is not among the {size} events of the checkpoint")]
    NotIncluded {
        /// Where it says that it stands.
        position: u64,
        /// Of the checkpoint.
        size: u64,
    },
    /// The older tree is not the beginning of the newer.
    #[error(
        "the {newer} events of the newer checkpoint do not begin with the {older} events of the older: history was changed between the two, or the proof is not theirs"
    )]
    NotConsistent {
        /// Of the older checkpoint.
        older: u64,
        /// Of the newer checkpoint.
        newer: u64,
    },
}

impl ProofError {
    /// A stable code; scripts may match on it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "proof_unreadable",
            Self::Checkpoint(error) => error.code(),
            Self::Ledgers(..) => "proof_ledgers",
            Self::Altered(_) => "proof_altered",
            Self::NotIncluded { .. } => "proof_not_included",
            Self::NotConsistent { .. } => "proof_not_consistent",
        }
    }
}

impl InclusionProof {
    /// Puts a proof together; [`InclusionProof::verify`] tells whether it holds.
    #[must_use]
    pub fn new(
        checkpoint: Checkpoint,
        previous: [u8; 32],
        event: Event,
        path: Vec<[u8; 32]>,
    ) -> Self {
        Self {
            format: INCLUSION.to_owned(),
            checkpoint,
            previous,
            event,
            path,
        }
    }

    /// Checks the signature, the event's hash and its place in the tree.
    ///
    /// # Errors
    /// The first of these that is wrong.
    pub fn verify(&self, trusted: &VerifyingKey) -> Result<(), ProofError> {
        expect_format(&self.format, INCLUSION)?;
        self.checkpoint.verify(trusted)?;
        same_ledger(&self.checkpoint.ledger, &self.event.ledger)?;
        let (position, size) = (self.event.position, self.checkpoint.size);
        if self.event.hash_after(&self.previous) != self.event.hash {
            return Err(ProofError::Altered(position));
        }
        let root = &self.checkpoint.root;
        let included = position
            .checked_sub(1)
            .is_some_and(|index| includes(size, root, index, &self.event.hash, &self.path));
        included
            .then_some(())
            .ok_or(ProofError::NotIncluded { position, size })
    }

    /// Reads a proof.
    ///
    /// # Errors
    /// [`ProofError::Unreadable`].
    pub fn from_json(text: &str) -> Result<Self, ProofError> {
        serde_json::from_str(text).map_err(|error| ProofError::Unreadable(error.to_string()))
    }

    /// The proof as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

impl ConsistencyProof {
    /// Puts a proof together; [`ConsistencyProof::verify`] tells whether it holds.
    #[must_use]
    pub fn new(older: Checkpoint, newer: Checkpoint, path: Vec<[u8; 32]>) -> Self {
        Self {
            format: CONSISTENCY.to_owned(),
            older,
            newer,
            path,
        }
    }

    /// Checks both signatures and that the newer tree begins with the older.
    ///
    /// # Errors
    /// The first of these that is wrong.
    pub fn verify(&self, trusted: &VerifyingKey) -> Result<(), ProofError> {
        expect_format(&self.format, CONSISTENCY)?;
        self.older.verify(trusted)?;
        self.newer.verify(trusted)?;
        same_ledger(&self.older.ledger, &self.newer.ledger)?;
        let (older, newer) = (&self.older, &self.newer);
        let consistent = older.size <= newer.size
            && continues(
                (older.size, &older.root),
                (newer.size, &newer.root),
                &self.path,
            );
        consistent.then_some(()).ok_or(ProofError::NotConsistent {
            older: older.size,
            newer: newer.size,
        })
    }

    /// Reads a proof.
    ///
    /// # Errors
    /// [`ProofError::Unreadable`].
    pub fn from_json(text: &str) -> Result<Self, ProofError> {
        serde_json::from_str(text).map_err(|error| ProofError::Unreadable(error.to_string()))
    }

    /// The proof as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

fn expect_format(found: &str, wanted: &str) -> Result<(), ProofError> {
    if found == wanted {
        return Ok(());
    }
    let told = format!("its format is '{found}', not '{wanted}'");
    Err(ProofError::Unreadable(told))
}

fn same_ledger(one: &str, other: &str) -> Result<(), ProofError> {
    if one == other {
        return Ok(());
    }
    Err(ProofError::Ledgers(one.to_owned(), other.to_owned()))
}
