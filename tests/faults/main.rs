//! The log under faults: processes killed and stopped, connections cut, transactions held up.
//!
//! The oracle is the clients' own journal: a line before each command, a line after its outcome. Whatever happens in
//! between, every acknowledged command's events are in the log exactly once and at the positions that were told, every
//! other command's all or none, and the log is dense, chained, and grows only.
//!
//! `ANNAL_SEED` repeats a run, `ANNAL_FAULTS` sets how many faults there are.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test stops at the first surprise and says what it did"
)]

mod brake;
mod full;
mod holding;
mod journal;
mod oracle;
mod proxy;
mod server;
mod storm;
mod writer;
