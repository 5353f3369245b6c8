//! A line of a dictionary and its cells, read by column.

use std::collections::HashMap;

use annal_core::ItemId;
use annal_core::item::Requirement;

use super::attribute_id;
use crate::error::DataError;
use crate::format::Format;

/// A line of a dictionary by column.
pub(super) struct Line {
    pub(super) file: String,
    pub(super) number: u64,
    pub(super) cells: HashMap<&'static str, String>,
}

impl Line {
    pub(super) fn get(&self, column: &str) -> &str {
        self.cells.get(column).map_or("", String::as_str)
    }

    pub(super) fn filled(&self, column: &str) -> Result<&str, DataError> {
        match self.get(column) {
            "" => Err(DataError::EmptyCell {
                file: self.file.clone(),
                line: self.number,
                column: column.to_owned(),
            }),
            text => Ok(text),
        }
    }

    pub(super) fn name(&self, column: &str) -> Result<(ItemId, String), DataError> {
        let text = self.filled(column)?;
        match attribute_id(text) {
            Ok(id) => Ok((id, text.to_owned())),
            Err(why) => Err(DataError::BadName {
                file: self.file.clone(),
                line: self.number,
                column: column.to_owned(),
                text: text.to_owned(),
                why,
            }),
        }
    }

    pub(super) fn format(&self) -> Result<Format, DataError> {
        let text = self.filled("format")?;
        text.parse().map_err(|_| DataError::UnknownFormat {
            file: self.file.clone(),
            line: self.number,
            column: "format".to_owned(),
            text: text.to_owned(),
        })
    }

    /// One of the words that the column allows.
    pub(super) fn word<T: Copy>(&self, column: &str, words: &[(&str, T)]) -> Result<T, DataError> {
        let text = self.filled(column)?;
        match words.iter().find(|(word, _)| *word == text) {
            Some((_, meaning)) => Ok(*meaning),
            None => Err(DataError::UnknownWord {
                file: self.file.clone(),
                line: self.number,
                column: column.to_owned(),
                word: text.to_owned(),
                allowed: words
                    .iter()
                    .map(|(word, _)| *word)
                    .collect::<Vec<_>>()
                    .join(", "),
            }),
        }
    }

    pub(super) fn requirement(&self) -> Result<Requirement, DataError> {
        self.word(
            "requirement",
            &[
                ("mandatory", Requirement::Mandatory),
                ("conditional", Requirement::Conditional),
                ("optional", Requirement::Optional),
            ],
        )
    }

    pub(super) fn duplicate(&self, column: &str, name: String, first: u64) -> DataError {
        let (file, line, column) = (self.file.clone(), self.number, column.to_owned());
        DataError::DuplicateName {
            file,
            line,
            column,
            name,
            first,
        }
    }
}
