//! CSV text read line by line, with its faults named by line. A cell never goes over the end of its line: no dictionary,
//! report or extract needs that, and it is what a quote that was not closed looks like.

use csv::{ReaderBuilder, StringRecord};

use crate::error::DataError;

/// A header and the rows below it, all as wide as the header.
pub(crate) struct Table<'a> {
    file: &'a str,
    header: Vec<String>,
    lines: std::iter::Enumerate<std::str::Lines<'a>>,
    record: StringRecord,
}

impl<'a> Table<'a> {
    /// Reads the header.
    pub(crate) fn open(file: &'a str, bytes: &'a [u8]) -> Result<Self, DataError> {
        let lines = text_of(file, bytes)?.lines().enumerate();
        let mut table = Self {
            file,
            header: Vec::new(),
            lines,
            record: StringRecord::new(),
        };
        if table.read()?.is_none() {
            return Err(DataError::NoRows {
                file: file.to_owned(),
            });
        }
        table.header = table
            .record
            .iter()
            .map(|name| name.trim().to_owned())
            .collect();
        for (index, column) in table.header.iter().enumerate() {
            if table.header[..index].contains(column) {
                let (file, column) = (file.to_owned(), column.clone());
                return Err(DataError::DuplicateColumn { file, column });
            }
        }
        Ok(table)
    }

    /// The columns, in the order of the file.
    pub(crate) fn header(&self) -> &[String] {
        &self.header
    }

    /// Where a column stands, or that it is missing.
    pub(crate) fn column(&self, column: &str) -> Result<usize, DataError> {
        let found = self.header.iter().position(|name| name == column);
        found.ok_or_else(|| DataError::MissingColumn {
            file: self.file.to_owned(),
            column: column.to_owned(),
        })
    }

    /// The next row with its line; none at the end.
    pub(crate) fn next_row(&mut self) -> Result<Option<(u64, &StringRecord)>, DataError> {
        let Some(line) = self.read()? else {
            return Ok(None);
        };
        let (expected, found) = (self.header.len(), self.record.len());
        if expected != found {
            let file = self.file.to_owned();
            return Err(DataError::BrokenRow {
                file,
                line,
                expected,
                found,
            });
        }
        Ok(Some((line, &self.record)))
    }

    /// Reads the next line that is not empty into the record.
    fn read(&mut self) -> Result<Option<u64>, DataError> {
        let Some((index, text)) = self.lines.find(|(_, text)| !text.is_empty()) else {
            return Ok(None);
        };
        let line = index as u64 + 1;
        let file = self.file;
        let fault = |what: &str| DataError::Unreadable {
            file: file.to_owned(),
            line,
            what: what.to_owned(),
        };
        if text.contains('\r') {
            return Err(fault("there is a carriage return inside the line"));
        }
        match text.bytes().filter(|byte| *byte == b'"').count() {
            // Most lines have no quote, and then a field is what stands between two commas.
            0 => {
                self.record.clear();
                text.split(',')
                    .for_each(|field| self.record.push_field(field));
            }
            quotes if quotes % 2 == 1 => return Err(fault("a quote is not closed")),
            _ => {
                let mut reader = ReaderBuilder::new()
                    .has_headers(false)
                    .from_reader(text.as_bytes());
                let read = reader.read_record(&mut self.record);
                read.map_err(|error| fault(&error.to_string()))?;
            }
        }
        Ok(Some(line))
    }
}

fn text_of<'a>(file: &str, bytes: &'a [u8]) -> Result<&'a str, DataError> {
    let fault = |at: usize, what: &str| DataError::Unreadable {
        file: file.to_owned(),
        line: 1 + bytes[..at].iter().filter(|byte| **byte == b'\n').count() as u64,
        what: what.to_owned(),
    };
    let text = std::str::from_utf8(bytes)
        .map_err(|error| fault(error.valid_up_to(), "the text is not UTF-8"))?;
    // No database keeps it, and no dictionary or report has it.
    if let Some(at) = text.find('\0') {
        return Err(fault(at, "the text holds a NUL character"));
    }
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8]) -> Result<Vec<(u64, Vec<String>)>, DataError> {
        let mut table = Table::open("t.csv", text)?;
        let mut rows = Vec::new();
        while let Some((line, row)) = table.next_row()? {
            rows.push((line, row.iter().map(str::to_owned).collect()));
        }
        Ok(rows)
    }

    #[test]
    fn lines_are_those_of_the_file_whatever_ends_them() {
        for text in [
            "a,b\n1,2\n\n3,4\n",
            "a,b\r\n1,2\r\n\r\n3,4",
            "\u{feff}a,b\n1,2\n\n3,4",
        ] {
            let rows = lines(text.as_bytes()).unwrap();
            let found: Vec<_> = rows
                .iter()
                .map(|(line, row)| (*line, row[0].as_str()))
                .collect();
            assert_eq!(found, [(2, "1"), (4, "3")], "{text:?}");
        }
    }

    #[test]
    fn faults_name_their_line() {
        for (text, code, part) in [
            (&b"a,b\n1,2\n3\n"[..], "broken_row", "line 3"),
            (b"a,b\n1,2,3\n", "broken_row", "line 2"),
            (b"a,b\n1,2\n3,\xff\n", "unreadable", "line 3"),
            (b"a,b\n1,\0\n", "unreadable", "line 2"),
            (b"a,b\n1,\"2\n3,4\n5,6\n", "unreadable", "line 2"),
            (b"a,a\n1,2\n", "duplicate_column", "'a'"),
            (b"", "no_rows", "t.csv"),
        ] {
            let error = lines(text).unwrap_err();
            assert_eq!(error.code(), code, "{error}");
            assert!(error.to_string().contains(part), "{error}");
        }
    }
}
