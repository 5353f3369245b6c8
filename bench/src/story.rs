//! Whole runs, from planning to the last signature.

use annal_core::Phase;
use annal_core::dossier::command::{OwnerAssignment, SectionSignature, TestResult};
use annal_core::dossier::event::{EvidenceRef, FileRef, Meaning, TestOutcome};
use annal_core::dossier::{DossierCommand as C, content_hash};
use annal_core::item::{
    Content, DecisionLevel, Dimension, Level, NewItem, ObservationKind, Requirement,
    SampleCategory, SampleSource, Verdict,
};
use annal_core::version::CarryForward;
use annal_core::{TestCaseId, VersionNo};
use annal_log::Append;

use crate::office::{Office, id, person};

/// How large a run is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Attributes beside the key.
    pub attributes: usize,
    /// Samples that are drawn first.
    pub samples: usize,
}

/// What an ordinary run has; about 2,400 events.
pub const ORDINARY: Size = Size {
    attributes: 10,
    samples: 100,
};

/// All commands of the run of a number, in order.
#[must_use]
pub fn run(number: u64, size: Size) -> Vec<Append> {
    let mut office = sampled(number, size);
    samples(&mut office, size);
    owners_and_evidence(&mut office, size);
    let failed = tests(&mut office);
    observations(&mut office, failed);
    report(&mut office);
    office.complete_run();
    office.written()
}

/// A run that ends when its samples stand, for a dossier of many events.
#[must_use]
pub fn run_of_samples(number: u64, size: Size) -> Vec<Append> {
    let mut office = sampled(number, size);
    samples(&mut office, size);
    office.written()
}

/// An office whose run has come to its samples: they are drawn, and wait for the tester.
#[must_use]
pub fn sampled(number: u64, size: Size) -> Office {
    let mut office = Office::open(number, u32::try_from(size.samples).unwrap_or(u32::MAX));
    planning(&mut office, size);
    profiling(&mut office, size);
    scoping(&mut office, size);
    office.enter(Phase::SampleSelection);
    office.enter(Phase::DataOwnerId);
    let items = (1..=size.samples).map(sample).collect();
    office.engine(Phase::SampleSelection, C::CreateVersion { items });
    office
}

fn names(size: Size) -> impl Iterator<Item = String> {
    (0..=size.attributes).map(|n| match n {
        0 => "key".to_owned(),
        n => format!("attribute_{n}"),
    })
}

fn planning(office: &mut Office, size: Size) {
    let phase = Phase::Planning;
    office.enter(phase);
    let attribute = |name: String| NewItem {
        id: id(&format!("attribute:{name}")),
        content: Content::Attribute {
            line_item: format!("line {name}"),
            format: "ratio".to_owned(),
            requirement: Requirement::Mandatory,
            primary_key: name == "key",
            critical: false,
            risk: Level::High,
            name,
        },
    };
    let items = names(size).map(attribute).collect();
    office.engine(phase, C::CreateVersion { items });
    office.all("tom", phase, Verdict::Include);
    office.submit_and_approve(phase);
    office.complete(phase);
}

fn profiling(office: &mut Office, size: Size) {
    let phase = Phase::DataProfiling;
    office.enter(phase);
    let rule = |name: String| NewItem {
        id: id(&format!("rule:completeness:{name}")),
        content: Content::Rule {
            attribute: id(&format!("attribute:{name}")),
            dimension: Dimension::Completeness,
            check: "present".to_owned(),
            severity: Level::High,
            result: None,
        },
    };
    let items = names(size).map(rule).collect();
    office.engine(phase, C::CreateVersion { items });
    office.all("tom", phase, Verdict::Approve);
    office.submit_and_approve(phase);
    office.complete(phase);
}

/// One attribute is taken in against the recommendation.
fn scoping(office: &mut Office, size: Size) {
    let phase = Phase::Scoping;
    office.enter(phase);
    let scoped = |name: String| NewItem {
        id: id(&format!("scope:{name}")),
        content: Content::ScopeAttribute {
            attribute: id(&format!("attribute:{name}")),
            primary_key: name == "key",
            recommended: name != "attribute_1",
            rationale: "risk of a wrong value".to_owned(),
        },
    };
    let items = names(size).map(scoped).collect();
    office.engine(phase, C::CreateVersion { items });
    let (taken, rest): (Vec<_>, Vec<_>) =
        (office.items(phase).into_iter()).partition(|it| *it == id("scope:attribute_1"));
    let of = |items: Vec<_>, verdict| {
        items
            .into_iter()
            .map(|it| (it, verdict))
            .collect::<Vec<_>>()
    };
    office.decide("tom", None, phase, &of(rest, Verdict::Accept));
    let why = Some("the supervisor asked about it");
    office.decide("tom", why, phase, &of(taken, Verdict::OverrideIn));
    office.submit_and_approve(phase);
    office.complete(phase);
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
            values: [
                ("key".to_owned(), Some(number.to_string())),
                ("attribute_1".to_owned(), Some("0.5".to_owned())),
                ("attribute_2".to_owned(), None),
            ]
            .into(),
        },
    }
}

/// A fifth is rejected; those approved are carried into the revision, and half of that fifth comes anew.
fn samples(office: &mut Office, size: Size) {
    let phase = Phase::SampleSelection;
    office.all("tom", phase, Verdict::Approve);
    office.act("tom", None, phase, C::Submit { version: None });
    let ids = office.items(phase);
    let (stand, fall) = ids.split_at(size.samples * 4 / 5);
    let of = |some: &[_], verdict| {
        some.iter()
            .cloned()
            .map(|it| (it, verdict))
            .collect::<Vec<_>>()
    };
    office.decide("olga", None, phase, &of(stand, Verdict::Approve));
    office.decide(
        "olga",
        Some("not typical"),
        phase,
        &of(fall, Verdict::Reject),
    );
    let requested_changes = vec!["more samples at the boundary".to_owned()];
    let reject = C::Reject {
        version: None,
        requested_changes,
    };
    office.act("olga", Some("too few at the boundary"), phase, reject);
    let add = (1..=size.samples / 10)
        .map(|n| sample(size.samples + n))
        .collect();
    let policy = CarryForward::ApprovedOnly;
    office.act("tom", None, phase, C::Revise { policy, add });
    office.all("tom", phase, Verdict::Approve);
    office.submit_and_approve(phase);
    office.complete(phase);
}

fn file(name: &str) -> FileRef {
    FileRef {
        name: name.to_owned(),
        sha256: format!("{:0>64}", name.len()),
        bytes: 3,
    }
}

fn owners_and_evidence(office: &mut Office, size: Size) {
    let phase = Phase::DataOwnerId;
    let dora = office.case.run.holders(annal_core::Role::DataOwner);
    let dora = dora
        .first()
        .map_or_else(|| person("dora"), |it| it.id.clone());
    let tested = || {
        names(size)
            .skip(1)
            .map(|name| id(&format!("attribute:{name}")))
    };
    let assignments = tested().map(|attribute| OwnerAssignment {
        attribute,
        line_of_business: "retail".to_owned(),
        owner: dora.clone(),
    });
    let assignments = assignments.collect();
    office.act("tom", None, phase, C::AssignOwners { assignments });
    office.act(
        "dora",
        None,
        phase,
        C::AcknowledgeOwnership { attributes: vec![] },
    );
    office.complete(phase);

    let phase = Phase::RequestInfo;
    office.enter(phase);
    let request = "request-1".parse().expect("a valid id");
    let attributes = tested().collect();
    let text = "the values of the source system".to_owned();
    let ask = C::RequestInformation {
        request,
        owner: dora,
        attributes,
        text,
    };
    office.act("tom", None, phase, ask);
    let submit = C::SubmitDocument {
        document: "extract".parse().expect("a valid id"),
        request: "request-1".parse().expect("a valid id"),
        file: file("extract.csv"),
    };
    office.act("dora", None, phase, submit);
    for (who, level) in [
        ("tom", DecisionLevel::Tester),
        ("olga", DecisionLevel::ReportOwner),
    ] {
        let document = "extract".parse().expect("a valid id");
        let review = C::ReviewDocument {
            document,
            level,
            accept: true,
        };
        office.act(who, None, phase, review);
    }
    office.complete(phase);
}

/// One test in a hundred fails; returns those that do.
fn tests(office: &mut Office) -> Vec<TestCaseId> {
    let phase = Phase::TestExecution;
    office.enter(phase);
    let basis = office.case.basis(phase);
    let open = office.case.dossier(phase).unexecuted(&basis);
    let result = |(n, (sample, attribute)): (usize, _)| TestResult {
        sample,
        attribute,
        outcome: if n % 100 == 7 {
            TestOutcome::Failed
        } else {
            TestOutcome::Passed
        },
        expected: Some("0.5".to_owned()),
        actual: Some("0.5".to_owned()),
        evidence: EvidenceRef {
            document: "extract".parse().expect("a valid id"),
            version: VersionNo(1),
        },
    };
    let results: Vec<_> = open.into_iter().enumerate().map(result).collect();
    let failed = results
        .iter()
        .filter(|it| it.outcome == TestOutcome::Failed);
    let failed = failed
        .map(|it| TestCaseId::of(&it.sample, &it.attribute))
        .collect();
    office.act("tom", None, phase, C::RecordTests { results });
    let review = C::ReviewTests {
        cases: vec![],
        accept: true,
    };
    office.act("tina", Some("looked at each"), phase, review);
    office.complete(phase);
    failed
}

fn observations(office: &mut Office, failed_tests: Vec<TestCaseId>) {
    let phase = Phase::Observations;
    office.enter(phase);
    let observation = NewItem {
        id: id("observation:data_mismatch:attribute_1"),
        content: Content::Observation {
            title: "attribute_1 differs from its source".to_owned(),
            severity: Level::Medium,
            observation: ObservationKind::DataMismatch,
            attribute: id("attribute:attribute_1"),
            failed_tests,
        },
    };
    let items = vec![observation];
    office.engine(phase, C::CreateVersion { items });
    office.all("tom", phase, Verdict::Approve);
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
            body: "what was tested and what was found".to_owned(),
        },
    };
    let items = (1..=7).map(section).collect();
    office.engine(phase, C::CreateVersion { items });
    let sign = |office: &Office, meaning| {
        let dossier = office.case.dossier(phase);
        let open = dossier.open_version().map(|it| &it.items);
        let signatures = open
            .into_iter()
            .flatten()
            .map(|(id, item)| SectionSignature {
                section: id.clone(),
                content_hash: content_hash(&item.content),
                meaning,
            });
        C::Sign {
            sections: signatures.collect(),
        }
    };
    let author = sign(office, Meaning::Author);
    office.act("tom", None, phase, author);
    office.act("tom", None, phase, C::Submit { version: None });
    for (who, meaning) in [("olga", Meaning::Approve), ("ed", Meaning::Responsible)] {
        let signature = sign(office, meaning);
        office.act(who, None, phase, signature);
    }
    office.complete(phase);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_run_goes_to_its_end_by_the_rules() {
        let written = run(3, ORDINARY);
        let events: usize = written
            .iter()
            .flat_map(|it| &it.streams)
            .map(|it| it.events.len())
            .sum();
        assert!((2_000..3_000).contains(&events), "{events} events");
        let last = written.last().and_then(|it| it.streams.last());
        let last = last
            .and_then(|it| it.events.last())
            .map(|it| it.event_type.clone());
        assert_eq!(last.as_deref(), Some("run_completed"));
        let again = run(3, ORDINARY);
        assert_eq!(format!("{written:?}"), format!("{again:?}"));
    }

    #[test]
    fn a_run_of_any_number_can_be_made() {
        let size = Size {
            attributes: 1,
            samples: 10,
        };
        let written = run_of_samples(1 << 50, size);
        assert!(!written.is_empty());
        assert_ne!(written[0].command_id, run_of_samples(0, size)[0].command_id);
    }
}
