use annal_measure::{Appends, Failure, Streams};

use crate::compare::{Rounds, rounds};
use crate::record::Records;
use crate::report::Block;
use crate::report::chart::Bars;
use crate::report::numbers::{ms, rate, times};
use crate::{append, ledgers, variants};

use super::{bar, by, image, table};

const WHO: [&str; 4] = ["ours", "postgres-es", "disintegrate", "esrs"];
const CALLERS: [usize; 3] = [1, 8, 64];
const PER_COMMAND: [usize; 4] = [1, 10, 100, 1000];

pub(super) fn beside_peers(records: &Records) -> Result<Option<Block>, Failure> {
    let Some(record) = records.find::<Vec<Appends>>(append::RESULT)? else {
        return Ok(None);
    };
    let all = &record.result;
    let mut charts = Vec::new();
    let mut text = String::new();
    for callers in CALLERS {
        let name = format!("append-{callers}.svg");
        let title = match callers {
            1 => "1 caller, new streams".to_owned(),
            more => format!("{more} callers at once, new streams"),
        };
        text += &image(&name, &title);
        charts.push((name, chart(all, title, callers).svg()));
    }
    for streams in [Streams::New, Streams::Long] {
        // What was not measured has no table.
        let Some(table) = rows(all, streams) else {
            continue;
        };
        let which = match streams {
            Streams::New => "New streams",
            Streams::Long => "Long streams",
        };
        text += &format!(
            "{which}; events a second, p50 and p99 of a command in ms, cores busy in the callers' process + in PostgreSQL:\n\n"
        );
        text += &table;
        text.push('\n');
    }
    text += &by(&record);
    Ok(Some(Block {
        name: "append",
        text,
        charts,
    }))
}

fn chart(all: &[Appends], title: String, callers: usize) -> Bars {
    let group = |per_command: usize| {
        let found = WHO.map(|who| rounds(all, who, callers, per_command, Streams::New));
        let name = match per_command {
            1 => "1 event a command".to_owned(),
            more => format!("{more} events a command"),
        };
        (
            name,
            found
                .iter()
                .map(|it| it.as_ref().map(|it| bar(&it.rate)))
                .collect(),
        )
    };
    Bars {
        title,
        unit: "events/s",
        series: WHO.map(str::to_owned).to_vec(),
        groups: PER_COMMAND.map(group).to_vec(),
        by_tens: true,
    }
}

fn rows(all: &[Appends], streams: Streams) -> Option<String> {
    let mut rows = Vec::new();
    for callers in CALLERS {
        for per_command in PER_COMMAND {
            let found = WHO.map(|who| rounds(all, who, callers, per_command, streams));
            let [Some(ours), peers @ ..] = &found else {
                continue;
            };
            let best = peers
                .iter()
                .flatten()
                .map(|it| it.rate.p50)
                .fold(0.0, f64::max);
            let mut row = vec![callers.to_string(), per_command.to_string()];
            row.extend(
                found
                    .iter()
                    .map(|it| it.as_ref().map_or("–".to_owned(), cell)),
            );
            row.push(match best > 0.0 {
                true => times(ours.rate.p50 / best),
                false => "–".to_owned(),
            });
            rows.push(row);
        }
    }
    let head = [
        "callers",
        "events",
        "ours",
        "postgres-es",
        "disintegrate",
        "esrs",
        "ours : best other",
    ];
    (!rows.is_empty()).then(|| table(&head, &rows))
}

fn cell(it: &Rounds<'_>) -> String {
    format!(
        "**{}** ({}–{})<br>{} / {} ms<br>{:.1} + {:.1}",
        rate(it.rate.p50),
        rate(it.rate.least),
        rate(it.rate.most),
        ms(it.median.latency.p50),
        ms(it.p99),
        it.median.client_cpu,
        it.median.server_cpu
    )
}

pub(super) fn variants(records: &Records) -> Result<Option<Block>, Failure> {
    let names = variants::VARIANTS.map(str::to_owned).to_vec();
    simple(
        records,
        "variants",
        variants::RESULT,
        "What order and chain cost",
        names,
        &variants::LOADS,
    )
}

pub(super) fn ledgers(records: &Records) -> Result<Option<Block>, Failure> {
    let names = [1, 2].map(ledgers::name).to_vec();
    simple(
        records,
        "ledgers",
        ledgers::RESULT,
        "One ledger and several",
        names,
        &ledgers::LOADS,
    )
}

fn simple(
    records: &Records,
    block: &'static str,
    result: &str,
    title: &str,
    names: Vec<String>,
    loads: &[(usize, usize)],
) -> Result<Option<Block>, Failure> {
    let Some(record) = records.find::<Vec<Appends>>(result)? else {
        return Ok(None);
    };
    let (mut groups, mut table_rows) = (Vec::new(), Vec::new());
    for (callers, per_command) in loads {
        let name = format!("{callers} × {per_command}");
        let found: Vec<_> = names
            .iter()
            .map(|who| rounds(&record.result, who, *callers, *per_command, Streams::New))
            .collect();
        let mut row = vec![name.clone()];
        row.extend(
            found
                .iter()
                .map(|it| it.as_ref().map_or("–".to_owned(), cell)),
        );
        table_rows.push(row);
        groups.push((
            name,
            found
                .iter()
                .map(|it| it.as_ref().map(|it| bar(&it.rate)))
                .collect(),
        ));
    }
    let mut head = vec!["callers × events"];
    head.extend(names.iter().map(String::as_str));
    let table = table(&head, &table_rows);
    let chart = Bars {
        title: title.to_owned(),
        unit: "events/s, callers × events a command",
        series: names,
        groups,
        by_tens: true,
    };
    let name = format!("{block}.svg");
    let text = image(&name, title) + &table + &by(&record);
    Ok(Some(Block {
        name: block,
        text,
        charts: vec![(name, chart.svg())],
    }))
}
