//! The reports that come with the program.

use annal_data::{Dataset, Dictionary};

use crate::args::Report;
use crate::error::CliError;
use crate::input::Input;

const HMDA: &[u8] = include_bytes!("../../../../examples/hmda_boston.csv");
const HMDA_DICTIONARY: &[u8] = include_bytes!("../../../../examples/hmda_boston_dictionary.csv");
const FR_Y14M_DICTIONARY: &[u8] = include_bytes!("../../../../examples/fr_y14m_dictionary.csv");
const PEOPLE: &str = include_str!("../../../../examples/people.json");

/// How many accounts are generated for FR Y-14M.
const ACCOUNTS: usize = 2_000;

/// The input of a demo.
pub(super) fn of(report: Report, seed: u64) -> Result<Input, CliError> {
    let people = Input::people("examples/people.json", PEOPLE)?;
    match report {
        Report::Hmda => Input::read(
            ("HMDA LAR Boston", "1990"),
            ("hmda_boston.csv", HMDA.to_vec()),
            ("hmda_boston_dictionary.csv", HMDA_DICTIONARY.to_vec()),
            None,
            people,
        ),
        Report::FrY14m => {
            let name = "fr_y14m_dictionary.csv";
            let schedule = Some("D.1");
            let dictionary = Dictionary::parse(name, FR_Y14M_DICTIONARY, schedule)?;
            let generated = annal_data::generate::generate(&dictionary, seed, ACCOUNTS);
            Input::read(
                ("FR Y-14M D.1", "2026-Q3"),
                ("fr_y14m_accounts.csv", generated.csv),
                (name, FR_Y14M_DICTIONARY.to_vec()),
                schedule,
                people,
            )
        }
    }
}

/// Dictionary and data of an input, for those who answer from the source.
pub(super) fn source(input: &Input) -> Result<(Dictionary, Dataset), CliError> {
    let (name, bytes) = &input.dictionary;
    let dictionary = Dictionary::parse(name, bytes, None)?;
    let (name, bytes) = &input.data;
    let data = Dataset::parse(name, bytes, &dictionary)?;
    Ok((dictionary, data))
}
