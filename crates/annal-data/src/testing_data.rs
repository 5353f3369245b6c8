//! The example inputs, for tests.

use crate::{Dataset, Dictionary};

pub(crate) fn hmda() -> Dictionary {
    let bytes = include_bytes!("../../../examples/hmda_boston_dictionary.csv");
    Dictionary::parse("hmda_boston_dictionary.csv", bytes, None).unwrap()
}

pub(crate) const HMDA_CSV: &str = include_str!("../../../examples/hmda_boston.csv");

pub(crate) fn hmda_data() -> Dataset {
    Dataset::parse("hmda_boston.csv", HMDA_CSV.as_bytes(), &hmda()).unwrap()
}

pub(crate) fn fr_y14m() -> Dictionary {
    let bytes = include_bytes!("../../../examples/fr_y14m_dictionary.csv");
    Dictionary::parse("fr_y14m_dictionary.csv", bytes, Some("D.1")).unwrap()
}
