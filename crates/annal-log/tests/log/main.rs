//! The log on a real PostgreSQL server, a fresh database for each test.
//!
//! The runtimes have two threads, one of which may wait for the database to be dropped.

#![allow(
    clippy::unwrap_used,
    reason = "the helpers beside the tests are tests too"
)]

mod accounts;
mod ahead;
mod appending;
mod breaking;
mod files;
mod following;
mod grouping;
mod guards;
mod hashing;
mod malformed;
mod matrix;
mod migrating;
mod proving;
mod racing;
mod repository;
mod rotating;
mod sealing;
mod settings;
mod slicing;
mod support;
mod tenants;
mod unasked;
mod verifying;
