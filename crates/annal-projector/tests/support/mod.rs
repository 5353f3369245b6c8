//! What the database tests share: a prepared database, and stories to put into its log.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test program uses its own part"
)]
#![allow(
    clippy::needless_pass_by_value,
    reason = "an event that was told is over"
)]

pub mod database;
pub mod oracle;
pub mod story;
mod trail;
pub mod waiting;

use annal_core::envelope::{Metadata, Provenance};
use annal_core::{Actor, CommandId, LedgerId, PersonId, Position, Role, Sequence};
use annal_log::{Append, Log, StreamAppend};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use story::Told;

/// The ledger of the tests.
pub fn main_ledger() -> LedgerId {
    LedgerId::new("main").expect("a valid id")
}

/// A moment that is the same in every run.
pub fn moment(minutes: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + minutes * 60, 0).expect("a valid time")
}

/// Puts one command's events into the log; returns the position of the last.
pub async fn append(log: &Log, number: u128, told: Vec<Told>) -> Position {
    let by = told.first().map_or_else(
        || PersonId::new("annal").expect("a valid id"),
        |it| it.by.clone(),
    );
    let command_id = CommandId(Uuid::from_u128(number + 1));
    let metadata = Metadata {
        command_id,
        correlation_id: Uuid::from_u128(7),
        causation_id: None,
        actor: Actor {
            name: by.as_str().to_uppercase().into(),
            id: by,
            role: Role::Tester,
            on_behalf_of: None,
        },
        reason: number.is_multiple_of(3).then(|| format!("reason {number}")),
        effective_at: moment(i64::try_from(number).unwrap_or_default()),
        provenance: (!number.is_multiple_of(5)).then(|| Provenance {
            workflow_id: "annal/main/run".into(),
            run_id: format!("execution {}", number / 50),
            step_id: "scoping.work".into(),
            activity_name: "decide_items".into(),
            attempt: 1,
        }),
        engine: "test".into(),
    };
    let mut streams: Vec<StreamAppend> = Vec::new();
    for it in told {
        let last = streams.iter_mut().find(|known| known.stream == it.stream);
        if let Some(known) = last {
            known.events.push(it.event);
        } else {
            streams.push(StreamAppend {
                stream: it.stream,
                expected: Sequence(it.after),
                events: vec![it.event],
            });
        }
    }
    let asked = Append {
        command_id,
        content_hash: [0; 32],
        metadata,
        streams,
        reply: serde_json::Value::Null,
    };
    log.append(asked).await.expect("the story is appended").last
}
