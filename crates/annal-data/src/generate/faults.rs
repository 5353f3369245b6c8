//! Faults put into generated rows.

use annal_core::item::Requirement;
use rand::Rng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand_chacha::ChaCha8Rng;

use crate::dictionary::{Attribute, Dictionary};
use crate::format::Kind;
use crate::knowledge;

/// One row in so many gets a fault.
const ONE_IN: usize = 20;

/// In so many columns for each kind, as faults of real processes do not hit everywhere.
const COLUMNS: usize = 4;

/// What is wrong with a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DefectKind {
    /// A mandatory value is missing; a completeness rule finds it.
    MissingValue,
    /// A day that no calendar has; a format rule finds it.
    BadDate,
    /// A value outside of what is valid or plausible, in the right format; a validity or accuracy rule finds it.
    OutOfRange,
    /// Too many characters or digits; a format rule finds it.
    WrongLength,
}

impl DefectKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [
        Self::MissingValue,
        Self::BadDate,
        Self::OutOfRange,
        Self::WrongLength,
    ];
}

/// A fault that was put in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    /// Line in the file, the header being line 1.
    pub line: u64,
    /// The column.
    pub column: String,
    /// What is wrong.
    pub kind: DefectKind,
}

/// Puts one fault into each of some rows and says which.
pub(super) fn put_in(
    dictionary: &Dictionary,
    table: &mut [Vec<String>],
    random: &mut ChaCha8Rng,
) -> Vec<Defect> {
    let mut rows: Vec<usize> = (0..table.len()).collect();
    rows.shuffle(random);
    rows.truncate((table.len() / ONE_IN).max(DefectKind::ALL.len()));
    let targets = DefectKind::ALL.map(|kind| (kind, columns(dictionary, kind, random)));
    let mut defects = Vec::with_capacity(rows.len());
    for (&row, (kind, columns)) in rows.iter().zip(targets.iter().cycle()) {
        let Some(&column) = columns.choose(random) else {
            continue;
        };
        let attribute = &dictionary.attributes()[column];
        let Some(bad) = bad_value(attribute, *kind, random) else {
            continue;
        };
        table[row][column] = bad;
        let (line, column) = (row as u64 + 2, attribute.name.clone());
        defects.push(Defect {
            line,
            column,
            kind: *kind,
        });
    }
    defects.sort_by_key(|defect| defect.line);
    defects
}

/// The columns that get faults of a kind.
fn columns(dictionary: &Dictionary, kind: DefectKind, random: &mut ChaCha8Rng) -> Vec<usize> {
    let fits = |(index, attribute): (usize, &Attribute)| {
        let fits = !attribute.primary_key && bad_value(attribute, kind, random).is_some();
        fits.then_some(index)
    };
    let mut columns: Vec<usize> = dictionary
        .attributes()
        .iter()
        .enumerate()
        .filter_map(fits)
        .collect();
    columns.shuffle(random);
    columns.truncate(COLUMNS);
    columns
}

/// A value with this fault; none where the attribute cannot have it.
fn bad_value(attribute: &Attribute, kind: DefectKind, random: &mut ChaCha8Rng) -> Option<String> {
    match (kind, attribute.format.kind()) {
        (DefectKind::MissingValue, _) => {
            (attribute.requirement == Requirement::Mandatory).then(String::new)
        }
        (DefectKind::BadDate, Kind::Day) => {
            let bad = ["20240231", "20241301", "2024-06-30", "00000000", "20230229"];
            bad.choose(random).map(|day| (*day).to_owned())
        }
        (DefectKind::WrongLength, Kind::Text(longest)) => {
            Some("X".repeat(longest + random.random_range(1..=5)))
        }
        (DefectKind::WrongLength, Kind::Number(digits, _)) => Some("1".repeat(digits + 1)),
        (DefectKind::OutOfRange, _) => out_of_range(attribute),
        _ => None,
    }
}

/// The largest value that can be written in the format, if it is none that the attribute may have.
fn out_of_range(attribute: &Attribute) -> Option<String> {
    let largest = match attribute.format.kind() {
        Kind::Number(digits, 0) => "9".repeat(*digits),
        Kind::Number(digits, decimals) => {
            format!(
                "{}.{}",
                "9".repeat((digits - decimals).max(1)),
                "9".repeat(*decimals)
            )
        }
        Kind::Ratio => "9.75".to_owned(),
        Kind::Percent => "975.0".to_owned(),
        Kind::Day => "18990101".to_owned(),
        Kind::Text(longest) => "Z".repeat(*longest),
        Kind::IntegerBetween(_, high) => high.checked_add(1)?.to_string(),
        _ => return None,
    };
    let known = matches!(attribute.format.kind(), Kind::IntegerBetween(..))
        || knowledge::codes(attribute).is_some_and(|codes| !codes.contains(&largest))
        || knowledge::plausible(attribute).is_some();
    known.then_some(largest)
}
