//! The same decisions by the same rules into the same log, in this process, without Temporal.

use std::time::{Duration, Instant};

use annal_bench::{Office, Size, sampled};
use annal_core::item::Verdict;
use annal_log::{Log, migrate};
use annal_measure::Failure;

use super::{PHASE, WHY, decide, way};
use crate::decided::Way;
use crate::server::Server;

pub(super) async fn measure(
    on: &Server,
    single: usize,
    bulk: usize,
    bulks: usize,
) -> Result<(Way, Way), Failure> {
    let url = on.scratch("direct").await?;
    migrate(&url).await?;
    let log = Log::connect(&url, "main".parse()?).await?;
    let size = Size {
        attributes: 14,
        samples: single.max(bulk),
    };
    let mut office = sampled(0, size);
    office.hand_over(&log).await?;
    let items = office.items(PHASE);
    let mut times = Vec::new();
    for item in items.iter().take(single) {
        let asked = decide(std::slice::from_ref(item), Verdict::Approve);
        times.push(timed(&mut office, &log, None, asked).await?);
    }
    let some: Vec<_> = items.iter().take(bulk).cloned().collect();
    let mut bulk_times = Vec::new();
    for number in 0..bulks {
        let verdict = [Verdict::Reject, Verdict::Approve][number % 2];
        bulk_times.push(timed(&mut office, &log, WHY, decide(&some, verdict)).await?);
    }
    drop(log);
    on.drop_database("direct").await?;
    Ok((way(times, 1), way(bulk_times, some.len())))
}

async fn timed(
    office: &mut Office,
    log: &Log,
    why: Option<&str>,
    asked: annal_core::dossier::DossierCommand,
) -> Result<Duration, Failure> {
    let began = Instant::now();
    office.act("tom", why, PHASE, asked);
    office.hand_over(log).await?;
    Ok(began.elapsed())
}
