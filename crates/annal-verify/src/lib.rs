//! The written format of an event log that proves itself, and nothing else: events and their hashes, the Merkle tree
//! over them, signed tree heads, proofs, exports, and the check of all of these without engine and without database.
//!
//! `migrations/FORMAT.md` specifies how an event is hashed, `docs/proofs.md` the rest. The events' bytes are built here
//! a second time, from the documents and not from the log's code, so that a mistake in one shows in the other.

mod checkpoint;
mod event;
mod export;
mod fault;
mod fields;
mod hex_form;
mod key;
mod merkle;
mod proof;
mod walk;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use event::{BEFORE_THE_FIRST, Event};
pub use export::{Header, MAX_LINE};
pub use fault::{Fault, FaultKind};
pub use key::{KeyError, create_key, read_public_key, read_signing_key};
pub use merkle::{Cover, Tree};
pub use proof::{ConsistencyProof, InclusionProof, ProofError};
pub use walk::{Report, Unusable, verify_export};

pub use ed25519_dalek::{SigningKey, VerifyingKey};
