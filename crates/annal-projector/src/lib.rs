//! Keeps the tables that people read up to date with the log.
//!
//! A projection is a folder in `projections/`: `model.sql` makes its table, `fold.sql` turns the events of a range of
//! positions into rows. The same statement follows the log in small ranges and rebuilds the table in large ones. A
//! fold and its cursor commit together, so a table always is what the log says up to its cursor.

mod compare;
mod connection;
mod error;
mod fold;
mod follow;
mod prepare;
mod projection;
mod rebuild;
mod status;
mod swap;
mod table;

pub use compare::Differences;
pub use error::ProjectorError;
pub use follow::Projector;
pub use projection::Projection;
pub use rebuild::{Progress, RebuildOptions, Rebuilt};
pub use status::{ProjectionState, ProjectionStatus, RebuildStatus};
