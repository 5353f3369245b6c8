//! Results of appends that were measured in rounds.

use annal_measure::{Appends, Failure, Spread, Streams};

use crate::record::Records;
use crate::say;

/// One line of what was measured.
pub(crate) fn tell(it: &Appends) {
    say(&format!(
        "{:<24} {:>3} callers × {:>4} events, {:<4} {:>9.0}/s  {}  cpu {:.2} + {:.2}",
        it.who,
        it.callers,
        it.per_command,
        format!("{:?}", it.streams).to_lowercase(),
        it.rate,
        it.latency.times(),
        it.client_cpu,
        it.server_cpu,
    ));
}

/// Keeps what was measured; older results of the same load by the same writer are replaced.
pub(crate) fn keep(records: &Records, name: &str, measured: Vec<Appends>) -> Result<(), Failure> {
    let older = records.find::<Vec<Appends>>(name)?;
    let older = older.map(|it| it.result).unwrap_or_default();
    let mut all: Vec<Appends> = older
        .into_iter()
        .filter(|it| !measured.iter().any(|new| of(new) == of(it)))
        .collect();
    all.extend(measured);
    records.keep(name, all)
}

/// Whose and of which load a measurement is.
fn of(it: &Appends) -> (&str, usize, usize, Streams) {
    (&it.who, it.callers, it.per_command, it.streams)
}

/// The rounds of one writer and load: rates over the rounds, and the round of median rate.
pub(crate) struct Rounds<'a> {
    pub(crate) rate: Spread,
    pub(crate) median: &'a Appends,
    pub(crate) p99: f64,
}

/// All rounds of a writer and load; none if it was not measured.
pub(crate) fn rounds<'a>(
    all: &'a [Appends],
    who: &str,
    callers: usize,
    per_command: usize,
    streams: Streams,
) -> Option<Rounds<'a>> {
    let wanted = (who, callers, per_command, streams);
    let mut found: Vec<&Appends> = all.iter().filter(|it| of(it) == wanted).collect();
    found.sort_by(|a, b| a.rate.total_cmp(&b.rate));
    let p99 = Spread::of(found.iter().map(|it| it.latency.p99).collect()).p50;
    let median = *found.get(found.len().saturating_sub(1) / 2)?;
    Some(Rounds {
        rate: Spread::of(found.iter().map(|it| it.rate).collect()),
        median,
        p99,
    })
}
