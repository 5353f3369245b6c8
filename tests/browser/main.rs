//! The console in a real browser, with `annal up` behind it: Chromium as a person has it, with keys, in the dark, and on
//! a phone.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod at_issuer;
mod pages;
mod people;
mod pictures;
mod proving;
mod site;
#[path = "../support/mod.rs"]
mod support;
mod turns;
mod whole_run;
