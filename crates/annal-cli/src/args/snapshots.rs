//! The snapshots of versions.

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum SnapshotsCommand {
    /// Every snapshot: of which version, at which position, how large.
    List,
    /// Replay every version that has snapshots from its first event, and compare.
    Verify,
    /// Throw all away and make them anew from the log.
    Rebuild,
    /// Throw all away. Whoever follows the log makes them again.
    Drop,
}
