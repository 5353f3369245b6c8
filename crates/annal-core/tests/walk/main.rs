//! A whole run through the pure domain: what the workflow does, without a server or a database.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod office;

use annal_core::dossier::command::{OwnerAssignment, SectionSignature, TestResult};
use annal_core::dossier::event::{EvidenceRef, FileRef, Meaning, TestOutcome};
use annal_core::dossier::state::Version;
use annal_core::dossier::{DossierCommand as C, Stage, content_hash};
use annal_core::item::{
    Content, DecisionLevel, Level, NewItem, ObservationKind, Requirement, SampleCategory,
    SampleSource, Verdict,
};
use annal_core::run::RunStatus;
use annal_core::version::{CarryForward, VersionStatus};
use annal_core::{ItemId, Phase, VersionNo};
use office::{Office, id};

#[test]
fn a_run_goes_from_planning_to_the_last_signature() {
    let mut office = Office::open();
    planning(&mut office);
    profiling(&mut office);
    scoping(&mut office);
    office.enter(Phase::SampleSelection);
    office.enter(Phase::DataOwnerId);
    samples_with_a_revision(&mut office);
    owners(&mut office);
    evidence(&mut office);
    tests(&mut office);
    observations(&mut office);
    report(&mut office);

    let done = office.case.complete_run(office.now()).unwrap();
    office.take(&done);
    let summary = office.case.summary();
    assert_eq!(summary.status, RunStatus::Completed);
    assert!(summary.awaiting.is_empty(), "{:?}", summary.awaiting);
    let samples = office.case.dossier(Phase::SampleSelection);
    let statuses: Vec<_> = samples.versions.iter().map(Version::status).collect();
    assert_eq!(statuses, [VersionStatus::Rejected, VersionStatus::Approved]);
    assert_eq!(samples.versions[1].carried_forward(), 80);
    assert_eq!(samples.versions[1].items.len(), 90);
    for step in office.case.run.steps() {
        assert!(step.status.is_over(), "{} is left open", step.id);
    }
}

fn attribute(name: &str, primary_key: bool) -> NewItem {
    NewItem {
        id: id(&format!("attribute:{name}")),
        content: Content::Attribute {
            name: name.to_owned(),
            line_item: "1".to_owned(),
            format: "ratio".to_owned(),
            requirement: Requirement::Mandatory,
            primary_key,
            critical: false,
            risk: Level::High,
        },
    }
}

fn planning(office: &mut Office) {
    office.enter(Phase::Planning);
    let items = vec![attribute("key", true), attribute("ratio", false)];
    office.engine(Phase::Planning, C::CreateVersion { items });
    office.all(Phase::Planning, DecisionLevel::Tester, Verdict::Include);
    office.submit_and_approve(Phase::Planning);
    office.complete(Phase::Planning);
}

fn profiling(office: &mut Office) {
    office.enter(Phase::DataProfiling);
    let rule = NewItem {
        id: id("rule:completeness:ratio"),
        content: Content::Rule {
            attribute: id("attribute:ratio"),
            dimension: annal_core::item::Dimension::Completeness,
            check: "present".to_owned(),
            severity: Level::High,
            result: None,
        },
    };
    office.engine(Phase::DataProfiling, C::CreateVersion { items: vec![rule] });
    office.all(
        Phase::DataProfiling,
        DecisionLevel::Tester,
        Verdict::Approve,
    );
    office.submit_and_approve(Phase::DataProfiling);
    office.complete(Phase::DataProfiling);
}

fn scoping(office: &mut Office) {
    office.enter(Phase::Scoping);
    let scoped = |name: &str, primary_key| NewItem {
        id: id(&format!("scope:{name}")),
        content: Content::ScopeAttribute {
            attribute: id(&format!("attribute:{name}")),
            primary_key,
            recommended: true,
            rationale: "risk".to_owned(),
        },
    };
    let items = vec![scoped("key", true), scoped("ratio", false)];
    office.engine(Phase::Scoping, C::CreateVersion { items });
    office.all(Phase::Scoping, DecisionLevel::Tester, Verdict::Accept);
    office.submit_and_approve(Phase::Scoping);
    office.complete(Phase::Scoping);
}

fn sample(number: usize) -> NewItem {
    NewItem {
        id: id(&format!("sample:{number}")),
        content: Content::Sample {
            row_key: number.to_string(),
            line: number as u64 + 1,
            category: SampleCategory::Clean,
            source: SampleSource::Recommended,
            line_of_business: "retail".to_owned(),
            values: [("ratio".to_owned(), Some("0.5".to_owned()))].into(),
        },
    }
}

fn samples_with_a_revision(office: &mut Office) {
    let phase = Phase::SampleSelection;
    let items = (1..=100).map(sample).collect();
    office.engine(phase, C::CreateVersion { items });
    office.all(phase, DecisionLevel::Tester, Verdict::Approve);
    office.tester(phase, C::Submit { version: None });
    let ids: Vec<ItemId> = office.items(phase);
    office.owner_decides(phase, &ids[..80], Verdict::Approve, None);
    office.owner_decides(phase, &ids[80..], Verdict::Reject, Some("not typical"));
    office.owner_because(
        phase,
        "ten more, please",
        C::Reject {
            version: None,
            requested_changes: vec!["10 more samples".to_owned()],
        },
    );
    assert_eq!(office.case.stage(phase), Stage::Revise);
    let add = (101..=110).map(sample).collect();
    let policy = CarryForward::ApprovedOnly;
    office.tester(phase, C::Revise { policy, add });
    office.all(phase, DecisionLevel::Tester, Verdict::Approve);
    office.submit_and_approve(phase);
    office.complete(phase);
}

fn owners(office: &mut Office) {
    let phase = Phase::DataOwnerId;
    let assignments = vec![OwnerAssignment {
        attribute: id("attribute:ratio"),
        line_of_business: "retail".to_owned(),
        owner: office::person("dora"),
    }];
    office.tester(phase, C::AssignOwners { assignments });
    office.data_owner(phase, C::AcknowledgeOwnership { attributes: vec![] });
    office.complete(phase);
}

fn file(name: &str) -> FileRef {
    FileRef {
        name: name.to_owned(),
        sha256: format!("{:0>64}", name.len()),
        bytes: 3,
    }
}

fn evidence(office: &mut Office) {
    let phase = Phase::RequestInfo;
    office.enter(phase);
    let request = "request-1".parse().unwrap();
    office.tester(
        phase,
        C::RequestInformation {
            request,
            owner: office::person("dora"),
            attributes: vec![id("attribute:ratio")],
            text: "the source values".to_owned(),
        },
    );
    let document = || "extract".parse().unwrap();
    office.data_owner(
        phase,
        C::SubmitDocument {
            document: document(),
            request: "request-1".parse().unwrap(),
            file: file("a.csv"),
        },
    );
    let review = |level, accept| C::ReviewDocument {
        document: document(),
        level,
        accept,
    };
    office.tester_because(phase, "rows missing", review(DecisionLevel::Tester, false));
    office.data_owner_because(
        phase,
        "complete now",
        C::ReviseDocument {
            document: document(),
            file: file("bb.csv"),
        },
    );
    office.tester(phase, review(DecisionLevel::Tester, true));
    office.owner(phase, review(DecisionLevel::ReportOwner, true));
    office.complete(phase);
}

fn tests(office: &mut Office) {
    let phase = Phase::TestExecution;
    office.enter(phase);
    let basis = office.case.basis(phase);
    let open = office.case.dossier(phase).unexecuted(&basis);
    assert_eq!(open.len(), 90);
    let results = open
        .into_iter()
        .enumerate()
        .map(|(n, (sample, attribute))| TestResult {
            sample,
            attribute,
            outcome: if n == 7 {
                TestOutcome::Failed
            } else {
                TestOutcome::Passed
            },
            expected: Some("0.5".to_owned()),
            actual: Some("0.5".to_owned()),
            evidence: EvidenceRef {
                document: "extract".parse().unwrap(),
                version: VersionNo(2),
            },
        });
    let results = results.collect();
    office.tester(phase, C::RecordTests { results });
    let review = C::ReviewTests {
        cases: vec![],
        accept: true,
    };
    office.second_tester(phase, review);
    office.complete(phase);
}

fn observations(office: &mut Office) {
    let phase = Phase::Observations;
    office.enter(phase);
    assert_eq!(office.case.stage(phase), Stage::Prepare, "a test failed");
    let observation = NewItem {
        id: id("observation:ratio"),
        content: Content::Observation {
            title: "ratio differs".to_owned(),
            severity: Level::Medium,
            observation: ObservationKind::DataMismatch,
            attribute: id("attribute:ratio"),
            failed_tests: vec![],
        },
    };
    let items = vec![observation];
    office.engine(phase, C::CreateVersion { items });
    office.all(phase, DecisionLevel::Tester, Verdict::Approve);
    office.submit_and_approve(phase);
    office.complete(phase);
}

fn report(office: &mut Office) {
    let phase = Phase::TestReport;
    office.enter(phase);
    let section = |number: u32| NewItem {
        id: id(&format!("section:{number}")),
        content: Content::Section {
            title: format!("Section {number}"),
            body: "text".to_owned(),
        },
    };
    let items = (1..=3).map(section).collect();
    office.engine(phase, C::CreateVersion { items });
    let sign = |office: &Office, meaning| {
        let dossier = office.case.dossier(phase);
        let version = dossier.open_version().unwrap();
        let signatures = version.items.iter().map(|(id, item)| SectionSignature {
            section: id.clone(),
            content_hash: content_hash(&item.content),
            meaning,
        });
        C::Sign {
            sections: signatures.collect(),
        }
    };
    let command = sign(office, Meaning::Author);
    office.tester(phase, command);
    office.tester(phase, C::Submit { version: None });
    let command = sign(office, Meaning::Approve);
    office.owner(phase, command);
    let command = sign(office, Meaning::Responsible);
    office.executive(phase, command);
    office.complete(phase);
}
