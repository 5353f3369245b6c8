//! What is printed: tables for people, JSON for scripts. Errors go to standard error.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the one place that prints"
)]

use std::io::IsTerminal;

use chrono::DateTime;
use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;
use serde_json::Value;

use crate::error::CliError;

/// How answers are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Output {
    /// For people.
    Text,
    /// For scripts: one JSON value on standard output.
    Json,
}

impl Output {
    /// The answer as JSON, or as what `text` makes of it.
    pub(crate) fn answer<T: Serialize>(self, value: &T, text: impl FnOnce(&T) -> String) {
        match self {
            Self::Json => println!("{}", json(value)),
            Self::Text => println!("{}", text(value).trim_end()),
        }
    }

    /// Something that happens on the way. Never mixed into JSON.
    pub(crate) fn note(self, line: &str) {
        match self {
            Self::Json => eprintln!("{line}"),
            Self::Text => println!("{line}"),
        }
    }

    /// Something about the machinery, beside the answer: always on standard error.
    pub(crate) fn aside(self, line: &str) {
        eprintln!("{line}");
    }

    /// Why the command failed.
    pub(crate) fn error(self, error: &CliError) {
        match self {
            Self::Text => eprintln!("error[{}]: {error}", error.code()),
            Self::Json => {
                let items = match error {
                    CliError::Rejected(no) => serde_json::to_value(&no.items).ok(),
                    _ => None,
                };
                let body = serde_json::json!({
                    "error": {"code": error.code(), "message": error.to_string(), "items": items}
                });
                eprintln!("{body}");
            }
        }
    }
}

/// One line for a script, more for a person who looks at it.
fn json(value: &impl Serialize) -> String {
    let text = match std::io::stdout().is_terminal() {
        // As a value first: a content that is still text would stand in one line.
        true => serde_json::to_value(value).and_then(|it| serde_json::to_string_pretty(&it)),
        false => serde_json::to_string(value),
    };
    text.unwrap_or_else(|no| no.to_string())
}

/// A table that fits the terminal.
pub(crate) fn table<const N: usize>(
    header: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let mut table = new_table();
    table.set_header(header.map(str::to_uppercase));
    for row in rows {
        table.add_row(row);
    }
    printed(&table)
}

/// The `rows` of an answer as a table of some of their fields, under the names of those fields.
pub(crate) fn listing(answer: &impl Serialize, fields: &[&str]) -> String {
    let answer = serde_json::to_value(answer).unwrap_or_default();
    let rows = answer["rows"].as_array().cloned().unwrap_or_default();
    if rows.is_empty() {
        return "nothing".to_owned();
    }
    let mut table = new_table();
    table.set_header(fields.iter().map(|it| it.to_uppercase()));
    for row in &rows {
        table.add_row(fields.iter().map(|field| plain(&row[field])));
    }
    printed(&table)
}

/// A JSON value as one reads it.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => shorter(text),
        Value::Array(all) => all.iter().map(plain).collect::<Vec<_>>().join(", "),
        other if *other == serde_json::json!({"erased": true}) => {
            annal_core::PrintedName::Erased.to_string()
        }
        other => other.to_string(),
    }
}

/// Times without the parts of a second.
fn shorter(text: &str) -> String {
    match DateTime::parse_from_rfc3339(text) {
        Ok(time) => time.format("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => text.to_owned(),
    }
}

fn new_table() -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table
}

fn printed(table: &Table) -> String {
    let lines = table.to_string();
    let trimmed: Vec<_> = lines.lines().map(str::trim_end).collect();
    trimmed.join("\n")
}

/// A value that may be missing.
pub(crate) fn or_dash<T: ToString>(value: Option<&T>) -> String {
    value.map_or_else(|| "–".to_owned(), ToString::to_string)
}
