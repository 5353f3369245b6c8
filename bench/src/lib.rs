//! Rule-true events in any number.

mod fill;
mod office;
mod story;

pub use fill::{fill, put};
pub use office::Office;
pub use story::{ORDINARY, Size, run, run_of_samples, sampled};
