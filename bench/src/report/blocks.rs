//! What the results say, a block of the page each.

mod appends;
mod decisions;
mod growth;
mod machine;
mod pages;
mod questions;
mod rebuilds;

use annal_measure::Failure;

use super::Block;
use super::chart::Bar;
use crate::record::{Record, Records};

/// All blocks of which there are results.
pub(super) fn all(records: &Records) -> Result<Vec<Block>, Failure> {
    let blocks = [
        machine::block(records)?,
        appends::beside_peers(records)?,
        appends::variants(records)?,
        appends::ledgers(records)?,
        growth::appends(records)?,
        growth::shown(records)?,
        decisions::block(records)?,
        rebuilds::block(records)?,
        questions::block(records)?,
        pages::block(records)?,
    ];
    Ok(blocks.into_iter().flatten().collect())
}

/// By which command, and when.
fn by<T>(record: &Record<T>) -> String {
    format!("\n`{}`, {}\n", record.command, record.at.format("%Y-%m-%d"))
}

fn bar(spread: &annal_measure::Spread) -> Bar {
    Bar {
        value: spread.p50,
        least: spread.least,
        most: spread.most,
    }
}

fn image(name: &str, what: &str) -> String {
    format!("![{what}](bench/{name})\n\n")
}

fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let head: Vec<String> = head.iter().map(|it| (*it).to_owned()).collect();
    let rule: Vec<String> = head.iter().map(|_| "---".to_owned()).collect();
    let body: String = rows.iter().map(|row| line(row)).collect();
    line(&head) + &line(&rule) + &body
}
