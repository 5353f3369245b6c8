//! Logs made here, tampered with, and what is said of them. Nothing of the engine takes part.

#![allow(
    clippy::unwrap_used,
    reason = "the helpers beside the tests are tests too"
)]

use annal_verify::{
    BEFORE_THE_FIRST, Checkpoint, Cover, Event, Fault, FaultKind, Header, InclusionProof,
    SigningKey, Tree, verify_export,
};
use proptest::prelude::*;

fn event(position: u64) -> Event {
    let at = |second: i64| chrono::DateTime::from_timestamp(1_772_357_400 + second, 1_000).unwrap();
    let id = |n: u64| uuid::Uuid::from_u128(u128::from(n) << 64 | u128::from(position));
    Event {
        ledger: "main".into(),
        position,
        event_id: id(1),
        aggregate_type: "dossier".into(),
        aggregate_id: format!("018f/{}", position % 3),
        sequence: (position - 1) / 3 + 1,
        event_type: "item_decided".into(),
        event_version: "1.0".into(),
        payload: format!(r#"{{"type":"item_decided", "item":"é-{position}"}}"#),
        recorded_at: at(i64::try_from(position).unwrap()),
        command_id: id(2),
        correlation_id: id(3),
        causation_id: position.is_multiple_of(2).then(|| id(4)),
        actor_id: "ana.tester".into(),
        actor_name: "Ana Téster".into(),
        actor_role: "tester".into(),
        on_behalf_of: Some("bo.owner".into()),
        reason: Some("it is due".into()),
        effective_at: at(0),
        workflow_id: Some("annal/main/018f".into()),
        workflow_run_id: Some("r1".into()),
        step_id: Some("scoping.decide".into()),
        activity_name: Some("act".into()),
        attempt: Some(1),
        engine: "annal 0.1.0".into(),
        hash: [0; 32],
    }
}

/// Gives every event from an index on the hash that fits, as a forger would.
fn chain(events: &mut [Event]) {
    let mut previous = BEFORE_THE_FIRST;
    for event in events {
        event.hash = event.hash_after(&previous);
        previous = event.hash;
    }
}

fn log(count: u64) -> Vec<Event> {
    let mut events: Vec<Event> = (1..=count).map(event).collect();
    chain(&mut events);
    events
}

fn lines(events: &[Event]) -> Vec<String> {
    let until = events.iter().map(|event| event.position).max().unwrap_or(0);
    let header = Header::new("main", 0, BEFORE_THE_FIRST, until).to_line();
    let events = events.iter().map(|event| event.to_line().unwrap());
    std::iter::once(header).chain(events).collect()
}

fn text(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn checkpoint(events: &[Event]) -> Checkpoint {
    let mut tree = Tree::default();
    events.iter().for_each(|event| tree.push(&event.hash));
    let head = events.last().map_or(BEFORE_THE_FIRST, |event| event.hash);
    Checkpoint::sign("main", &tree, head, event(1).recorded_at, &key())
}

fn fault(export: &str, checkpoints: &[Checkpoint]) -> Option<Fault> {
    let trusted = key().verifying_key();
    verify_export(export.as_bytes(), checkpoints, Some(&trusted))
        .unwrap()
        .fault
}

fn expect(lines: &[String], position: u64, kind: FaultKind) {
    assert_eq!(fault(&text(lines), &[]), Some(Fault { position, kind }));
}

#[test]
fn a_sound_log_holds_and_says_how_far_it_is_vouched_for() {
    let events = log(10);
    let trusted = key().verifying_key();
    let checkpoints = [
        checkpoint(&events[..7]),
        checkpoint(&events[..4]),
        checkpoint(&[]),
    ];

    let report = verify_export(
        text(&lines(&events)).as_bytes(),
        &checkpoints,
        Some(&trusted),
    )
    .unwrap();

    assert_eq!((report.last, report.vouched, report.fault), (10, 7, None));
    assert_eq!(report.head, events[9].hash);
}

/// One byte anywhere in an export of five events, header and line ends included, is changed to another.
#[test]
fn a_changed_byte_is_found_at_its_event() {
    let export = text(&lines(&log(5)));
    let bytes = export.as_bytes();
    let end_of_header = export.find('\n').unwrap();
    let mut changed = 0;
    for at in 0..bytes.len() {
        for flip in [0x01, 0x20, 0x80] {
            let mut altered = bytes.to_vec();
            altered[at] ^= flip;
            let found = verify_export(altered.as_slice(), &[], None);
            let event = bytes[..at].iter().filter(|byte| **byte == b'\n').count() as u64;
            if at <= end_of_header {
                // The header vouches for nothing; a change of it is seen as an unusable file or as a fault.
                assert!(
                    !matches!(found, Ok(ref report) if report.fault.is_none() && report.ledger == "main"),
                    "header, byte {at}"
                );
                continue;
            }
            let fault = found
                .unwrap()
                .fault
                .unwrap_or_else(|| panic!("byte {at} ^ {flip} went unseen"));
            assert_eq!(fault.position, event, "byte {at} ^ {flip}: {fault}");
            changed += 1;
        }
    }
    assert!(changed > 9_000, "{changed}");
}

#[test]
fn deleted_inserted_swapped_and_repeated_lines_are_named() {
    let sound = lines(&log(8));
    let with = |change: &dyn Fn(&mut Vec<String>)| {
        let mut lines = sound.clone();
        change(&mut lines);
        lines
    };
    expect(&with(&|l| drop(l.remove(3))), 3, FaultKind::Missing);
    expect(&with(&|l| drop(l.remove(1))), 1, FaultKind::Missing);
    expect(&with(&|l| drop(l.remove(8))), 8, FaultKind::CutShort);
    expect(&with(&|l| l.truncate(5)), 5, FaultKind::CutShort);
    expect(
        &with(&|l| l.swap(3, 4)),
        3,
        FaultKind::OutOfPlace { found: 4 },
    );
    expect(
        &with(&|l| l.swap(2, 7)),
        2,
        FaultKind::OutOfPlace { found: 7 },
    );
    expect(
        &with(&|l| l.insert(5, l[4].clone())),
        4,
        FaultKind::Repeated,
    );
    expect(&with(&|l| l.push(l[2].clone())), 9, FaultKind::Surplus);
    // An event of one's own between two others: at its number, or renumbering all that follow.
    let mut mine = event(4);
    mine.reason = Some("mine".into());
    mine.hash = mine.hash_after(&log(3)[2].hash);
    let line = mine.to_line().unwrap();
    expect(
        &with(&|l| l.insert(4, line.clone())),
        4,
        FaultKind::Repeated,
    );
    let mut renumbered = log(8);
    renumbered.insert(3, mine);
    for (position, event) in (1..).zip(&mut renumbered) {
        event.position = position;
    }
    expect(&lines(&renumbered), 5, FaultKind::Altered);
}

#[test]
fn a_chain_that_fits_but_breaks_a_rule_of_the_log_is_named() {
    let mut events = log(6);
    events[4].sequence = 3;
    chain(&mut events);
    expect(
        &lines(&events),
        5,
        FaultKind::SequenceDiffers {
            expected: 2,
            found: 3,
        },
    );
    let mut events = log(6);
    events[4].recorded_at = events[2].recorded_at;
    chain(&mut events);
    expect(&lines(&events), 5, FaultKind::TimeGoesBack);
    let mut events = log(6);
    events[2].ledger = "other".into();
    events[2].reason = None;
    expect(
        &lines(&events),
        3,
        FaultKind::OtherLedger {
            ledger: "other".into(),
        },
    );
}

/// By itself such a log is as good as another; only what was kept elsewhere shows it.
#[test]
fn a_history_written_anew_is_caught_by_a_checkpoint_alone() {
    let sound = log(9);
    let mut forged = sound.clone();
    forged[5].reason = Some("nobody said this".into());
    chain(&mut forged);
    let export = text(&lines(&forged));

    assert_eq!(fault(&export, &[]), None);
    assert_eq!(fault(&export, &[checkpoint(&sound[..5])]), None);
    let caught = fault(&export, &[checkpoint(&sound[..5]), checkpoint(&sound[..8])]).unwrap();

    assert_eq!(
        (caught.position, &caught.kind),
        (8, &FaultKind::NotTheCheckpoint { size: 8, agreed: 5 })
    );
    assert!(
        caught
            .to_string()
            .contains("after position 5 the log was written anew"),
        "{caught}"
    );
}

#[test]
fn a_tail_cut_off_with_care_is_caught_by_a_checkpoint_alone() {
    let sound = log(9);
    let export = text(&lines(&sound[..6]));

    assert_eq!(fault(&export, &[]), None);
    assert_eq!(fault(&export, &[checkpoint(&sound[..6])]), None);
    let caught = fault(&export, &[checkpoint(&sound)]).unwrap();

    assert_eq!(
        (caught.position, caught.kind),
        (7, FaultKind::CutShortOfCheckpoint { size: 9 })
    );
}

/// A part of a log begins with a hash that only a checkpoint of that size can vouch for.
#[test]
fn a_part_of_a_log_is_checked_from_a_checkpoint() {
    let events = log(9);
    let part = |previous| {
        let header = Header::new("main", 4, previous, 9).to_line();
        let events = events[4..].iter().map(|event| event.to_line().unwrap());
        text(&std::iter::once(header).chain(events).collect::<Vec<_>>())
    };
    let (older, newer) = (checkpoint(&events[..4]), checkpoint(&events[..7]));
    let trusted = key().verifying_key();
    let export = part(events[3].hash);
    let report = verify_export(
        export.as_bytes(),
        &[older.clone(), newer.clone(), checkpoint(&events[..2])],
        Some(&trusted),
    )
    .unwrap();
    assert_eq!(
        (
            report.last,
            report.vouched,
            report.not_compared,
            report.fault
        ),
        (9, 7, vec![2], None)
    );

    let kind = FaultKind::NotTheCheckpoint { size: 4, agreed: 0 };
    assert_eq!(
        fault(&part([9; 32]), &[older]),
        Some(Fault { position: 4, kind })
    );
    assert_eq!(
        fault(&part([9; 32]), &[]),
        Some(Fault {
            position: 5,
            kind: FaultKind::Altered
        })
    );
}

#[test]
fn a_checkpoint_that_was_changed_or_signed_by_another_does_not_count() {
    let good = checkpoint(&log(5));
    let trusted = key().verifying_key();
    assert_eq!(good.verify(&trusted), Ok(()));
    assert_eq!(Checkpoint::from_json(&good.to_json()), Ok(good.clone()));
    let other = SigningKey::from_bytes(&[8; 32]).verifying_key();
    assert_eq!(
        good.verify(&other).unwrap_err().code(),
        "checkpoint_other_key"
    );
    type Change<'a> = (&'a dyn Fn(&mut Checkpoint), &'static str);
    let changes: [Change<'_>; 8] = [
        (&|c| c.ledger.push('x'), "checkpoint_signature"),
        (&|c| c.size += 1, "checkpoint_signature"),
        (&|c| c.head[0] ^= 1, "checkpoint_signature"),
        (&|c| c.root[31] ^= 1, "checkpoint_signature"),
        (
            &|c| c.at += chrono::TimeDelta::microseconds(1),
            "checkpoint_signature",
        ),
        (&|c| c.signature[0] ^= 1, "checkpoint_signature"),
        (&|c| c.key = other.to_bytes(), "checkpoint_other_key"),
        (&|c| c.frontier[0][0] ^= 1, "checkpoint_frontier"),
    ];
    for (n, (change, code)) in changes.iter().enumerate() {
        let mut changed = good.clone();
        change(&mut changed);
        assert_eq!(
            changed.verify(&trusted).unwrap_err().code(),
            *code,
            "change {n}"
        );
    }
}

fn inclusion(events: &[Event], position: u64) -> InclusionProof {
    let mut cover = Cover::of_leaf(position - 1, events.len() as u64).unwrap();
    for (index, event) in (0..).zip(events) {
        cover.push(index, &event.hash);
    }
    let index = usize::try_from(position - 1).unwrap();
    let previous = index
        .checked_sub(1)
        .map_or(BEFORE_THE_FIRST, |i| events[i].hash);
    InclusionProof::new(
        checkpoint(events),
        previous,
        events[index].clone(),
        cover.path(),
    )
}

/// Every byte of a proof: changed, it proves nothing, except where the JSON is only written otherwise.
#[test]
fn a_changed_byte_in_a_proof_makes_it_worthless() {
    let proof = inclusion(&log(11), 6);
    let trusted = key().verifying_key();
    assert_eq!(proof.verify(&trusted), Ok(()));
    let json = proof.to_json();
    for at in 0..json.len() {
        for flip in [0x01, 0x20] {
            let mut bytes = json.clone().into_bytes();
            bytes[at] ^= flip;
            let Ok(text) = String::from_utf8(bytes) else {
                continue;
            };
            let Ok(read) = InclusionProof::from_json(&text) else {
                continue;
            };
            assert!(
                read == proof || read.verify(&trusted).is_err(),
                "byte {at} ^ {flip}"
            );
        }
    }
}

proptest! {
    /// Whatever bytes come: an answer, and no panic.
    #[test]
    fn nothing_that_is_read_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), at in 0..4_000_usize, cut in any::<bool>()) {
        let _ = verify_export(bytes.as_slice(), &[], None);
        let mut export = text(&lines(&log(4))).into_bytes();
        let at = at % export.len();
        if cut { export.truncate(at) } else { export.splice(at..at, bytes.iter().copied()); }
        let _ = verify_export(export.as_slice(), &[], None);
        let text = String::from_utf8_lossy(&bytes);
        let _ = (Checkpoint::from_json(&text), InclusionProof::from_json(&text));
    }

    /// Any text in any field survives the way through a line.
    #[test]
    fn a_line_holds_any_text(payload in any::<String>(), name in any::<String>(), reason in any::<Option<String>>()) {
        let mut one = event(1);
        (one.payload, one.actor_name, one.reason) = (payload, name, reason);
        one.hash = one.hash_after(&BEFORE_THE_FIRST);
        let line = one.to_line().unwrap();
        prop_assert!(!line.contains('\n'));
        prop_assert_eq!(Event::from_line(&line), Ok(one));
    }
}
