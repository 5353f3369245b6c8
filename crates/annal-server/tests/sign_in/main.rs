//! Signing in to a real server, on a real database, over HTTP as a browser does it.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[path = "../support/accounts.rs"]
mod accounts;
mod elsewhere;
mod forgery;
mod guessing;
mod local;
mod openid;
mod support;
mod tokens;
