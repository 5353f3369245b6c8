//! No sequence of commands by any people breaks what a case promises.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails like the test")]
#![allow(
    clippy::needless_pass_by_value,
    dead_code,
    reason = "the office and its script are shared with the tests of the case"
)]

mod engine;
mod moves;
#[path = "../case/office.rs"]
mod office;
mod promises;
#[path = "../case/script.rs"]
mod script;
mod witness;
