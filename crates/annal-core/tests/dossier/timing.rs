//! Commands before a phase begins, after it closed, and in one that was skipped.

use annal_core::Phase;
use annal_core::dossier::DossierCommand as C;
use annal_core::item::Verdict;
use annal_core::rejection::RejectionCode as Code;

use crate::support::*;

fn commands(phase: Phase) -> Vec<C> {
    let items = new_items(phase, &["b"]);
    vec![
        C::CreateVersion {
            items: items.clone(),
        },
        C::AddItems { items },
        first(&["a"], favour(phase)),
        second(&["a"], Verdict::Approve),
        SUBMIT,
        WITHDRAW,
        APPROVE,
        reject(),
    ]
}

#[test]
fn nothing_is_taken_before_the_phase_begins() {
    for phase in DECIDED {
        for command in commands(phase) {
            let desk = Desk::new(phase);
            desk.refuses(&tom(), &command, Code::PhaseNotBegun, "has not begun");
        }
    }
}

#[test]
fn nothing_is_taken_after_the_phase_closed() {
    for phase in DECIDED {
        let desk = Desk::approved(phase, &["a"]).completed();
        for command in commands(phase) {
            desk.refuses(
                &tom(),
                &command,
                Code::PhaseClosed,
                "can reopen it with a reason",
            );
        }
    }
}

#[test]
fn nothing_is_taken_in_a_phase_that_was_skipped() {
    for phase in DECIDED {
        let why = "not needed".to_owned();
        let run = run_id();
        let desk = Desk::new(phase).given(&engine(), C::Skip { run, phase, why });
        for command in commands(phase) {
            desk.refuses(&tom(), &command, Code::PhaseClosed, "was skipped");
        }
    }
}
