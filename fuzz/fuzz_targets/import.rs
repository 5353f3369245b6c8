//! Any bytes as a dictionary, as data by a dictionary, and as evidence: a value, or an error that names the file.
#![no_main]

use std::sync::LazyLock;

use annal_data::evidence::parse_evidence;
use annal_data::profiling::{derive_rules, run_rules};
use annal_data::{Dataset, Dictionary};
use libfuzzer_sys::fuzz_target;

static HMDA: LazyLock<Dictionary> = LazyLock::new(|| {
    let text = include_bytes!("../../examples/hmda_boston_dictionary.csv");
    Dictionary::parse("d.csv", text, None).expect("the example has no fault")
});

fuzz_target!(|bytes: &[u8]| {
    for schedule in [None, Some("D.1")] {
        match Dictionary::parse("d.csv", bytes, schedule) {
            Ok(dictionary) => {
                let _ = derive_rules(&dictionary);
            }
            Err(no) => assert!(no.to_string().contains("d.csv"), "{no}"),
        }
    }
    if let Ok(data) = Dataset::parse("t.csv", bytes, &HMDA) {
        let _ = run_rules(&derive_rules(&HMDA), &data);
    }
    let _ = parse_evidence("e.csv", bytes);
});
