//! The documents that data owners give: what the source systems say about the samples.
//!
//! A document is CSV text with the columns `row_key,attribute,source_value`, one line for each value. A line without a value says that
//! the source has none; a value without a line is not covered by the document.

use std::collections::{BTreeMap, BTreeSet};

use annal_core::item::{Content, NewItem};
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

use crate::dataset::{Dataset, MISSING, Row};
use crate::dictionary::{Attribute, Dictionary};
use crate::error::DataError;
use crate::table::Table;

const COLUMNS: [&str; 3] = ["row_key", "attribute", "source_value"];

/// What one document says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    values: BTreeMap<String, BTreeMap<String, Said>>,
    attributes: BTreeSet<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Said {
    line: u64,
    value: Option<Box<str>>,
}

impl Evidence {
    /// What it says about an attribute of a row: nothing, that there is no value, or the value.
    #[must_use]
    pub fn says(&self, row_key: &str, attribute: &str) -> Option<Option<&str>> {
        let said = self.values.get(row_key)?.get(attribute)?;
        Some(said.value.as_deref())
    }

    /// Whether it says anything about the attribute, in any row.
    #[must_use]
    pub fn covers(&self, attribute: &str) -> bool {
        self.attributes.contains(attribute)
    }
}

/// Reads a document. `file` is how the errors call it.
///
/// # Errors
/// [`DataError`] with line and column of the first fault; two lines about one value have to say the same.
pub fn parse_evidence(file: &str, bytes: &[u8]) -> Result<Evidence, DataError> {
    let mut table = Table::open(file, bytes)?;
    let mut places = [0; COLUMNS.len()];
    for (place, column) in places.iter_mut().zip(COLUMNS) {
        *place = table.column(column)?;
    }
    if let Some(column) = table
        .header()
        .iter()
        .find(|name| !COLUMNS.contains(&name.as_str()))
    {
        return Err(DataError::ExtraColumn {
            file: file.to_owned(),
            column: column.clone(),
        });
    }
    let mut evidence = Evidence::default();
    while let Some((line, row)) = table.next_row()? {
        let [key, attribute, value] = places.map(|place| row[place].trim());
        for (cell, column) in [(key, COLUMNS[0]), (attribute, COLUMNS[1])] {
            if cell.is_empty() {
                let (file, column) = (file.to_owned(), column.to_owned());
                return Err(DataError::EmptyCell { file, line, column });
            }
        }
        let value = (!MISSING.contains(&value)).then(|| value.into());
        evidence.hear(file, key, attribute, Said { line, value })?;
    }
    if evidence.values.is_empty() {
        return Err(DataError::NoRows {
            file: file.to_owned(),
        });
    }
    Ok(evidence)
}

impl Evidence {
    fn hear(
        &mut self,
        file: &str,
        key: &str,
        attribute: &str,
        said: Said,
    ) -> Result<(), DataError> {
        let row = self.values.entry(key.to_owned()).or_default();
        match row.get(attribute) {
            Some(first) if first.value != said.value => Err(DataError::Contradiction {
                file: file.to_owned(),
                line: said.line,
                key: key.to_owned(),
                attribute: attribute.to_owned(),
                first: first.line,
            }),
            Some(_) => Ok(()),
            None => {
                row.insert(attribute.to_owned(), said);
                self.attributes.insert(attribute.to_owned());
                Ok(())
            }
        }
    }
}

/// How the scripted data owner of the demo errs. The shares lie between 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Script {
    /// Every value is decided by this seed and its own row and attribute alone: a later document with the same seed repeats an
    /// earlier one.
    pub seed: u64,
    /// The share of values where the source differs from the report.
    pub differing: f64,
    /// The share of values that the document leaves out. A revised document leaves out none.
    pub left_out: f64,
}

/// Writes the document that the demo's scripted data owner gives for the samples and the attributes of `asked`: the values of the report,
/// but for the shares in `script`. Where the report has no value, or one that its format refuses, the source
/// has a right one. No real document is made like this; a person's own file in the same columns takes the same way.
///
/// # Errors
/// [`DataError`] if an item is no sample, its row or an attribute is not in the data, or a share is not one.
pub fn source_extract(
    data: &Dataset,
    samples: &[NewItem],
    asked: &Dictionary,
    script: &Script,
) -> Result<Vec<u8>, DataError> {
    check_share("the share of differing values", script.differing)?;
    check_share("the share of values left out", script.left_out)?;
    let mut columns = Vec::new();
    for attribute in asked.tested() {
        columns.push((attribute, data.need(&attribute.name, "the extract")?));
    }
    let mut lines = csv::Writer::from_writer(Vec::new());
    let mut write = |cells: [&str; 3]| lines.write_record(cells).map_err(|error| broken(&error));
    write(COLUMNS)?;
    for sample in samples {
        let row = row_of(data, sample)?;
        for (attribute, column) in &columns {
            let mut random = random_of(script.seed, &row.key, &attribute.name);
            // Both are drawn in any case, so that what is left out does not change what is said.
            let [gap, difference]: [f64; 2] = random.random();
            if gap < script.left_out {
                continue;
            }
            let differs = difference < script.differing;
            let value = source_value(data, row, attribute, *column, differs, &mut random);
            write([&row.key, &attribute.name, value.unwrap_or("")])?;
        }
    }
    lines.into_inner().map_err(|error| broken(&error))
}

fn check_share(what: &'static str, share: f64) -> Result<(), DataError> {
    if (0.0..=1.0).contains(&share) {
        return Ok(());
    }
    Err(DataError::BadShare {
        what,
        value: share.to_string(),
    })
}

/// Writing to memory does not fail; should it ever, it is said and not hidden.
fn broken(error: &impl std::fmt::Display) -> DataError {
    DataError::Unreadable {
        file: "the extract".to_owned(),
        line: 1,
        what: error.to_string(),
    }
}

fn row_of<'a>(data: &'a Dataset, sample: &NewItem) -> Result<&'a Row, DataError> {
    let Content::Sample { row_key, .. } = &sample.content else {
        return Err(DataError::WrongItem {
            item: sample.id.to_string(),
            expected: "a sample",
        });
    };
    data.row(row_key).ok_or_else(|| DataError::UnknownRow {
        by: "the extract".to_owned(),
        key: row_key.clone(),
    })
}

fn random_of(seed: u64, key: &str, attribute: &str) -> ChaCha8Rng {
    let mut hash = Sha256::new();
    hash.update(seed.to_be_bytes());
    // The lengths keep `ab`+`c` and `a`+`bc` apart.
    for part in [key, attribute] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    ChaCha8Rng::from_seed(hash.finalize().into())
}

fn source_value<'a>(
    data: &'a Dataset,
    row: &'a Row,
    attribute: &Attribute,
    column: usize,
    differs: bool,
    random: &mut ChaCha8Rng,
) -> Option<&'a str> {
    let reported = row.values[column].as_deref();
    let sound = reported.is_some_and(|value| attribute.format.check(value).is_ok());
    if sound && !differs {
        return reported;
    }
    let is_other = |value: &str| {
        let same = reported.is_some_and(|reported| attribute.format.same(reported, value));
        !same && attribute.format.check(value).is_ok()
    };
    // A plausible other value is one that some other row has. Where hardly any row has another, the source agrees.
    (0..64)
        .filter_map(|_| data.rows().choose(random)?.values[column].as_deref())
        .find(|value| is_other(value))
        .or(reported)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profiling::Breaches;
    use crate::sampling::draw;
    use crate::testing_data::{hmda, hmda_data};

    fn samples(data: &Dataset) -> Vec<NewItem> {
        draw(data, &hmda(), &Breaches::new(), 3, 100, &BTreeSet::new()).unwrap()
    }

    fn script(differing: f64, left_out: f64) -> Script {
        Script {
            seed: 5,
            differing,
            left_out,
        }
    }

    /// Values that differ from the report, and values left out.
    fn count(data: &Dataset, samples: &[NewItem], evidence: &Evidence) -> (usize, usize) {
        let (mut differing, mut left_out) = (0, 0);
        for sample in samples {
            let row = row_of(data, sample).unwrap();
            for (attribute, reported) in hmda().attributes().iter().zip(&row.values).skip(1) {
                match evidence.says(&row.key, &attribute.name) {
                    None => left_out += 1,
                    Some(value) => differing += usize::from(value != reported.as_deref()),
                }
            }
        }
        (differing, left_out)
    }

    #[test]
    fn an_extract_differs_in_the_share_asked_for() {
        let data = hmda_data();
        let samples = samples(&data);
        let made = |script: Script| {
            let bytes = source_extract(&data, &samples, &hmda(), &script).unwrap();
            parse_evidence("e.csv", &bytes).unwrap()
        };
        assert_eq!(count(&data, &samples, &made(script(0.0, 0.0))), (0, 0));
        let (differing, left_out) = count(&data, &samples, &made(script(0.05, 0.02)));
        // 1,300 values: 65 and 26 are expected.
        assert!(
            (40..=90).contains(&differing) && (12..=45).contains(&left_out),
            "{differing} {left_out}"
        );
        assert_eq!(made(script(0.05, 0.02)), made(script(0.05, 0.02)));
        assert!(
            !made(script(0.0, 0.0)).covers("application_id"),
            "the key is not tested"
        );
    }

    #[test]
    fn a_revised_document_repeats_the_first_and_fills_its_gaps() {
        let data = hmda_data();
        let samples = samples(&data);
        let made = |left_out| {
            let bytes = source_extract(&data, &samples, &hmda(), &script(0.1, left_out)).unwrap();
            parse_evidence("e.csv", &bytes).unwrap()
        };
        let (first, revised) = (made(0.2), made(0.0));
        let mut gaps = 0;
        for sample in &samples {
            let key = &row_of(&data, sample).unwrap().key;
            for attribute in hmda().tested() {
                let (before, now) = (
                    first.says(key, &attribute.name),
                    revised.says(key, &attribute.name),
                );
                assert!(now.is_some() && (before.is_none() || before == now));
                gaps += usize::from(before.is_none());
            }
        }
        assert!((200..=320).contains(&gaps), "{gaps} of 1300");
    }

    #[test]
    fn the_source_has_what_the_report_lacks() {
        let data = hmda_data();
        let sample = crate::sampling::named(
            &data,
            &hmda(),
            &Breaches::new(),
            "2381",
            annal_core::item::SampleSource::Tester,
        )
        .unwrap();
        let bytes = source_extract(&data, &[sample], &hmda(), &script(0.0, 0.0)).unwrap();
        let evidence = parse_evidence("e.csv", &bytes).unwrap();
        assert!(matches!(
            evidence.says("2381", "public_bad_credit_record"),
            Some(Some("yes" | "no"))
        ));
        let score = evidence
            .says("2381", "consumer_credit_score")
            .unwrap()
            .unwrap();
        assert_eq!(
            score.len(),
            1,
            "2.116387 is in the report and {score} in the source"
        );
    }

    #[test]
    fn faults_name_line_and_column() {
        for (text, code, part) in [
            (
                "row_key,attribute\n1,a\n",
                "missing_column",
                "'source_value'",
            ),
            (
                "row_key,attribute,source_value,x\n1,a,2,3\n",
                "extra_column",
                "'x'",
            ),
            (
                "row_key,attribute,source_value\n,a,2\n",
                "empty_cell",
                "line 2, column 'row_key'",
            ),
            (
                "row_key,attribute,source_value\n1,,2\n",
                "empty_cell",
                "column 'attribute'",
            ),
            (
                "row_key,attribute,source_value\n1,a,2\n1,a,3\n",
                "contradiction",
                "line 3",
            ),
            (
                "row_key,attribute,source_value\n1,a\n",
                "broken_row",
                "line 2",
            ),
            ("row_key,attribute,source_value\n", "no_rows", "e.csv"),
        ] {
            let error = parse_evidence("e.csv", text.as_bytes()).unwrap_err();
            assert_eq!(error.code(), code, "{error}");
            assert!(error.to_string().contains(part), "{error}");
        }
        let said =
            parse_evidence("e.csv", b"row_key,attribute,source_value\n1,a,\n1,a,NA\n").unwrap();
        assert_eq!(
            (said.says("1", "a"), said.says("1", "b")),
            (Some(None), None)
        );
    }

    #[test]
    fn a_share_that_is_none_is_refused() {
        for share in [-0.1, 1.1, f64::NAN] {
            let error =
                source_extract(&hmda_data(), &[], &hmda(), &script(share, 0.0)).unwrap_err();
            assert_eq!(error.code(), "bad_share");
        }
    }
}
