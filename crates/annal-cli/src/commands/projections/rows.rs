//! What is told of rebuilds that ended.

use annal_flow::{JobError, RebuildDone};
use annal_projector::{ProjectorError, Rebuilt};
use serde::Serialize;
use serde_json::Value;

use crate::error::CliError;
use crate::output::{Output, listing};

/// A rebuild that ended well, done here or by a job.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    name: String,
    events: u64,
    redefined: bool,
    compared: bool,
    only_live: u64,
    only_rebuilt: u64,
    examples: Vec<(String, Value)>,
    elapsed_ms: u64,
}

impl From<Rebuilt> for Row {
    fn from(it: Rebuilt) -> Self {
        Self {
            name: it.name,
            events: it.events,
            redefined: it.redefined,
            compared: it.compared,
            only_live: it.differences.only_live,
            only_rebuilt: it.differences.only_rebuilt,
            examples: it.differences.examples,
            elapsed_ms: it.elapsed_ms,
        }
    }
}

impl Row {
    pub(super) fn of_job(name: &str, it: RebuildDone) -> Self {
        Self {
            name: name.to_owned(),
            events: it.events,
            redefined: it.redefined,
            compared: it.compared,
            only_live: it.only_live,
            only_rebuilt: it.only_rebuilt,
            examples: it.examples,
            elapsed_ms: it.elapsed_ms,
        }
    }
}

/// Prints what ended well, with the rows in which tables differ.
pub(super) fn print(rows: &[Row], output: Output) {
    let fields = [
        "name",
        "events",
        "redefined",
        "compared",
        "only_live",
        "only_rebuilt",
        "elapsed_ms",
    ];
    output.answer(&serde_json::json!({ "rows": rows }), |it| {
        let differing = rows.iter().flat_map(|row| differing(&row.examples));
        let differing: Vec<_> = differing.collect();
        let listed = listing(it, &fields);
        match differing.is_empty() {
            true => listed,
            false => format!("{listed}\n\nfor instance:\n{}", differing.join("\n")),
        }
    });
}

/// For who only compares: an error, unless all tables are equal.
pub(super) fn expect_equal(rows: &[Row]) -> Result<(), CliError> {
    let names = |of: fn(&Row) -> bool| {
        let found = rows.iter().filter(|row| of(row));
        found.map(|row| row.name.as_str()).collect::<Vec<_>>()
    };
    let differing = names(|row| row.only_live + row.only_rebuilt > 0);
    let untold = names(|row| !row.compared);
    match (differing.is_empty(), untold.is_empty()) {
        (false, _) => Err(CliError::TablesDiffer(differing.join(", "))),
        (true, false) => Err(CliError::NotCompared(untold.join(", "))),
        (true, true) => Ok(()),
    }
}

/// Where a rebuild was refused because the tables differ, shows in what.
pub(super) fn explain(error: CliError, output: Output) -> CliError {
    let examples = match &error {
        CliError::Projector(ProjectorError::Differs { differences, .. }) => &differences.examples,
        CliError::Job(JobError::Failed { examples, .. }) => examples,
        _ => return error,
    };
    for line in differing(examples) {
        output.aside(&line);
    }
    error
}

fn differing(examples: &[(String, Value)]) -> Vec<String> {
    let line = |(table, row): &(String, Value)| format!("  only {table}: {row}");
    examples.iter().map(line).collect()
}
