//! Report data at the size of a real form: plausible rows made from the dictionary, with faults put in on purpose.

mod faults;
mod values;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::dictionary::Dictionary;
use crate::knowledge::AGREEMENTS;
use crate::number::Decimal;
use values::Column;

pub use faults::{Defect, DefectKind};

/// Generated data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeneratedData {
    /// The rows as CSV, ready for [`crate::Dataset::parse`].
    pub csv: Vec<u8>,
    /// The faults that were put in, by line; everything else is clean.
    pub defects: Vec<Defect>,
}

/// Makes `rows` rows for the dictionary. They follow its formats and what [`crate::knowledge`] holds for plausible, so that no rule finds
/// anything in them, but for the defects: one row in twenty (at least four rows, if there are that many) gets one fault, the kinds in turn, in a
/// few columns for each kind. Keys are never touched. The same seed gives the same bytes.
#[must_use]
pub fn generate(dictionary: &Dictionary, seed: u64, rows: usize) -> GeneratedData {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let agreements = agreements(dictionary);
    let columns: Vec<_> = dictionary.attributes().iter().map(Column::of).collect();
    let mut table: Vec<Vec<String>> = Vec::with_capacity(rows);
    for number in 0..rows {
        let mut row: Vec<String> = columns
            .iter()
            .map(|column| column.value(number, &mut random))
            .collect();
        agree(&mut row, &agreements);
        table.push(row);
    }
    let defects = faults::put_in(dictionary, &mut table, &mut random);
    GeneratedData {
        csv: write(dictionary, &table),
        defects,
    }
}

/// The pairs of columns that have to agree, by their places.
fn agreements(dictionary: &Dictionary) -> Vec<(usize, usize)> {
    let place = |name: &str| {
        dictionary
            .attributes()
            .iter()
            .position(|own| own.name == name)
    };
    let pair = |(column, _, other): &(&str, _, &str)| Some((place(column)?, place(other)?));
    AGREEMENTS.iter().filter_map(pair).collect()
}

/// Lowers the first of two columns to the second where it is greater, or says yes where the second does not.
fn agree(row: &mut [String], agreements: &[(usize, usize)]) {
    for &(column, other) in agreements {
        let greater = match (Decimal::parse(&row[column]), Decimal::parse(&row[other])) {
            (Some(one), Some(other)) => one > other,
            _ => row[column] == "yes" && row[other] == "no",
        };
        if greater {
            row[column] = row[other].clone();
        }
    }
}

fn write(dictionary: &Dictionary, table: &[Vec<String>]) -> Vec<u8> {
    let mut csv = String::new();
    let names = dictionary
        .attributes()
        .iter()
        .map(|attribute| attribute.name.as_str());
    write_line(&mut csv, names);
    for row in table {
        write_line(&mut csv, row.iter().map(String::as_str));
    }
    csv.into_bytes()
}

fn write_line<'a>(csv: &mut String, cells: impl Iterator<Item = &'a str>) {
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            csv.push(',');
        }
        if cell.contains([',', '"']) {
            csv.push('"');
            csv.push_str(&cell.replace('"', "\"\""));
            csv.push('"');
        } else {
            csv.push_str(cell);
        }
    }
    csv.push('\n');
}

#[cfg(test)]
mod tests;
