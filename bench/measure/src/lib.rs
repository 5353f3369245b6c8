//! How everything is measured, ours and the peers alike: the same callers, the same clock, the same counting.

mod callers;
mod cpu;
mod spread;

pub use callers::{Load, Streams, Writer, append};
pub use cpu::Cpu;
pub use spread::Spread;

use serde::{Deserialize, Serialize};

/// Why a measurement broke off.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Appends by so many callers, each of so many events at a time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Appends {
    /// Whose.
    pub who: String,
    /// Callers at the same time, each with one command under way.
    pub callers: usize,
    /// Events of a command.
    pub per_command: usize,
    /// On which streams.
    pub streams: Streams,
    /// How long it was measured, in seconds.
    pub seconds: f64,
    /// Events a second, acknowledged.
    pub rate: f64,
    /// Time of a command from its caller's side, in milliseconds.
    pub latency: Spread,
    /// Cores that the callers' process kept busy.
    pub client_cpu: f64,
    /// Cores that the database server kept busy.
    pub server_cpu: f64,
}
