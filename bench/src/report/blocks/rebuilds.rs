use annal_measure::Failure;

use crate::rebuild::{REPLAY, RESULT, Rates, Rebuilds};
use crate::record::Records;
use crate::report::Block;
use crate::report::chart::Bars;
use crate::report::numbers::{grouped, ms, rate, times};

use super::{bar, image, table};

pub(super) fn block(records: &Records) -> Result<Option<Block>, Failure> {
    let Some(record) = records.find::<Rebuilds>(RESULT)? else {
        return Ok(None);
    };
    let Rebuilds { rates, writing } = &record.result;
    let replay = rates.get(REPLAY).map(|it| it.fold.p50);
    let mut sorted: Vec<(&String, &Rates)> = rates.iter().collect();
    sorted.sort_by(|a, b| b.1.fold.p50.total_cmp(&a.1.fold.p50));
    let row = |(name, it): &(&String, &Rates)| {
        vec![
            (*name).clone(),
            grouped(it.events as f64),
            format!(
                "**{}** ({}–{})",
                rate(it.fold.p50),
                rate(it.fold.least),
                rate(it.fold.most)
            ),
            rate(it.whole.p50),
            replay.map_or("–".to_owned(), |replay| times(it.fold.p50 / replay)),
        ]
    };
    let rows: Vec<_> = sorted.iter().map(row).collect();
    let head = [
        "what",
        "events",
        "events/s, folding",
        "with indexes, comparison, swap",
        "to QueryReplay",
    ];
    let chart = Bars {
        title: "Rebuilds, every event folded once".to_owned(),
        unit: "events/s",
        series: vec!["folding".to_owned()],
        groups: sorted
            .iter()
            .map(|(name, it)| (narrow(name), vec![Some(bar(&it.fold))]))
            .collect(),
        by_tens: true,
    };
    let mut text = image("rebuild.svg", "Rebuilds") + &table(&head, &rows);
    if let Some(it) = writing {
        text += &format!(
            "\nSomebody who appends one event at a time while all projections are rebuilt from {} events (for {:.0} s) waits {} ms at the \
             median, {} ms at p99 and {} ms at most ({} appends); with nothing else going on {} / {} / {} ms.\n",
            grouped(it.events as f64),
            it.rebuild_seconds,
            ms(it.during.p50),
            ms(it.during.p99),
            ms(it.during.most),
            grouped(it.during.n as f64),
            ms(it.alone.p50),
            ms(it.alone.p99),
            ms(it.alone.most),
        );
    }
    text += &format!(
        "\n`annal-bench rebuild`, {}\n",
        record.at.format("%Y-%m-%d")
    );
    Ok(Some(Block {
        name: "rebuild",
        text,
        charts: vec![("rebuild.svg".to_owned(), chart.svg())],
    }))
}

/// Names stand side by side below the bars.
fn narrow(name: &str) -> String {
    let short = name
        .replace("workflow_", "wf_")
        .replace("QueryReplay", "Replay");
    short.chars().take(10).collect()
}
