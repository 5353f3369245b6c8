//! The event log in PostgreSQL: append, read, follow, verify, prove.
//!
//! A [`Log`] is one ledger of one database. Events enter through [`Log::append`] alone; the database assigns their
//! positions, their time and their hashes (`migrations/FORMAT.md` says how), and lets nobody change them.

mod append;
mod batch;
mod error;
mod export;
mod files;
mod follow;
mod group;
mod guess;
pub mod hash;
mod head;
mod log;
mod migrate;
mod prove;
mod read;
mod repository;
mod row;
mod sealing;
mod settings;
mod slice;
mod stream;
mod verify;

pub use append::{Append, AppendError, Receipt, StreamAppend, append_within, content_hash};
pub use error::LogError;
pub use log::{Head, Log};
pub use migrate::{create_ledger, give_ledger, migrate};
pub use repository::{LogRepository, library_metadata};
pub use sealing::{
    Erased, KeyMark, KeyState, MasterKey, MasterKeys, PersonKey, Rotated, UnreadableKey,
    erase_person, rotate_master_key, seal_names, unseal_names,
};
pub use settings::Warning;
pub use stream::{EventData, StreamId, decode};
pub use verify::{Fault, FaultKind, Progress, Scope, Since, Verified};
