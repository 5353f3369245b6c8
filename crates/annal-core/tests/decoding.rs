//! Whatever bytes stand where an event should, the answer is an event or an error; whatever reads as an event can be taken
//! in.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails like the test")]

use std::path::Path;

use annal_core::condition::Condition;
use annal_core::definition::Definition;
use annal_core::dossier::{Dossier, DossierEvent};
use annal_core::run::{ReportRun, RunEvent};
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The events that were ever written, and the definitions.
fn golden() -> Vec<String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["tests/golden/run", "tests/golden/dossier", "definitions"];
    let files = folders
        .iter()
        .flat_map(|it| std::fs::read_dir(here.join(it)).unwrap());
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    paths
        .iter()
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect()
}

/// A golden text with bytes replaced, taken out and doubled.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<prop::sample::Index>(), any::<u8>(), 0..3_u8);
    (
        prop::sample::select(golden()),
        prop::collection::vec(change, 0..6),
    )
        .prop_map(|(text, changes)| {
            let mut bytes = text.into_bytes();
            for (at, byte, how) in changes {
                if bytes.is_empty() {
                    break;
                }
                let at = at.index(bytes.len());
                match how {
                    0 => bytes[at] = byte,
                    1 => drop(bytes.remove(at)),
                    _ => bytes.insert(at, byte),
                }
            }
            bytes
        })
}

/// What reads as an event is written as what reads as the same.
fn read<E: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(bytes: &[u8]) -> Option<E> {
    let event: E = serde_json::from_slice(bytes).ok()?;
    let written = serde_json::to_string(&event).unwrap();
    assert_eq!(serde_json::from_str::<E>(&written).unwrap(), event);
    Some(event)
}

proptest! {
    #[test]
    fn events_in_any_order_and_damaged_are_taken_in_or_refused(all in prop::collection::vec(damaged(), 1..8)) {
        let (mut run, mut dossier) = (ReportRun::default(), Dossier::default());
        for bytes in &all {
            if let Some(event) = read::<RunEvent>(bytes) {
                run.evolve(&event);
            }
            if let Some(event) = read::<DossierEvent>(bytes) {
                dossier.evolve(&event);
            }
        }
    }

    #[test]
    fn any_bytes_are_refused_or_read(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = read::<RunEvent>(&bytes);
        let _ = read::<DossierEvent>(&bytes);
        let _ = Definition::parse(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn a_damaged_definition_is_refused_with_a_reason_or_walked(bytes in damaged()) {
        match Definition::parse(&String::from_utf8_lossy(&bytes)) {
            Ok(definition) => {
                let first = definition.first().unwrap();
                let _ = (definition.descendants(first), definition.roles());
            }
            Err(no) => prop_assert!(!no.to_string().is_empty()),
        }
    }

    #[test]
    fn a_condition_is_refused_or_computed(
        text in "(failed_tests|[a-z]{1,4}|[0-9]{1,20}|true|!|-|\\(|\\)| |&&|\\|\\||[-+*/%<>=!?:.,\\[\\]{}\"']){0,14}",
        value in any::<i64>(),
    ) {
        if let Ok(condition) = Condition::parse(&text) {
            let facts = condition.facts().iter().map(|it| (it.clone(), value)).collect();
            let _ = condition.holds(&facts);
        }
    }
}
