use annal_measure::Failure;

use crate::queries::{Asked, RESULT};
use crate::record::{Record, Records};
use crate::report::Block;
use crate::report::numbers::ms;

use super::{by, table};

const SIZES: [u64; 2] = [1_000_000, 10_000_000];

pub(super) fn block(records: &Records) -> Result<Option<Block>, Failure> {
    let mut all: Vec<(u64, Record<Vec<Asked>>)> = Vec::new();
    for size in SIZES {
        if let Some(record) = records.find(&format!("{RESULT}{size}"))? {
            all.push((size, record));
        }
    }
    let Some((_, last)) = all.last() else {
        return Ok(None);
    };
    let row = |asked: &Asked| {
        let mut row = vec![asked.question.clone()];
        for (_, record) in &all {
            let same = record
                .result
                .iter()
                .find(|it| it.question == asked.question);
            row.push(same.map_or("–".to_owned(), |it| {
                format!("{} / {}", ms(it.time.p50), ms(it.time.most))
            }));
        }
        row.push(asked.scans.to_string());
        row
    };
    let rows: Vec<_> = last.result.iter().map(row).collect();
    let sizes: Vec<String> = all
        .iter()
        .map(|(size, _)| format!("{} million events", size / 1_000_000))
        .collect();
    let mut head = vec!["question, one page"];
    head.extend(sizes.iter().map(String::as_str));
    head.push("scans of the log");
    let text = format!(
        "Median / most, in ms:\n\n{}{}",
        table(&head, &rows),
        by(last)
    );
    Ok(Some(Block {
        name: "queries",
        text,
        charts: vec![],
    }))
}
