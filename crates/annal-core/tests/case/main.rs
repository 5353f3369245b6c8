//! A whole run: steps and transitions that follow from what people do, and the ways through it.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails like the test")]
#![allow(
    clippy::needless_pass_by_value,
    reason = "does(…, command) reads better without a reference at each of its calls"
)]

mod deadlines;
mod definitions;
mod entering;
mod mistakes;
mod office;
mod people;
mod refusals;
mod reopening;
mod resting;
mod script;
mod steps;
