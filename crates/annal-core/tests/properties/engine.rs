//! The engine's part: it enters, prepares and completes whatever is due.

use annal_core::Phase;
use annal_core::case::{Case, Outcome, Target};
use annal_core::dossier::{DossierCommand as C, Stage};
use annal_core::rejection::Rejection;
use chrono::{DateTime, Utc};

use crate::script::items;

/// What the engine does next, if anything is due.
pub(crate) fn next(case: &Case, now: DateTime<Utc>) -> Option<Outcome> {
    let phases = Phase::ALL.into_iter();
    let done = phases
        .filter_map(|phase| in_phase(case, phase, now)?.ok())
        .next();
    done.or_else(|| case.complete_run(now).ok())
}

fn in_phase(case: &Case, phase: Phase, now: DateTime<Utc>) -> Option<Result<Outcome, Rejection>> {
    match case.stage(phase) {
        Stage::NotBegun => Some(case.enter_phase(phase, now)),
        Stage::Prepare => {
            let items = items(phase);
            let command = C::CreateVersion { items };
            Some(case.engine(&Target::Dossier { phase, command }, now))
        }
        Stage::Ready => Some(case.complete_phase(phase, now)),
        Stage::Closed if !case.dossier(phase).versions.is_empty() => None,
        Stage::Closed => Some(case.enter_phase(phase, now)),
        Stage::Work | Stage::Approve | Stage::Revise => None,
    }
}
