use annal_measure::{Failure, Streams};

use crate::compare::rounds;
use crate::growth::{Grown, LOADS, RESULT, SIZES};
use crate::record::{Record, Records};
use crate::report::Block;
use crate::report::chart::{Bar, Bars};
use crate::report::numbers::{grouped, ms, rate, times};

use super::{bar, by, image, table};

fn found(records: &Records) -> Result<Vec<(u64, Record<Grown>)>, Failure> {
    let mut all = Vec::new();
    for size in SIZES {
        if let Some(record) = records.find::<Grown>(&format!("{RESULT}{size}"))? {
            all.push((size, record));
        }
    }
    Ok(all)
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn size_name(size: u64) -> String {
    format!("{} events", grouped(size as f64))
}

pub(super) fn appends(records: &Records) -> Result<Option<Block>, Failure> {
    let all = found(records)?;
    if all.is_empty() {
        return Ok(None);
    }
    let mut rows = Vec::new();
    let mut groups = Vec::new();
    for (callers, per_command) in LOADS {
        let name = format!("{callers} × {per_command}");
        let mut row = vec![name.clone()];
        let mut bars = Vec::new();
        let mut p99s = Vec::new();
        for (_, record) in &all {
            let it = rounds(
                &record.result.appends,
                "ours",
                callers,
                per_command,
                Streams::New,
            );
            row.push(it.as_ref().map_or("–".to_owned(), |it| {
                format!(
                    "{} / {} ms<br>{}/s",
                    ms(it.median.latency.p50),
                    ms(it.p99),
                    rate(it.rate.p50)
                )
            }));
            bars.push(it.as_ref().map(|it| Bar {
                value: it.p99,
                least: it.median.latency.p50,
                most: it.p99,
            }));
            p99s.extend(it.map(|it| it.p99));
        }
        row.push(match p99s[..] {
            [first, .., last] => times(last / first),
            _ => "–".to_owned(),
        });
        rows.push(row);
        groups.push((name, bars));
    }
    let sizes: Vec<String> = all.iter().map(|(size, _)| size_name(*size)).collect();
    let mut head = vec!["callers × events"];
    head.extend(sizes.iter().map(String::as_str));
    head.push("p99, last : first");
    let table = table(&head, &rows);
    let chart = Bars {
        title: "p99 of an append by size of the log; the line goes down to the median".to_owned(),
        unit: "ms",
        series: sizes,
        groups,
        by_tens: false,
    };
    let text = image("growth.svg", "Append latency by size of the log")
        + &table
        + &by(&all[all.len() - 1].1);
    Ok(Some(Block {
        name: "growth",
        text,
        charts: vec![("growth.svg".to_owned(), chart.svg())],
    }))
}

pub(super) fn shown(records: &Records) -> Result<Option<Block>, Failure> {
    let all = found(records)?;
    let Some((_, last)) = all.last() else {
        return Ok(None);
    };
    let sizes: Vec<String> = all.iter().map(|(size, _)| size_name(*size)).collect();
    let (mut rows, mut groups) = (Vec::new(), Vec::new());
    for kind in &last.result.shown {
        let same = |record: &Record<Grown>| {
            let found = record
                .result
                .shown
                .iter()
                .find(|it| it.of == kind.of && it.moment == kind.moment);
            found.map(|it| it.time)
        };
        let spreads: Vec<_> = all.iter().map(|(_, record)| same(record)).collect();
        let name = format!("{}, {}", kind.of, kind.moment);
        let mut row = vec![name.clone()];
        row.extend(spreads.iter().map(|it| {
            it.map_or("–".to_owned(), |it| {
                format!("{} / {} ms", ms(it.p50), ms(it.p99))
            })
        }));
        rows.push(row);
        if kind.moment == "any position" {
            groups.push((
                kind.of.clone(),
                spreads.iter().map(|it| it.as_ref().map(bar)).collect(),
            ));
        }
    }
    let mut head = vec!["version, moment"];
    head.extend(sizes.iter().map(String::as_str));
    let table = table(&head, &rows);
    let chart = Bars {
        title: "Reconstruction of a version at any position, by size of the log".to_owned(),
        unit: "ms",
        series: sizes.clone(),
        groups,
        by_tens: true,
    };
    let large = last.result.large;
    let snapshots = &last.result.snapshots;
    let text = format!(
        "{}The large dossier has {} events; the log's {} snapshots take {:.1} MB and were made in {:.0} s, the looking \
         through the log included. p50 / p99:\n\n{table}{}",
        image("shown.svg", "Reconstruction by size of the log"),
        grouped(large as f64),
        snapshots.number,
        snapshots.bytes as f64 / 1e6,
        snapshots.seconds,
        by(last)
    );
    Ok(Some(Block {
        name: "shown",
        text,
        charts: vec![("shown.svg".to_owned(), chart.svg())],
    }))
}
