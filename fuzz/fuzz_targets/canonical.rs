//! Two events whose canonical bytes are the same are the same event, and an event is written as a line that reads as it.
#![no_main]

use annal_verify::Event;
use chrono::DateTime;
use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use uuid::Uuid;

fn event(from: &mut Unstructured<'_>) -> Result<Event> {
    let text = |from: &mut Unstructured<'_>| from.arbitrary::<String>();
    let instant = |from: &mut Unstructured<'_>| -> Result<_> {
        let micros = from.int_in_range(-62_135_596_800_000_000_i64..=253_402_300_799_999_999)?;
        Ok(DateTime::from_timestamp_micros(micros).expect("inside the years 1 to 9999"))
    };
    let id = |from: &mut Unstructured<'_>| -> Result<_> { Ok(Uuid::from_u128(from.arbitrary()?)) };
    Ok(Event {
        ledger: text(from)?,
        position: from.int_in_range(1..=i64::MAX as u64)?,
        event_id: id(from)?,
        aggregate_type: text(from)?,
        aggregate_id: text(from)?,
        sequence: from.int_in_range(1..=i64::MAX as u64)?,
        event_type: text(from)?,
        event_version: text(from)?,
        payload: text(from)?,
        recorded_at: instant(from)?,
        command_id: id(from)?,
        correlation_id: id(from)?,
        causation_id: from.arbitrary::<Option<u128>>()?.map(Uuid::from_u128),
        actor_id: text(from)?,
        actor_name: text(from)?,
        actor_role: text(from)?,
        on_behalf_of: from.arbitrary()?,
        reason: from.arbitrary()?,
        effective_at: instant(from)?,
        workflow_id: from.arbitrary()?,
        workflow_run_id: from.arbitrary()?,
        step_id: from.arbitrary()?,
        activity_name: from.arbitrary()?,
        attempt: from.arbitrary::<Option<u32>>()?.map(|it| it >> 1),
        engine: text(from)?,
        hash: [0; 32],
    })
}

fuzz_target!(|bytes: &[u8]| {
    let mut from = Unstructured::new(bytes);
    let (Ok(one), Ok(other)) = (event(&mut from), event(&mut from)) else {
        return;
    };
    assert_eq!(one == other, one.canonical_bytes() == other.canonical_bytes());
    if let Ok(line) = one.to_line() {
        assert_eq!(Event::from_line(&line), Ok(one));
    }
});
