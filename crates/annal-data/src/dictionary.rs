//! The dictionary of a report: its attributes, read from one of two layouts.

mod fr_y14m;
mod hmda;
mod line;

use std::collections::{BTreeSet, HashMap};

use annal_core::ItemId;
use annal_core::item::{Level, Requirement};

use crate::error::DataError;
use crate::format::Format;
use crate::table::Table;
use line::Line;

/// Names longer than this do not fit into the ids that are made of them.
const LONGEST_NAME: usize = 80;

/// An attribute of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Its item, the same in every phase: `attribute:loan_to_value`.
    pub id: ItemId,
    /// Its name in the header of the data.
    pub name: String,
    /// Line item of the form.
    pub line_item: String,
    /// What its values look like.
    pub format: Format,
    /// Whether it must be reported.
    pub requirement: Requirement,
    /// Part of the row's key.
    pub primary_key: bool,
    /// A critical data element.
    pub critical: bool,
    /// Risk of a wrong value.
    pub risk: Level,
}

/// The id of the attribute with this name.
pub(crate) fn attribute_id(name: &str) -> Result<ItemId, String> {
    if name.len() > LONGEST_NAME {
        return Err(format!("it is longer than {LONGEST_NAME} bytes"));
    }
    ItemId::new(name).map_err(|error| error.rule.to_owned())?;
    ItemId::new(format!("attribute:{name}")).map_err(|error| error.rule.to_owned())
}

/// The attributes of one report, in the order of the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dictionary {
    attributes: Vec<Attribute>,
}

impl Dictionary {
    /// Reads a dictionary. `file` is how the errors call it. The header tells the layout:
    ///
    /// - `schedule,line_item,name,format,requirement,primary_key,critical,risk`: all is said in the file.
    /// - `schedule,line_item,name,technical_name,mdrm,requirement,variability,format`: the form FR Y-14M. The primary key, the critical
    ///   elements and the risk follow from rules on the name and format; see [`crate::knowledge`].
    ///
    /// A file with several schedules needs one to be chosen.
    ///
    /// # Errors
    /// [`DataError`] with line and column of the first fault.
    pub fn parse(file: &str, bytes: &[u8], schedule: Option<&str>) -> Result<Self, DataError> {
        let mut table = Table::open(file, bytes)?;
        let layout = Layout::of(file, &table)?;
        let lines = read_lines(file, &mut table, layout)?;
        let chosen = choose(file, &lines, schedule)?;
        let mut seen: HashMap<String, u64> = HashMap::new();
        let mut attributes = Vec::new();
        for line in lines.iter().filter(|line| line.get("schedule") == chosen) {
            let attribute = match layout {
                Layout::Hmda => hmda::attribute(line)?,
                Layout::FrY14m => fr_y14m::attribute(line)?,
            };
            if let Some(first) = seen.insert(attribute.name.clone(), line.number) {
                return Err(line.duplicate(layout.name_column(), attribute.name, first));
            }
            attributes.push(attribute);
        }
        let dictionary = Self { attributes };
        if dictionary.key().next().is_none() {
            return Err(layout.no_key(file));
        }
        Ok(dictionary)
    }

    /// The attributes of a report that were read elsewhere.
    pub(crate) fn of(attributes: Vec<Attribute>) -> Self {
        Self { attributes }
    }

    /// The attribute of this item.
    #[must_use]
    pub fn by_id(&self, id: &ItemId) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.id == *id)
    }

    /// The attributes of these items and, always, the key: a scope, or what one data owner is asked for.
    ///
    /// # Errors
    /// [`DataError::UnknownColumn`] if an item is none of these attributes.
    pub fn select<'a>(
        &self,
        items: impl IntoIterator<Item = &'a ItemId>,
    ) -> Result<Self, DataError> {
        let wanted: BTreeSet<&ItemId> = items.into_iter().collect();
        if let Some(unknown) = wanted.iter().find(|id| self.by_id(id).is_none()) {
            let (by, column) = ("the selection".to_owned(), unknown.to_string());
            return Err(DataError::UnknownColumn { by, column });
        }
        let chosen = |a: &&Attribute| a.primary_key || wanted.contains(&a.id);
        Ok(Self::of(
            self.attributes.iter().filter(chosen).cloned().collect(),
        ))
    }

    /// The attributes that are tested: all but the key.
    pub fn tested(&self) -> impl Iterator<Item = &Attribute> {
        self.attributes
            .iter()
            .filter(|attribute| !attribute.primary_key)
    }

    /// All attributes in order.
    #[must_use]
    pub fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    /// The attribute with this name.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes
            .iter()
            .find(|attribute| attribute.name == name)
    }

    /// The attributes that make the row's key.
    pub fn key(&self) -> impl Iterator<Item = &Attribute> {
        self.attributes
            .iter()
            .filter(|attribute| attribute.primary_key)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    Hmda,
    FrY14m,
}

impl Layout {
    /// The layout whose own columns the header has; a column that is missing beside them is named.
    fn of(file: &str, table: &Table<'_>) -> Result<Self, DataError> {
        let has = |column: &str| table.header().iter().any(|name| name == column);
        let count = |layout: Self| layout.columns().iter().filter(|column| has(column)).count();
        let layout = if count(Self::FrY14m) > count(Self::Hmda) {
            Self::FrY14m
        } else {
            Self::Hmda
        };
        if count(layout) < layout.columns().len() / 2 {
            return Err(DataError::UnknownLayout {
                file: file.to_owned(),
                found: table.header().join(","),
                expected: format!(
                    "{}' or '{}",
                    Self::Hmda.columns().join(","),
                    Self::FrY14m.columns().join(",")
                ),
            });
        }
        for column in layout.columns() {
            table.column(column)?;
        }
        match table
            .header()
            .iter()
            .find(|name| !layout.columns().contains(&name.as_str()))
        {
            None => Ok(layout),
            Some(column) => {
                let (file, column) = (file.to_owned(), column.clone());
                Err(DataError::ExtraColumn { file, column })
            }
        }
    }

    fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Hmda => &hmda::COLUMNS,
            Self::FrY14m => &fr_y14m::COLUMNS,
        }
    }

    fn name_column(self) -> &'static str {
        match self {
            Self::Hmda => "name",
            Self::FrY14m => "technical_name",
        }
    }

    fn no_key(self, file: &str) -> DataError {
        let (column, hint) = match self {
            Self::Hmda => (
                "primary_key",
                "write yes for the attribute that names the row",
            ),
            Self::FrY14m => (
                "name",
                "choose a schedule with a Reference Number, Loan Number or Account Number",
            ),
        };
        let (file, column, hint) = (file.to_owned(), column.to_owned(), hint.to_owned());
        DataError::NoPrimaryKey { file, column, hint }
    }
}

fn read_lines(file: &str, table: &mut Table<'_>, layout: Layout) -> Result<Vec<Line>, DataError> {
    let mut places = Vec::new();
    for column in layout.columns() {
        places.push((*column, table.column(column)?));
    }
    let mut lines = Vec::new();
    while let Some((number, row)) = table.next_row()? {
        let cell =
            |&(column, place): &(&'static str, usize)| (column, row[place].trim().to_owned());
        let cells = places.iter().map(cell).collect();
        lines.push(Line {
            file: file.to_owned(),
            number,
            cells,
        });
    }
    if lines.is_empty() {
        return Err(DataError::NoRows {
            file: file.to_owned(),
        });
    }
    Ok(lines)
}

/// The schedule that was asked for, or the only one.
fn choose<'a>(
    file: &str,
    lines: &'a [Line],
    schedule: Option<&'a str>,
) -> Result<&'a str, DataError> {
    let mut known: Vec<&str> = Vec::new();
    for line in lines {
        if !known.contains(&line.get("schedule")) {
            known.push(line.get("schedule"));
        }
    }
    let asked = match (schedule, known.as_slice()) {
        (Some(schedule), _) if known.contains(&schedule) => return Ok(schedule),
        (None, [only]) => return Ok(only),
        (Some(schedule), _) => format!("there is no schedule '{schedule}'"),
        (None, _) => "there are several schedules and none was chosen".to_owned(),
    };
    Err(DataError::UnknownSchedule {
        file: file.to_owned(),
        asked,
        known: known.join(", "),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing_data::{fr_y14m, hmda};

    const HEADER: &str = "schedule,line_item,name,format,requirement,primary_key,critical,risk";

    #[test]
    fn the_hmda_dictionary_has_its_fourteen_attributes() {
        let dictionary = hmda();
        assert_eq!(dictionary.attributes().len(), 14);
        let key: Vec<_> = dictionary.key().map(|key| key.name.as_str()).collect();
        assert_eq!(key, ["application_id"]);
        let ratio = dictionary.attribute("loan_to_value").unwrap();
        assert!(ratio.critical && ratio.risk == Level::High);
        assert_eq!(ratio.format.text(), "ratio");
        assert_eq!(ratio.id.as_str(), "attribute:loan_to_value");
    }

    #[test]
    fn schedule_d1_has_its_118_items_and_the_reference_number_for_key() {
        let dictionary = fr_y14m();
        assert_eq!(dictionary.attributes().len(), 118);
        let key: Vec<_> = dictionary.key().map(|key| key.name.as_str()).collect();
        assert_eq!(key, ["ReferenceNumber"]);
    }

    #[test]
    fn faults_name_line_and_column() {
        let row = "L,1,id,integer,mandatory,yes,no,high";
        for (text, code, parts) in [
            (
                "a,b,c\n1,2,3\n".to_owned(),
                "unknown_layout",
                ["line 1", "a,b,c"],
            ),
            (
                format!("{}\n{row}\n", HEADER.replace(",risk", "")),
                "missing_column",
                ["line 1", "'risk'"],
            ),
            (
                format!("{HEADER},x\n{row},1\n"),
                "extra_column",
                ["line 1", "'x'"],
            ),
            (format!("{HEADER}\n"), "no_rows", ["d.csv", "header"]),
            (
                format!("{HEADER}\n{row}\n{row}\n"),
                "duplicate_name",
                ["line 3", "line 2"],
            ),
            (
                format!("{HEADER}\n{}\n", row.replace("high", "big")),
                "unknown_word",
                ["line 2", "'risk'"],
            ),
            (
                format!("{HEADER}\n{}\n", row.replace("integer", "int")),
                "unknown_format",
                ["line 2", "'int'"],
            ),
            (
                format!("{HEADER}\n{}\n", row.replace("mandatory", "must")),
                "unknown_word",
                ["line 2", "'requirement'"],
            ),
            (
                format!("{HEADER}\n{}\n", row.replace(",id,", ",,")),
                "empty_cell",
                ["line 2", "'name'"],
            ),
            (
                format!("{HEADER}\n{}\n", row.replace("id", &"x".repeat(81))),
                "bad_name",
                ["line 2", "80"],
            ),
            (
                format!("{HEADER}\n{}\n", row.replace("yes", "no")),
                "no_primary_key",
                ["line 1", "'primary_key'"],
            ),
            (
                format!("{HEADER}\nL,1,id\n"),
                "broken_row",
                ["line 2", "3 fields"],
            ),
        ] {
            let error = Dictionary::parse("d.csv", text.as_bytes(), None).unwrap_err();
            assert_eq!(error.code(), code, "{error}");
            for part in parts {
                assert!(error.to_string().contains(part), "{error} lacks {part}");
            }
        }
    }

    #[test]
    fn a_schedule_has_to_be_chosen_where_there_are_several() {
        let bytes = include_bytes!("../../../examples/fr_y14m_dictionary.csv");
        for (schedule, part) in [
            (None, "none was chosen"),
            (Some("Z.9"), "no schedule 'Z.9'"),
        ] {
            let error = Dictionary::parse("fr.csv", bytes, schedule).unwrap_err();
            assert_eq!(error.code(), "unknown_schedule");
            assert!(
                error.to_string().contains(part) && error.to_string().contains("D.1"),
                "{error}"
            );
        }
        let error = Dictionary::parse("fr.csv", bytes, Some("D.2")).unwrap_err();
        assert_eq!(error.code(), "no_primary_key");
    }
}
