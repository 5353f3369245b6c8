//! Commands about people's names. docs/erasure.md says what they promise.

use std::path::PathBuf;

use annal_core::{CommandId, PersonId};
use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum PersonCommand {
    /// Everybody who is on a run of this ledger, and whether their name can be erased.
    List,
    /// Erase a person's name from every event of this ledger, for good. Needs an administrator's login to the database.
    Erase(EraseArgs),
    /// Write names under a key for each person from now on, so that they can be erased. Needs an administrator's login.
    Seal(SealArgs),
    /// Wrap every person's key with a new master key. Needs an administrator's login; ANNAL_MASTER_KEY_FILE names the old one.
    RotateKey(RotateKeyArgs),
}

#[derive(Debug, Args)]
pub(crate) struct EraseArgs {
    /// Whose name.
    #[arg(value_name = "PERSON")]
    pub(crate) person: PersonId,
    /// Who asks for it: an admin of one of the ledger's runs.
    #[arg(long = "as", value_name = "PERSON")]
    pub(crate) admin: PersonId,
    /// Why: it is recorded, so do not write the name into it.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    /// Erase what is sealed although the name also stands in events from before it was; those keep it.
    #[arg(long)]
    pub(crate) although_in_clear: bool,
    /// Id of the command: the same id with the same content is carried out once.
    #[arg(long, value_name = "UUID")]
    pub(crate) command_id: Option<CommandId>,
}

#[derive(Debug, Args)]
pub(crate) struct SealArgs {
    /// Write names as they are again. Those that are sealed stay so.
    #[arg(long)]
    pub(crate) off: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RotateKeyArgs {
    /// The file with the new master key: one line of 64 hexadecimal digits, as `openssl rand -hex 32` writes.
    #[arg(long, value_name = "FILE")]
    pub(crate) new: PathBuf,
}
