//! The log on a real PostgreSQL server, a fresh database for each test.

#![allow(
    clippy::unwrap_used,
    reason = "the helpers beside the tests are tests too"
)]

mod appending;
mod files;
mod following;
mod grouping;
mod guards;
mod hashing;
mod migrating;
mod racing;
mod repository;
mod support;
mod verifying;
