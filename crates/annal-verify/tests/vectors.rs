//! The vectors of docs/proofs.md and migrations/FORMAT.md, by which other programs check themselves.

#![allow(
    clippy::unwrap_used,
    reason = "the helpers beside the tests are tests too"
)]

use annal_verify::{
    BEFORE_THE_FIRST, Checkpoint, ConsistencyProof, Cover, Event, Header, InclusionProof,
    SigningKey, Tree, verify_export,
};
use sha2::{Digest, Sha256};

const LINE: &str = r#"{"ledger":"main","position":1,"event_id":"018f0000-0000-7000-8000-000000000001","aggregate_type":"dossier","aggregate_id":"018f/scoping","sequence":1,"event_type":"item_decided","event_version":"1.0","payload":"{\"type\":\"item_decided\",\"item\":\"é\"}","recorded_at":"2026-03-01T09:30:01.000001Z","command_id":"018f0000-0000-7000-8000-000000000002","correlation_id":"018f0000-0000-7000-8000-000000000003","actor_id":"ana.tester","actor_name":"Ana Tester","actor_role":"tester","reason":"it is due","effective_at":"2026-03-01T09:30:00.000000Z","workflow_id":"annal/main/018f","workflow_run_id":"r1","step_id":"scoping.decide","activity_name":"act","attempt":1,"engine":"annal 0.1.0","hash":"b95fb50d4eafd2aeb758d06835f05a87841bf4fefcd2df88927f12b54b8bff73"}"#;

fn assert_written(what: &str, value: &str) {
    let document = include_str!("../../../docs/proofs.md");
    let unbroken = |text: &str| text.split_whitespace().collect::<String>();
    assert!(
        unbroken(document).contains(&unbroken(value)),
        "{what}:\n{value}"
    );
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn at() -> chrono::DateTime<chrono::Utc> {
    "2026-03-01T10:00:00Z".parse().unwrap()
}

#[test]
fn the_event_of_the_format_has_its_bytes_and_hash() {
    let event = Event::from_line(LINE).unwrap();
    assert_eq!(event.hash_after(&BEFORE_THE_FIRST), event.hash);
    let format: String = include_str!("../../../migrations/FORMAT.md")
        .split_whitespace()
        .collect();
    assert!(format.contains(&hex::encode(event.canonical_bytes())));
    assert!(format.contains(&hex::encode(event.hash)));
}

#[test]
fn the_export_and_the_checkpoint_are_written_as_the_document_has_them() {
    let event = Event::from_line(LINE).unwrap();
    let header = Header::new("main", 0, BEFORE_THE_FIRST, 1).to_line();
    let mut tree = Tree::default();
    tree.push(&event.hash);
    let checkpoint = Checkpoint::sign("main", &tree, event.hash, at(), &key());

    assert_written("header", &header);
    assert_written("line", LINE);
    assert_written("signed bytes", &hex::encode(checkpoint.signed_bytes()));
    assert_written("checkpoint", &checkpoint.to_json());
    let trusted = key().verifying_key();
    let export = format!("{header}\n{LINE}\n");
    let report = verify_export(
        export.as_bytes(),
        std::slice::from_ref(&checkpoint),
        Some(&trusted),
    )
    .unwrap();
    assert_eq!((report.vouched, report.fault), (1, None));
    let proof = InclusionProof::new(checkpoint, BEFORE_THE_FIRST, event, Vec::new());
    assert_eq!(proof.verify(&trusted), Ok(()));
    assert_eq!(InclusionProof::from_json(&proof.to_json()), Ok(proof));
}

#[test]
fn the_tree_of_three_has_the_root_and_paths_of_the_document() {
    let leaves = ["a", "b", "c"].map(Sha256::digest);
    let tree = |count: usize| {
        let mut tree = Tree::default();
        leaves[..count].iter().for_each(|leaf| tree.push(leaf));
        tree
    };
    let path = |cover: Option<Cover>| {
        let mut cover = cover.unwrap();
        for (index, leaf) in (0..).zip(leaves) {
            cover.push(index, &leaf.into());
        }
        cover
            .path()
            .iter()
            .map(hex::encode)
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert_written("root of two", &hex::encode(tree(2).root()));
    assert_written("root of three", &hex::encode(tree(3).root()));
    assert_written("inclusion of b", &path(Cover::of_leaf(1, 3)));
    assert_written("from two to three", &path(Cover::of_growth(2, 3)));
    let signed = |count: usize| {
        let head = leaves[count - 1].into();
        Checkpoint::sign("main", &tree(count), head, at(), &key())
    };
    let hash = |text: &str| <[u8; 32]>::try_from(hex::decode(text).unwrap()).unwrap();
    let growth = path(Cover::of_growth(2, 3)).lines().map(hash).collect();
    let proof = ConsistencyProof::new(signed(2), signed(3), growth);
    assert_eq!(proof.verify(&key().verifying_key()), Ok(()));
    assert_eq!(ConsistencyProof::from_json(&proof.to_json()), Ok(proof));
}
