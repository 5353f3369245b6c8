//! The layout of the form FR Y-14M, which says nothing about keys, critical elements and risk.

use annal_core::item::Level;

use super::Attribute;
use super::line::Line;
use crate::error::DataError;
use crate::knowledge;

pub(super) const COLUMNS: [&str; 8] = [
    "schedule",
    "line_item",
    "name",
    "technical_name",
    "mdrm",
    "requirement",
    "variability",
    "format",
];

pub(super) fn attribute(line: &Line) -> Result<Attribute, DataError> {
    let (title, format) = (line.filled("name")?, line.format()?);
    let requirement = line.requirement()?;
    line.word("variability", &[("static", ()), ("dynamic", ())])?;
    let primary_key = knowledge::names_the_row(title);
    let critical = knowledge::is_critical(title);
    let (id, name) = line.name("technical_name")?;
    Ok(Attribute {
        id,
        name,
        line_item: line.filled("line_item")?.to_owned(),
        requirement,
        primary_key,
        critical,
        risk: if primary_key {
            Level::High
        } else {
            knowledge::risk(title, &format, requirement, critical)
        },
        format,
    })
}
