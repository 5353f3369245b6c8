//! Mistakes of other systems that concern a whole run, each ruled out.

use annal_core::Phase;
use annal_core::dossier::DossierCommand as C;
use annal_core::rejection::RejectionCode as Code;

use crate::office::*;
use crate::script::Tests;

#[test]
fn a_signal_read_twice() {
    let phase = Phase::Planning;
    let mut office = Office::open("2.0.0");
    office.enter(phase);
    office.draft(phase);
    office.decide(phase);
    office.does(TOM, phase, C::Submit { version: None });
    let again = office.asks(TOM, None, phase, C::Submit { version: None });
    refused(again, Code::VersionClosed, "pending_approval");
    office.approve(phase);
    let again = office.asks(OLGA, None, phase, C::Approve { version: None });
    refused(again, Code::VersionClosed, "version 1 is approved");
}

#[test]
fn a_signal_for_a_phase_that_has_not_begun_accepted_in_silence() {
    let mut office = Office::open("2.0.0");
    office.until(Phase::Scoping, Tests::Pass);
    for phase in [Phase::Scoping, Phase::Observations, Phase::TestReport] {
        let early = office.asks(OLGA, None, phase, C::Approve { version: None });
        refused(early, Code::PhaseNotBegun, "has not begun");
    }
}
