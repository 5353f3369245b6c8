//! The layout that says everything itself.

use annal_core::item::Level;

use super::Attribute;
use super::line::Line;
use crate::error::DataError;

pub(super) const COLUMNS: [&str; 8] = [
    "schedule",
    "line_item",
    "name",
    "format",
    "requirement",
    "primary_key",
    "critical",
    "risk",
];

pub(super) fn attribute(line: &Line) -> Result<Attribute, DataError> {
    let yes_or_no = [("yes", true), ("no", false)];
    let levels = [
        ("high", Level::High),
        ("medium", Level::Medium),
        ("low", Level::Low),
    ];
    let (id, name) = line.name("name")?;
    Ok(Attribute {
        id,
        name,
        line_item: line.filled("line_item")?.to_owned(),
        format: line.format()?,
        requirement: line.requirement()?,
        primary_key: line.word("primary_key", &yes_or_no)?,
        critical: line.word("critical", &yes_or_no)?,
        risk: line.word("risk", &levels)?,
    })
}
