//! Lines of JSON as events of one stream: each is refused, or reads back as it is written; whatever is read can be taken
//! in, in whatever order.
#![no_main]

use annal_core::dossier::{Dossier, DossierEvent};
use annal_core::run::{ReportRun, RunEvent};
use libfuzzer_sys::fuzz_target;
use serde::Serialize;
use serde::de::DeserializeOwned;

fn read<E: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(line: &[u8]) -> Option<E> {
    let event: E = serde_json::from_slice(line).ok()?;
    let written = serde_json::to_string(&event).expect("what was read can be written");
    let again: E = serde_json::from_str(&written).expect("what was written can be read");
    assert_eq!(event, again);
    Some(event)
}

fuzz_target!(|bytes: &[u8]| {
    let (mut run, mut dossier) = (ReportRun::default(), Dossier::default());
    for line in bytes.split(|byte| *byte == b'\n') {
        if let Some(event) = read::<RunEvent>(line) {
            run.evolve(&event);
        }
        if let Some(event) = read::<DossierEvent>(line) {
            dossier.evolve(&event);
        }
    }
    // One event over several lines, as the golden files are written.
    if let Some(event) = read::<RunEvent>(bytes) {
        run.evolve(&event);
    }
    if let Some(event) = read::<DossierEvent>(bytes) {
        dossier.evolve(&event);
    }
});
