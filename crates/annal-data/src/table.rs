//! CSV text read line by line, with its faults named by line.

use csv::{ReaderBuilder, StringRecord};

use crate::error::DataError;

/// A header and the rows below it, all as wide as the header.
pub(crate) struct Table<'a> {
    file: &'a str,
    header: Vec<String>,
    reader: csv::Reader<&'a [u8]>,
    record: StringRecord,
}

impl<'a> Table<'a> {
    /// Reads the header.
    pub(crate) fn open(file: &'a str, bytes: &'a [u8]) -> Result<Self, DataError> {
        let text = text_of(file, bytes)?;
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(text.as_bytes());
        let mut record = StringRecord::new();
        if !read(file, &mut reader, &mut record)? {
            return Err(DataError::NoRows {
                file: file.to_owned(),
            });
        }
        let header: Vec<String> = record.iter().map(|name| name.trim().to_owned()).collect();
        for (index, column) in header.iter().enumerate() {
            if header[..index].contains(column) {
                let (file, column) = (file.to_owned(), column.clone());
                return Err(DataError::DuplicateColumn { file, column });
            }
        }
        Ok(Self {
            file,
            header,
            reader,
            record,
        })
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
        if !read(self.file, &mut self.reader, &mut self.record)? {
            return Ok(None);
        }
        let line = self.record.position().map_or(0, csv::Position::line);
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
        if self.record.iter().any(|cell| cell.contains(['\n', '\r'])) {
            let what = "a cell goes over the end of the line (is a quote not closed?)".to_owned();
            return Err(DataError::Unreadable {
                file: self.file.to_owned(),
                line,
                what,
            });
        }
        Ok(Some((line, &self.record)))
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

fn read(
    file: &str,
    reader: &mut csv::Reader<&[u8]>,
    record: &mut StringRecord,
) -> Result<bool, DataError> {
    reader
        .read_record(record)
        .map_err(|error| DataError::Unreadable {
            file: file.to_owned(),
            line: error.position().map_or(0, csv::Position::line),
            what: error.to_string(),
        })
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
