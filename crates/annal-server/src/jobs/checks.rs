//! Verifications of logs that people asked for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use annal_core::{LedgerId, Position};
use annal_log::{Log, Scope, Since};
use chrono::{DateTime, Utc};

use super::locked;

/// A verification: the newest of its ledger.
#[derive(Debug, Clone)]
pub(crate) struct Check {
    pub(crate) began: DateTime<Utc>,
    /// It begins after this position.
    pub(crate) after: Position,
    pub(crate) state: CheckState,
}

/// How a verification stands.
#[derive(Debug, Clone)]
pub(crate) enum CheckState {
    Running {
        checked: u64,
        of: u64,
    },
    /// Every hash is right, up to where the log ended then.
    Intact {
        checked: u64,
        head: Position,
        took: std::time::Duration,
    },
    /// What is wrong first.
    Broken {
        fault: String,
    },
    /// It could not be told.
    Failed {
        why: String,
    },
}

impl Check {
    pub(crate) fn runs(&self) -> bool {
        matches!(self.state, CheckState::Running { .. })
    }
}

/// The newest of each ledger.
#[derive(Debug, Default)]
pub(crate) struct Checks(Mutex<BTreeMap<LedgerId, Arc<Mutex<Check>>>>);

impl Checks {
    pub(crate) fn of(&self, ledger: &LedgerId) -> Option<Check> {
        let known = locked(&self.0).get(ledger).cloned()?;
        let check = locked(&known).clone();
        Some(check)
    }

    /// Begins one, unless one runs: hashing keeps processors busy, and both would say the same.
    pub(crate) fn begin(&self, log: &Log, since: Since) {
        let mut all = locked(&self.0);
        let ledger = log.ledger();
        if all.get(ledger).is_some_and(|it| locked(it).runs()) {
            return;
        }
        let after = match since {
            Since::Beginning => Position(0),
            Since::Position(position) => position,
            Since::Checkpoint(head) => head.position,
        };
        let check = Arc::new(Mutex::new(Check {
            began: Utc::now(),
            after,
            state: CheckState::Running { checked: 0, of: 0 },
        }));
        all.insert(ledger.clone(), Arc::clone(&check));
        tokio::spawn(verify(log.clone(), since, check));
    }
}

async fn verify(log: Log, since: Since, check: Arc<Mutex<Check>>) {
    let began = Instant::now();
    // People wait for pages meanwhile.
    let scope = Scope {
        since,
        jobs: 1,
        ..Scope::default()
    };
    let told = |progress: annal_log::Progress| {
        locked(&check).state = CheckState::Running {
            checked: progress.checked,
            of: progress.of,
        };
    };
    let state = match log.verify_with(scope, told).await {
        Ok(verified) => match verified.fault {
            None => CheckState::Intact {
                checked: verified.checked,
                head: verified.head.position,
                took: began.elapsed(),
            },
            Some(fault) => CheckState::Broken {
                fault: fault.to_string(),
            },
        },
        Err(no) => CheckState::Failed {
            why: no.to_string(),
        },
    };
    locked(&check).state = state;
}
