//! A report run: one report in one test cycle, its people, its phases, steps and transitions.

mod aggregate;
pub mod command;
mod decide;
pub mod event;
mod evolve;
mod lookup;
mod people;
mod state;

pub use aggregate::RunRequest;
pub use command::RunCommand;
pub use event::RunEvent;
pub use state::{PhaseStatus, ReportRun, RunStatus, StepState, StepStatus, Transition};
