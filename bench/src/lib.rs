//! Rule-true events in any number, and measurements on them.

mod fill;
mod office;
mod story;

pub use fill::{fill, put};
pub use story::{ORDINARY, Size, run, run_of_samples};
