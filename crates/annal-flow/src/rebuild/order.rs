//! What is asked of a rebuild and what comes of it, and who carries it out.

use annal_core::Position;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};

/// Rebuild this table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RebuildOrder {
    /// The projection.
    pub projection: String,
    /// The most events that are folded in one transaction.
    pub chunk: u32,
    /// Swap even if the new table differs from the live one.
    pub allow_differences: bool,
    /// Only compare; nothing is swapped.
    pub compare_only: bool,
}

/// How far a rebuild is in one ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerReached {
    /// The ledger.
    pub ledger: String,
    /// The successor's cursor.
    pub position: Position,
    /// Where it is to arrive.
    pub target: Position,
}

/// A rebuild that ended well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RebuildDone {
    /// Events folded by the last attempt; fewer than all where it was taken up again.
    pub events: u64,
    /// The definition had changed, so the tables were not compared.
    pub redefined: bool,
    /// Whether both tables were compared.
    pub compared: bool,
    /// Rows that only the old table had.
    pub only_live: u64,
    /// Rows that only the new table has.
    pub only_rebuilt: u64,
    /// A few of them: in which table, and the row.
    pub examples: Vec<(String, serde_json::Value)>,
    /// How long the last attempt took.
    pub elapsed_ms: u64,
}

/// A rebuild that did not end well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct RebuildFailed {
    /// A stable code.
    pub code: String,
    /// What happened, and what to do.
    pub message: String,
    /// Whether another attempt may help.
    pub try_again: bool,
    /// A few differing rows, where that was the reason: in which table, and the row.
    pub examples: Vec<(String, serde_json::Value)>,
}

/// Where progress is told.
pub type Tell<'a> = &'a (dyn Fn(LedgerReached) + Send + Sync);

/// Who can rebuild projections. A rebuild that is broken off and asked for again goes on where it was.
pub trait Rebuilder: Send + Sync + 'static {
    /// Rebuilds a projection.
    fn rebuild<'a>(
        &'a self,
        order: &'a RebuildOrder,
        tell: Tell<'a>,
    ) -> BoxFuture<'a, Result<RebuildDone, RebuildFailed>>;

    /// Drops what a rebuild that was broken off has built so far.
    fn give_up<'a>(&'a self, projection: &'a str) -> BoxFuture<'a, Result<(), RebuildFailed>>;
}
