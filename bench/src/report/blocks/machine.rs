use annal_measure::Failure;

use crate::limits::{Limit, RESULT};
use crate::record::Records;
use crate::report::Block;
use crate::report::numbers::rate;

use super::by;

pub(super) fn block(records: &Records) -> Result<Option<Block>, Failure> {
    let Some(record) = records.find::<Limit>(RESULT)? else {
        return Ok(None);
    };
    let Limit {
        machine,
        copy_bare,
        copy_whole,
        bytes,
    } = &record.result;
    let settings: Vec<String> = machine
        .settings
        .iter()
        .map(|(name, value)| format!("`{name}` {value}"))
        .collect();
    let text = format!(
        "- {} cores ({}), {} GiB of memory\n- {}, {}\n- the disk flushes one written page {} times a second ({} to {})\n\
         - an event takes {} bytes, {} with its indexes; COPY of such rows reaches {} a second ({} to {}) into a bare table and \
         {} ({} to {}) into one with the log's indexes and checks, in one transaction\n{}",
        machine.cores,
        machine.processor,
        machine.memory_gib,
        machine.postgres,
        settings.join(", "),
        rate(machine.flushes.p50),
        rate(machine.flushes.least),
        rate(machine.flushes.most),
        bytes.0,
        bytes.1,
        rate(copy_bare.p50),
        rate(copy_bare.least),
        rate(copy_bare.most),
        rate(copy_whole.p50),
        rate(copy_whole.least),
        rate(copy_whole.most),
        by(&record),
    );
    Ok(Some(Block {
        name: "machine",
        text,
        charts: vec![],
    }))
}
