//! The rules of a dossier: given these acts, when this is asked, then these events follow or it is refused.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails like the test")]
#![allow(
    clippy::needless_pass_by_value,
    reason = "given(…, command) reads better without a reference at each of its calls"
)]

mod carry_forward;
mod decisions;
mod documents;
mod engine_only;
mod four_eyes;
mod golden;
mod mistakes;
mod no_approval_due;
mod ownership;
mod primary_keys;
mod reopening;
mod roles;
mod rules_table;
mod signatures;
mod support;
mod test_execution;
mod timing;
mod verdicts;
mod version_life;
mod versions_made;
