//! Any text as a workflow definition and as a condition: it is refused with a reason, or can be asked.
#![no_main]

use std::collections::BTreeMap;

use annal_core::Phase;
use annal_core::condition::Condition;
use annal_core::definition::Definition;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match Definition::parse(text) {
        Ok(definition) => {
            for phase in Phase::ALL {
                let _ = (definition.successors(phase), definition.descendants(phase));
            }
            let _ = (definition.first(), definition.roles(), definition.reference());
        }
        Err(no) => assert!(!no.to_string().is_empty()),
    }
    if let Ok(condition) = Condition::parse(text) {
        for value in [0, 1, -1, i64::MAX, i64::MIN] {
            let facts: BTreeMap<String, i64> =
                condition.facts().iter().map(|it| (it.clone(), value)).collect();
            let _ = condition.holds(&facts);
        }
        let again = Condition::parse(condition.text()).expect("its own text");
        assert_eq!(again.facts(), condition.facts());
    }
});
