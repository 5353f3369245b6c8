//! Any bytes as an export: the verifier answers, and a line that it takes has no other spelling.
#![no_main]

use annal_verify::{Event, Header, verify_export};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = verify_export(bytes, &[], None);
    for line in bytes.split(|byte| *byte == b'\n') {
        let Ok(line) = std::str::from_utf8(line) else {
            continue;
        };
        if let Ok(event) = Event::from_line(line) {
            assert_eq!(event.to_line().as_deref(), Ok(line));
            let _ = event.hash_after(&[7; 32]);
        }
        if let Ok(header) = Header::from_line(line) {
            assert_eq!(header.to_line(), line);
        }
    }
});
