//! The data side of Annal: dictionaries and report data are read, rules are derived and run, rows are drawn, evidence is
//! compared.
//!
//! All functions are pure: bytes and items go in, items come out. There is no clock and no I/O, and randomness comes from a
//! given seed alone, so that a draw can be repeated years later.
//!
//! | phase | function |
//! |---|---|
//! | input | [`Dictionary::parse`], [`Dataset::parse`] |
//! | planning | [`planning::attributes`]; [`planning::planned`] reads the plan's items back |
//! | data_profiling | [`profiling::derive_rules`], [`profiling::profile`]; [`profiling::rules_of`] reads approved rules back |
//! | scoping | [`scoping::recommend`] |
//! | sample_selection | [`sampling::draw`], [`sampling::named`], [`sampling::lines_of_business`] |
//! | request_info | [`evidence::parse_evidence`]; [`evidence::source_extract`] is the demo's scripted data owner |
//! | test_execution | [`testing::execute`] |
//! | observations | [`observations::group`] |
//! | test_report | [`report::compose`] |
//!
//! [`Dictionary::select`] makes the scope, or one owner's part, out of the plan. [`generate::generate`] makes report data of any size with known defects.

pub mod checks;
pub mod dataset;
pub mod dictionary;
pub mod error;
pub mod evidence;
pub mod format;
pub mod generate;
pub mod knowledge;
pub mod number;
pub mod observations;
pub mod planning;
pub mod profiling;
pub mod report;
pub mod sampling;
pub mod scoping;
mod table;
pub mod testing;
#[cfg(test)]
mod testing_data;

pub use dataset::Dataset;
pub use dictionary::{Attribute, Dictionary};
pub use error::DataError;
