//! What the log gives out to be checked elsewhere, and that a verifier without database says of it what it should.

use annal_core::Position;
use annal_log::{Log, LogError};
use annal_verify::{Checkpoint, Fault, FaultKind, SigningKey, VerifyingKey, verify_export};
use futures::{StreamExt, TryStreamExt};

use crate::support::{Fresh, adding, fill, stream};

fn key() -> SigningKey {
    SigningKey::from_bytes(&[3; 32])
}

fn trusted() -> VerifyingKey {
    key().verifying_key()
}

async fn export(log: &Log, after: u64, until: Option<u64>) -> String {
    let lines = log.export(Position(after), until.map(Position));
    let lines: Vec<String> = lines.try_collect().await.unwrap();
    lines.iter().map(|line| format!("{line}\n")).collect()
}

async fn offline(log: &Log, checkpoints: &[Checkpoint]) -> Option<Fault> {
    let export = export(log, 0, None).await;
    verify_export(export.as_bytes(), checkpoints, Some(&trusted()))
        .unwrap()
        .fault
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_holds_against_every_checkpoint_of_the_log() {
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;
    let empty = log.checkpoint(None, &key()).await.unwrap();
    fill(&log, &stream("a"), 5).await;
    let first = log.checkpoint(Some(&empty), &key()).await.unwrap();
    log.append(adding(&stream("b"), 0, 8)).await.unwrap();
    let second = log.checkpoint(Some(&first), &key()).await.unwrap();
    // Going on from the last checkpoint comes to the same as reading everything.
    let afresh = log.checkpoint(None, &key()).await.unwrap();
    assert_eq!(
        (second.root, &second.frontier),
        (afresh.root, &afresh.frontier)
    );
    assert_eq!((empty.size, first.size, second.size), (0, 5, 13));
    log.append(adding(&stream("b"), 8, 2)).await.unwrap();

    let all = [second.clone(), empty, first.clone()];
    let whole = export(&log, 0, None).await;
    let report = verify_export(whole.as_bytes(), &all, Some(&trusted())).unwrap();
    assert_eq!((report.last, report.vouched, report.fault), (15, 13, None));
    let part = export(&log, 5, Some(14)).await;
    let report = verify_export(part.as_bytes(), &all[..1], Some(&trusted())).unwrap();
    assert_eq!((report.last, report.vouched, report.fault), (14, 13, None));
    assert_eq!(
        report.head,
        log.read(Position(13), 1).await.unwrap()[0].hash
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_is_proved_in_every_checkpoint_and_checkpoints_in_each_other() {
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;
    let mut checkpoints = vec![log.checkpoint(None, &key()).await.unwrap()];
    for size in 0..11 {
        fill_one(&log, size).await;
        let last = checkpoints.last();
        checkpoints.push(log.checkpoint(last, &key()).await.unwrap());
    }
    for checkpoint in &checkpoints {
        for position in 1..=checkpoint.size {
            let proof = log
                .prove_inclusion(Position(position), checkpoint)
                .await
                .unwrap();
            proof.verify(&trusted()).unwrap();
            assert_eq!(proof.event.position, position);
        }
        let beyond = Position(checkpoint.size + 1);
        let error = log.prove_inclusion(beyond, checkpoint).await.unwrap_err();
        assert_eq!(error.code(), "log_out_of_reach");
    }
    for (n, newer) in checkpoints.iter().enumerate() {
        for older in &checkpoints[..=n] {
            let proof = log.prove_consistency(older, newer).await.unwrap();
            proof.verify(&trusted()).unwrap();
        }
    }
    let backwards = log
        .prove_consistency(&checkpoints[4], &checkpoints[3])
        .await;
    assert_eq!(backwards.unwrap_err().code(), "log_out_of_reach");
}

async fn fill_one(log: &Log, expected: u64) {
    log.append(adding(&stream("a"), expected, 1)).await.unwrap();
}

/// Rows changed behind the guards' back, then exported: what the verifier says, by itself and with a checkpoint.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_done_to_the_rows_is_named_by_the_verifier() {
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;
    fill(&log, &stream("a"), 8).await;
    let checkpoint = log.checkpoint(None, &key()).await.unwrap();
    fresh.keep().await;
    let size = 8;
    let cases: [(&[&str], u64, FaultKind); 6] = [
        (
            &["UPDATE annal.events SET reason = 'x' WHERE position = 3"],
            3,
            FaultKind::Altered,
        ),
        (
            &["UPDATE annal.events SET hash = sha256(hash) WHERE position = 3"],
            3,
            FaultKind::Altered,
        ),
        (
            &["DELETE FROM annal.events WHERE position = 3"],
            3,
            FaultKind::Missing,
        ),
        (
            &[
                "UPDATE annal.events SET position = 100 WHERE position = 2",
                "UPDATE annal.events SET position = 2 WHERE position = 4",
                "UPDATE annal.events SET position = 4 WHERE position = 100",
            ],
            2,
            FaultKind::Altered,
        ),
        (
            &["DELETE FROM annal.events WHERE position > 5"],
            6,
            FaultKind::CutShort,
        ),
        (
            &[
                "DELETE FROM annal.events WHERE position > 5",
                "DELETE FROM annal.commands WHERE last_position > 5",
                "UPDATE annal.ledgers l SET position = 5, hash = e.hash FROM annal.events e WHERE e.position = 5",
            ],
            6,
            FaultKind::CutShortOfCheckpoint { size },
        ),
    ];
    for (statements, position, kind) in cases {
        fresh.tamper(statements).await;
        let alone = offline(&log, &[]).await;
        match kind {
            FaultKind::CutShortOfCheckpoint { .. } => assert_eq!(alone, None, "{statements:?}"),
            _ => assert_eq!(
                alone,
                Some(Fault {
                    position,
                    kind: kind.clone()
                }),
                "{statements:?}"
            ),
        }
        let vouched = offline(&log, std::slice::from_ref(&checkpoint)).await;
        assert_eq!(vouched, Some(Fault { position, kind }), "{statements:?}");
        fresh.restore().await;
        assert_eq!(offline(&log, std::slice::from_ref(&checkpoint)).await, None);
    }
}

/// Hashes computed anew from the change on, with the database's own function: sound by itself, and not what was signed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_suffix_chained_anew_is_caught_by_a_checkpoint_alone() {
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;
    fill(&log, &stream("a"), 9).await;
    let whole = log.checkpoint(None, &key()).await.unwrap();
    let early = Checkpoint::from_json(&whole.to_json()).unwrap();
    fresh
        .tamper(&["UPDATE annal.events SET reason = 'nobody said this' WHERE position = 6"])
        .await;
    chain_anew(&fresh, &log).await;

    assert_eq!(log.verify(None).await.unwrap().fault, None);
    assert_eq!(offline(&log, &[]).await, None);
    let kind = FaultKind::NotTheCheckpoint { size: 9, agreed: 0 };
    assert_eq!(
        offline(&log, &[early]).await,
        Some(Fault { position: 9, kind })
    );
    for refused in [
        log.prove_inclusion(Position(2), &whole).await.map(drop),
        log.prove_consistency(&whole, &whole).await.map(drop),
        log.checkpoint(Some(&whole), &key()).await.map(drop),
    ] {
        assert!(
            matches!(refused, Err(LogError::NotTheCheckpoint { size: 9, .. })),
            "{refused:?}"
        );
    }
    let forged = log.checkpoint(None, &key()).await.unwrap();
    let proof = annal_verify::ConsistencyProof::new(whole, forged, Vec::new());
    assert_eq!(
        proof.verify(&trusted()).unwrap_err().code(),
        "proof_not_consistent"
    );
}

/// What a forger with the database in hand does: reads the rows, computes the hashes, and writes them.
async fn chain_anew(fresh: &Fresh, log: &Log) {
    let mut previous = annal_log::hash::BEFORE_THE_FIRST;
    let events = log.read(Position(0), 1_000).await.unwrap();
    let mut statements = Vec::new();
    for event in &events {
        previous = annal_log::hash::event_hash(&previous, event);
        let (hash, position) = (hex::encode(previous), event.position);
        statements.push(format!(
            "UPDATE annal.events SET hash = decode('{hash}', 'hex') WHERE position = {position}"
        ));
    }
    let hash = hex::encode(previous);
    statements.push(format!(
        "UPDATE annal.ledgers SET hash = decode('{hash}', 'hex'), position = position"
    ));
    let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
    fresh.tamper(&statements).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_beyond_the_head_is_refused() {
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;
    fill(&log, &stream("a"), 2).await;
    for (after, until) in [(3, None), (0, Some(3)), (2, Some(1))] {
        let mut lines = Box::pin(log.export(Position(after), until.map(Position)));
        let error = lines.next().await.unwrap().unwrap_err();
        assert_eq!(error.code(), "log_out_of_reach", "{after} {until:?}");
    }
}
