//! `tests/golden/run/TYPE.VERSION[.CASE].json`: what was ever written must be readable for ever. A file is added for
//! a new event or a new version of one; none is changed or removed.

use std::collections::BTreeSet;
use std::path::Path;

use annal_core::run::RunEvent;
use cqrs_es::DomainEvent;
use serde_json::Value;

/// Name of the file, its event.
fn golden() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/run");
    let files = std::fs::read_dir(folder).unwrap();
    files
        .map(|file| {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            (name, serde_json::from_str(&text).unwrap())
        })
        .collect()
}

/// The tags of all variants, as the decoder itself names them.
fn every_type() -> BTreeSet<String> {
    let error = serde_json::from_str::<RunEvent>(r#"{"type":"?"}"#).unwrap_err();
    let message = error.to_string();
    let quoted = message.split('`').skip(1).step_by(2);
    quoted
        .filter(|tag| *tag != "?")
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_golden_event_decodes_and_encodes_to_the_same() {
    for (name, json) in golden() {
        let event: RunEvent = serde_json::from_value(json.clone())
            .unwrap_or_else(|error| panic!("{name} is not readable any more: {error}"));
        assert_eq!(serde_json::to_value(&event).unwrap(), json, "{name}");
        assert_eq!(Some(event.name()), json["type"].as_str(), "{name}");
        let expected = format!("{}.{}.", event.event_type(), event.event_version());
        assert!(
            name.starts_with(&expected),
            "{name} does not begin with {expected}"
        );
    }
}

#[test]
fn every_event_has_a_golden_file() {
    let types = every_type();
    assert_eq!(types.len(), 20, "{types:?}");
    let covered: BTreeSet<String> = golden()
        .iter()
        .filter_map(|(_, json)| json["type"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(covered, types);
}
