//! The rules of a report run: given these events, when this is asked, then these events follow or it is refused.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails like the test")]

mod aggregate;
mod changing_definition;
mod erasing;
mod golden;
mod opening;
mod people;
mod phases;
mod property;
mod steps;
mod support;
