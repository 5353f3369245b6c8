//! The domain of Annal: what a bank's people decide while they test the data behind a report.
//!
//! Everything here is pure. [`dossier::Dossier`] and [`run::ReportRun`] are the two aggregates; each has a
//! `decide` (state + command → events or a [`Rejection`]) and an `evolve` (state + event → state). There is no
//! I/O, no clock and no randomness: whatever is not deterministic comes in with the command.

pub mod case;
pub mod command;
pub mod condition;
pub mod definition;
pub mod dossier;
pub mod envelope;
pub mod ids;
pub mod item;
pub mod people;
pub mod phase;
pub mod printed_name;
pub mod rejection;
pub mod run;
pub mod version;

pub use case::{Case, Outcome, Summary, Target};
pub use command::Command;
pub use ids::{
    CommandId, DocumentId, EventId, ItemId, LedgerId, PersonId, Position, RequestId, RunId,
    Sequence, StepId, TestCaseId, VersionNo,
};
pub use people::{Actor, Role};
pub use phase::Phase;
pub use printed_name::PrintedName;
pub use rejection::Rejection;
