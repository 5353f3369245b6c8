use annal_measure::Failure;

use crate::opened::{Opened, Pages, RESULT};
use crate::record::{Record, Records};
use crate::report::Block;
use crate::report::numbers::ms;

use super::{by, table};

const SIZE: u64 = 1_000_000;

pub(super) fn block(records: &Records) -> Result<Option<Block>, Failure> {
    let found: Option<Record<Pages>> = records.find(&format!("{RESULT}{SIZE}"))?;
    let Some(record) = found else {
        return Ok(None);
    };
    let row = |it: &Opened| {
        vec![
            format!("`{}`", it.page),
            ms(it.first),
            ms(it.time.p50),
            ms(it.time.p99),
            it.kilobytes.to_string(),
        ]
    };
    let rows: Vec<_> = record.result.opened.iter().map(row).collect();
    let head = ["page", "first, ms", "p50, ms", "p99, ms", "kB"];
    let Pages {
        head: end, open, ..
    } = record.result;
    let text = format!(
        "{end} events, {open} runs open:\n\n{}{}",
        table(&head, &rows),
        by(&record)
    );
    Ok(Some(Block {
        name: "pages",
        text,
        charts: vec![],
    }))
}
