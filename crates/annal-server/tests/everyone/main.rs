//! Everybody tries everything: each endpoint that the API's description or the list of pages names, by each role, by
//! machines, and by who is nobody, in their own ledger and in a foreign one.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![allow(dead_code, reason = "support is shared with the tests of the API")]

#[path = "../api/support.rs"]
mod support;

mod doors;
mod judging;
mod people;
mod record;
mod table;
mod trying;
