//! Our log as a writer: ordered, chained, idempotent, with its whole envelope.

use annal_core::dossier::DossierEvent;
use annal_core::envelope::{Metadata, Provenance};
use annal_core::item::{DecisionLevel, Verdict};
use annal_core::{Actor, CommandId, Phase, RunId, Sequence, VersionNo};
use annal_log::{Append, EventData, Log, StreamAppend, StreamId};
use annal_measure::{Failure, Writer};
use uuid::Uuid;

/// One process's worth of writing: a log with its group commit. Several of them stand for several processes.
pub(crate) struct Ours(pub(crate) Vec<Log>);

/// A dossier, how long it is, and which of the logs it is written through.
pub(crate) struct Stream {
    run: RunId,
    length: u64,
    through: usize,
}

impl Writer for Ours {
    type Stream = Stream;

    fn stream(&self) -> Stream {
        let id = Uuid::now_v7();
        Stream {
            run: RunId(id),
            length: 0,
            through: usize::from(id.as_bytes()[15]) % self.0.len(),
        }
    }

    async fn write(&self, stream: &mut Stream, events: usize) -> Result<(), Failure> {
        let append = command(stream, events)?;
        self.0[stream.through].append(append).await?;
        stream.length += events as u64;
        Ok(())
    }
}

fn command(stream: &Stream, events: usize) -> Result<Append, Failure> {
    let (run, command_id) = (stream.run, CommandId(Uuid::now_v7()));
    let encoded: Result<Vec<_>, _> = (1..=events)
        .map(|number| EventData::encode(&decided(number)))
        .collect();
    Ok(Append {
        command_id,
        content_hash: [7; 32],
        metadata: Metadata {
            command_id,
            correlation_id: run.0,
            causation_id: None,
            actor: Actor::engine(),
            reason: Some("measured".to_owned()),
            effective_at: chrono::Utc::now(),
            provenance: Some(Provenance {
                workflow_id: format!("annal/main/{run}"),
                run_id: run.to_string(),
                step_id: "sample_selection.work".to_owned(),
                activity_name: "decide_items".to_owned(),
                attempt: 1,
            }),
            engine: "bench".to_owned(),
        },
        streams: vec![StreamAppend {
            stream: StreamId::dossier(run, Phase::SampleSelection),
            expected: Sequence(stream.length),
            events: encoded?,
        }],
        reply: serde_json::Value::Null,
    })
}

fn decided(number: usize) -> DossierEvent {
    DossierEvent::ItemDecided {
        version: VersionNo(1),
        item: format!("sample:{number}")
            .parse()
            .expect("a short plain id"),
        level: DecisionLevel::Tester,
        verdict: Verdict::Approve,
        by: "ana".parse().expect("a short plain id"),
        reason: Some("typical of its kind".to_owned()),
        previous: None,
    }
}
