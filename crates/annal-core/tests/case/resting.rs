//! What a phase may rest on: what stands in the phases before it, and nothing else.

use annal_core::dossier::DossierCommand as C;
use annal_core::dossier::command::OwnerAssignment;
use annal_core::dossier::event::{FileRef, TestOutcome};
use annal_core::item::{DecisionLevel as L, ItemVerdict, Verdict as V};
use annal_core::people::Person;
use annal_core::rejection::RejectionCode as Code;
use annal_core::run::RunCommand;
use annal_core::{Phase, Role};

use crate::office::*;
use crate::script::{Tests, decide_open, result};

#[test]
fn a_sample_that_the_tester_rejected_is_not_tested() {
    let phase = Phase::SampleSelection;
    let mut office = Office::open("2.0.0");
    office.until(phase, Tests::Pass);
    office.enter(phase);
    office.draft(phase);
    let decisions = vec![ItemVerdict {
        item: id("sample:2"),
        verdict: V::Reject,
    }];
    let level = L::Tester;
    let drop = C::Decide {
        version: None,
        level,
        decisions,
    };
    office.does_because(TOM, "a double", phase, drop);
    let rest = decide_open(&office, phase, level, V::Approve);
    office.does(TOM, phase, rest);
    office.does(TOM, phase, C::Submit { version: None });
    office.approve(phase);
    let samples = office.case.basis(Phase::TestExecution).samples;
    assert_eq!(samples, [id("sample:1")].into());
}

#[test]
fn a_test_does_not_rest_on_evidence_that_is_under_review_again() {
    let mut office = Office::open("2.0.0");
    office.until(Phase::TestExecution, Tests::Pass);
    office.enter(Phase::TestExecution);
    office.does(XENA, Phase::RequestInfo, C::Reopen {});
    let revise = C::ReviseDocument {
        document: "extract".parse().unwrap(),
        file: FileRef {
            name: "b.csv".to_owned(),
            sha256: "2".repeat(64),
            bytes: 3,
        },
    };
    office.does(DORA, Phase::RequestInfo, revise);
    for version in [1, 2] {
        let mut one = result("sample:1", "attribute:ratio", TestOutcome::Passed);
        one.evidence.version = annal_core::VersionNo(version);
        let results = vec![one];
        let command = C::RecordTests { results };
        let asked = office.asks(TOM, None, Phase::TestExecution, command);
        refused(asked, Code::InvalidContent, "not accepted on both levels");
    }
}

#[test]
fn an_owner_who_has_not_agreed_is_not_asked_for_evidence() {
    let mut office = Office::open("2.0.0");
    let person = |roles: &[Role]| Person {
        id: person("dan"),
        name: "DAN".into(),
        roles: roles.iter().copied().collect(),
    };
    let dan = person(&[Role::DataOwner]);
    office.does_run(ADAM, RunCommand::RegisterPerson { person: dan });
    office.until(Phase::RequestInfo, Tests::Pass);
    office.enter(Phase::RequestInfo);
    office.does(XENA, Phase::DataOwnerId, C::Reopen {});
    let assignments = vec![OwnerAssignment {
        attribute: id("attribute:ratio"),
        line_of_business: "retail".to_owned(),
        owner: "dan".parse().unwrap(),
    }];
    office.does(TOM, Phase::DataOwnerId, C::AssignOwners { assignments });
    let mut ask = |owner: &str| {
        let command = C::RequestInformation {
            request: "r".parse().unwrap(),
            owner: owner.parse().unwrap(),
            attributes: vec![id("attribute:ratio")],
            text: "values".to_owned(),
        };
        office.asks(TOM, None, Phase::RequestInfo, command)
    };
    refused(ask("dan"), Code::UnknownItem, "not owned by dan");
    refused(ask("dora"), Code::UnknownItem, "not owned by dora");
}
