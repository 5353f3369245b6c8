//! A report run: one report in one test cycle, its people, its phases, steps and transitions.

pub mod command;
pub mod event;

pub use command::RunCommand;
pub use event::RunEvent;
