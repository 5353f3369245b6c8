//! The event that everybody appends: a tester's decision on a sample, as the domain has it.

use disintegrate::Event;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Event)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Decided {
    ItemDecided {
        /// Which dossier, for a store that finds streams by what is in the events; the others leave it out.
        #[id]
        #[serde(default, skip_serializing_if = "Uuid::is_nil")]
        dossier: Uuid,
        version: u32,
        item: String,
        level: String,
        verdict: String,
        by: String,
        reason: Option<String>,
        previous: Option<String>,
    },
}

impl Decided {
    pub(crate) fn number(number: usize, dossier: Uuid) -> Self {
        Self::ItemDecided {
            dossier,
            version: 1,
            item: format!("sample:{number}"),
            level: "tester".to_owned(),
            verdict: "approve".to_owned(),
            by: "ana".to_owned(),
            reason: Some("typical of its kind".to_owned()),
            previous: None,
        }
    }
}
