//! A dossier: one phase of one run, with all its versions, their items and the decisions on them, or the trail of
//! an audited phase.

pub mod command;
pub mod event;

pub use command::DossierCommand;
pub use event::DossierEvent;
