//! A dossier: one phase of one run, with all its versions, their items and the decisions on them, or the trail of
//! an audited phase.

pub mod basis;
mod carry;
pub mod command;
pub mod decide;
pub mod event;
mod evolve;
mod facts;
mod hash;
mod names;
mod progress;
pub mod state;

pub use basis::Basis;
pub use command::DossierCommand;
pub use decide::{Asked, allowed_verdicts, next_to_sign, second_level, sign_off_order};
pub use event::DossierEvent;
pub use facts::Facts;
pub use hash::content_hash;
pub use progress::{Action, Awaited, Stage};
pub use state::{Dossier, DossierStatus};
