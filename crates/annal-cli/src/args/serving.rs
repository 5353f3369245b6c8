//! Commands that serve.

use std::net::SocketAddr;

use annal_core::LedgerId;
use clap::Args;

use super::SignInArgs;

#[derive(Debug, Args)]
pub(crate) struct UpArgs {
    /// Where the server listens; left out, 127.0.0.1:8321, or a free port if that one is taken.
    #[arg(long, env = "ANNAL_LISTEN", value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<SocketAddr>,
    #[command(flatten)]
    pub(crate) sign_in: SignInArgs,
    /// Stop once everything is up; a check for scripts.
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ServerArgs {
    /// Where to listen; port 0 takes a free one.
    #[arg(
        long,
        env = "ANNAL_LISTEN",
        default_value = "127.0.0.1:8321",
        value_name = "ADDRESS:PORT"
    )]
    pub(crate) listen: SocketAddr,
    /// More ledgers to serve beside the one of --ledger.
    #[arg(long = "also", value_name = "LEDGER")]
    pub(crate) also: Vec<LedgerId>,
    #[command(flatten)]
    pub(crate) sign_in: SignInArgs,
    /// Stop once it listens; a check for scripts.
    #[arg(long)]
    pub(crate) check: bool,
}
