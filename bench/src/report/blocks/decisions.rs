use annal_measure::Failure;

use crate::decided::{Decided, RESULT, Way};
use crate::record::Records;
use crate::report::Block;
use crate::report::chart::Bars;
use crate::report::numbers::{ms, rate};

use super::{bar, by, image, table};

pub(super) fn block(records: &Records) -> Result<Option<Block>, Failure> {
    let Some(record) = records.find::<Decided>(RESULT)? else {
        return Ok(None);
    };
    let it = &record.result;
    let at_once = format!(
        "one by one by {} callers, each in a run of its own",
        it.callers
    );
    let bulk = format!("{} in one command", it.bulk);
    let ways: [(&str, &Way, Option<&Way>); 3] = [
        ("one by one", &it.single, Some(&it.direct_single)),
        (&at_once, &it.at_once, None),
        (&bulk, &it.in_bulk, Some(&it.direct_bulk)),
    ];
    let cell = |way: Option<&Way>| {
        way.map_or("–".to_owned(), |way| {
            format!(
                "**{}**/s<br>{} / {} ms",
                rate(way.rate),
                ms(way.time.p50),
                ms(way.time.p99)
            )
        })
    };
    let rows = ways
        .map(|(name, through, without)| vec![name.to_owned(), cell(Some(through)), cell(without)]);
    let head = ["decisions", "through Temporal", "without the workflow"];
    let chart = Bars {
        title: "One command, from request to answer".to_owned(),
        unit: "ms",
        series: vec![
            "through Temporal".to_owned(),
            "without the workflow".to_owned(),
        ],
        groups: ways
            .map(|(name, through, without)| {
                let bars = vec![Some(bar(&through.time)), without.map(|it| bar(&it.time))];
                (name.to_owned(), bars)
            })
            .to_vec(),
        by_tens: true,
    };
    let text = image("decisions.svg", "Time of a decision") + &table(&head, &rows) + &by(&record);
    Ok(Some(Block {
        name: "decisions",
        text,
        charts: vec![("decisions.svg".to_owned(), chart.svg())],
    }))
}
