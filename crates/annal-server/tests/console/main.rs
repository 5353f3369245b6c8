//! The console as a browser without a script has it: forms and pages, on a real database, a real Temporal server and a
//! real worker.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../support/accounts.rs"]
mod accounts;
mod deciding;
mod listening;
mod opening;
mod support;
