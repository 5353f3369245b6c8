//! The data of a report: rows checked against the dictionary's columns.

use std::collections::HashMap;

use annal_core::ItemId;

use crate::dictionary::Dictionary;
use crate::error::DataError;
use crate::table::Table;

/// Cells that mean "there is no value": an empty one, and `NA`, which statistics programs write for it.
pub const MISSING: [&str; 2] = ["", "NA"];

/// Keys longer than this do not fit into the ids that are made of them.
const LONGEST_KEY: usize = 80;

/// What stands between the parts of a key of several columns.
const KEY_SEPARATOR: &str = "/";

/// A row of the data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Line in the file, the header being line 1.
    pub line: u64,
    /// Its key.
    pub key: Box<str>,
    /// Its values in the order of the dictionary; none where missing.
    pub values: Vec<Option<Box<str>>>,
}

/// The rows of a report, in the order of the file, each with a key of its own.
#[derive(Debug, Clone)]
pub struct Dataset {
    columns: Vec<String>,
    rows: Vec<Row>,
    by_key: HashMap<Box<str>, usize>,
}

impl Dataset {
    /// Reads the data. `file` is how the errors call it. The columns may stand in any order, but have to be those of
    /// the dictionary; cells as in [`MISSING`] are missing values. Whether values are right is not asked here but by the rules of
    /// [`crate::profiling`]: a report with wrong values is what this is for.
    ///
    /// # Errors
    /// [`DataError`] with the line of the first fault: a column missing, extra or twice, a row with too many or too few
    /// fields, a key missing, twice or unusable, no row at all.
    pub fn parse(file: &str, bytes: &[u8], dictionary: &Dictionary) -> Result<Self, DataError> {
        let mut table = Table::open(file, bytes)?;
        let columns: Vec<String> = dictionary
            .attributes()
            .iter()
            .map(|attribute| attribute.name.clone())
            .collect();
        let places = places(file, &table, &columns)?;
        let key: Vec<usize> = (dictionary.attributes().iter().enumerate())
            .filter_map(|(index, attribute)| attribute.primary_key.then_some(index))
            .collect();
        let mut data = Self {
            columns,
            rows: Vec::new(),
            by_key: HashMap::new(),
        };
        while let Some((line, record)) = table.next_row()? {
            let values: Vec<_> = places.iter().map(|&place| value(&record[place])).collect();
            data.push(file, line, &key, values)?;
        }
        if data.rows.is_empty() {
            return Err(DataError::NoRows {
                file: file.to_owned(),
            });
        }
        Ok(data)
    }

    fn push(
        &mut self,
        file: &str,
        line: u64,
        key: &[usize],
        values: Vec<Option<Box<str>>>,
    ) -> Result<(), DataError> {
        let mut parts = Vec::new();
        for &index in key {
            let (file, column) = (file.to_owned(), self.columns[index].clone());
            let part = values[index].as_deref();
            parts.push(part.ok_or(DataError::MissingKey { file, line, column })?);
        }
        let text = parts.join(KEY_SEPARATOR);
        let column = key
            .iter()
            .map(|&index| self.columns[index].as_str())
            .collect::<Vec<_>>()
            .join(", ");
        if let Some(why) = key_fault(&parts, &text) {
            let file = file.to_owned();
            return Err(DataError::BadName {
                file,
                line,
                column,
                text,
                why,
            });
        }
        let text: Box<str> = text.into();
        if let Some(&first) = self.by_key.get(&text) {
            let (file, first) = (file.to_owned(), self.rows[first].line);
            return Err(DataError::DuplicateKey {
                file,
                line,
                column,
                key: text.into(),
                first,
            });
        }
        self.by_key.insert(text.clone(), self.rows.len());
        self.rows.push(Row {
            line,
            key: text,
            values,
        });
        Ok(())
    }

    /// The columns, in the order of the dictionary.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Where a column stands among a row's values.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    /// All rows, in the order of the file.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The row with this key.
    #[must_use]
    pub fn row(&self, key: &str) -> Option<&Row> {
        self.place(key).map(|index| &self.rows[index])
    }

    /// Where the row with this key stands among the rows.
    #[must_use]
    pub fn place(&self, key: &str) -> Option<usize> {
        self.by_key.get(key).copied()
    }

    /// A column's place, or an error that says who needs it.
    pub(crate) fn need(&self, column: &str, by: &str) -> Result<usize, DataError> {
        self.column(column).ok_or_else(|| DataError::UnknownColumn {
            by: by.to_owned(),
            column: column.to_owned(),
        })
    }
}

/// Where each column of the dictionary stands in the file.
fn places(file: &str, table: &Table<'_>, columns: &[String]) -> Result<Vec<usize>, DataError> {
    let places = columns
        .iter()
        .map(|column| table.column(column))
        .collect::<Result<_, _>>()?;
    match table.header().iter().find(|name| !columns.contains(name)) {
        None => Ok(places),
        Some(column) => Err(DataError::ExtraColumn {
            file: file.to_owned(),
            column: column.clone(),
        }),
    }
}

fn value(cell: &str) -> Option<Box<str>> {
    (!MISSING.contains(&cell.trim())).then(|| cell.into())
}

fn key_fault(parts: &[&str], text: &str) -> Option<String> {
    if text.len() > LONGEST_KEY {
        Some(format!("it is longer than {LONGEST_KEY} bytes"))
    } else if parts.len() > 1 && parts.iter().any(|part| part.contains(KEY_SEPARATOR)) {
        Some(format!(
            "it holds '{KEY_SEPARATOR}', which separates the parts of a key"
        ))
    } else {
        ItemId::new(text).err().map(|error| error.rule.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing_data::{HMDA_CSV, hmda, hmda_data};

    #[test]
    fn the_hmda_file_has_2381_rows_and_its_two_missing_values() {
        let data = hmda_data();
        assert_eq!((data.rows().len(), data.columns().len()), (2381, 14));
        let missing: usize = data
            .rows()
            .iter()
            .map(|row| row.values.iter().filter(|v| v.is_none()).count())
            .sum();
        // Counted in the text itself: the cells that are empty or NA.
        let cells = HMDA_CSV.lines().skip(1).flat_map(|line| line.split(','));
        assert_eq!(
            missing,
            cells
                .filter(|cell| cell.is_empty() || *cell == "NA")
                .count()
        );
        assert_eq!(missing, 2);
        let row = data.row("2381").unwrap();
        assert_eq!((row.line, row.values[6].as_deref()), (2382, None));
    }

    const DICTIONARY: &str = "schedule,line_item,name,format,requirement,primary_key,critical,risk
L,1,id,integer,mandatory,yes,no,high
L,2,rate,ratio,mandatory,no,no,high
";

    fn parse(text: &str) -> Result<Dataset, DataError> {
        let dictionary = Dictionary::parse("d.csv", DICTIONARY.as_bytes(), None).unwrap();
        Dataset::parse("t.csv", text.as_bytes(), &dictionary)
    }

    #[test]
    fn columns_may_stand_in_any_order() {
        let data = parse("rate,id\n0.5,7\n").unwrap();
        let values: Vec<_> = data.rows()[0]
            .values
            .iter()
            .flatten()
            .map(AsRef::as_ref)
            .collect();
        assert_eq!(values, ["7", "0.5"]);
    }

    #[test]
    fn faults_name_line_and_column() {
        for (text, code, parts) in [
            ("id\n1\n", "missing_column", ["line 1", "'rate'"]),
            ("id,rate,x\n1,2,3\n", "extra_column", ["line 1", "'x'"]),
            ("id,rate\n1,2\n3\n", "broken_row", ["line 3", "1 fields"]),
            (
                "id,rate\n1,2\n3,4,5\n",
                "broken_row",
                ["line 3", "3 fields"],
            ),
            ("id,rate\n1,2\n,4\n", "missing_key", ["line 3", "'id'"]),
            (
                "id,rate\n1,2\n2,2\n1,4\n",
                "duplicate_key",
                ["line 4", "line 2"],
            ),
            ("id,rate\n 1,2\n", "bad_name", ["line 2", "blank"]),
            ("id,rate\n", "no_rows", ["t.csv", "header"]),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.code(), code, "{error}");
            for part in parts {
                assert!(error.to_string().contains(part), "{error} lacks {part}");
            }
        }
    }

    #[test]
    fn a_key_of_several_columns_is_joined_and_cannot_be_mistaken() {
        let text = DICTIONARY.replace("mandatory,no,no", "mandatory,yes,no");
        let dictionary = Dictionary::parse("d.csv", text.as_bytes(), None).unwrap();
        let data = Dataset::parse("t.csv", b"id,rate\n1,2\n1,3\n", &dictionary).unwrap();
        assert_eq!(data.row("1/3").unwrap().line, 3);
        let error = Dataset::parse("t.csv", b"id,rate\n1/2,3\n", &dictionary).unwrap_err();
        assert_eq!(error.code(), "bad_name");
    }

    #[test]
    fn the_hmda_dictionary_is_needed_as_it_is() {
        let without = HMDA_CSV.replacen(",denied\n", "\n", 1);
        let error = Dataset::parse("h.csv", without.as_bytes(), &hmda()).unwrap_err();
        assert_eq!(error.code(), "missing_column");
    }
}
