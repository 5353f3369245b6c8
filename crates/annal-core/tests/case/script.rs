//! What the people do in each phase, from its beginning to its end.

use annal_core::dossier::command::{OwnerAssignment, SectionSignature, TestResult};
use annal_core::dossier::event::{EvidenceRef, FileRef, Meaning, TestOutcome};
use annal_core::dossier::{DossierCommand as C, content_hash};
use annal_core::item::{
    Content, DecisionLevel as L, Dimension, ItemVerdict, Level, NewItem, ObservationKind,
    Requirement, SampleCategory, SampleSource, Verdict as V,
};
use annal_core::{Phase, VersionNo};

use crate::office::*;

/// Which tests fail.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tests {
    Pass,
    Fail,
}

impl Office {
    /// Every phase of the definition before this one, begun and completed.
    pub(crate) fn until(&mut self, phase: Phase, tests: Tests) {
        let phases = self.case.definition.phases.clone();
        for plan in phases.iter().take_while(|plan| plan.phase != phase) {
            self.through(plan.phase, tests);
        }
    }

    pub(crate) fn walk_to_the_end(&mut self, tests: Tests) {
        for plan in &self.case.definition.clone().phases {
            self.through(plan.phase, tests);
        }
        let done = self.case.complete_run(self.now()).unwrap();
        self.take(&done);
    }

    pub(crate) fn through(&mut self, phase: Phase, tests: Tests) {
        self.enter(phase);
        if self.case.run.phase_status(phase).is_over() {
            return; // passed over
        }
        match phase {
            Phase::DataOwnerId => self.owners(),
            Phase::RequestInfo => self.evidence(),
            Phase::TestExecution => self.execute(tests),
            Phase::TestReport => self.report(),
            _ => {
                self.draft(phase);
                self.decide_submit_approve(phase);
            }
        }
        self.complete(phase);
    }

    /// The engine's first draft.
    pub(crate) fn draft(&mut self, phase: Phase) {
        let items = items(phase);
        self.engine(phase, C::CreateVersion { items });
    }

    pub(crate) fn decide(&mut self, phase: Phase) {
        let verdict = match phase {
            Phase::Planning => V::Include,
            Phase::Scoping => V::Accept,
            _ => V::Approve,
        };
        self.does(TOM, phase, decide_open(self, phase, L::Tester, verdict));
    }

    pub(crate) fn decide_submit_approve(&mut self, phase: Phase) {
        self.decide(phase);
        self.does(TOM, phase, C::Submit { version: None });
        self.approve(phase);
    }

    pub(crate) fn approve(&mut self, phase: Phase) {
        let all = decide_open(self, phase, L::ReportOwner, V::Approve);
        self.does(OLGA, phase, all);
        self.does(OLGA, phase, C::Approve { version: None });
    }

    fn owners(&mut self) {
        let phase = Phase::DataOwnerId;
        let basis = self.case.basis(phase);
        let missing = self.case.dossier(phase).unassigned(&basis);
        let assign = |(attribute, line_of_business)| OwnerAssignment {
            attribute,
            line_of_business,
            owner: person("dora"),
        };
        let assignments = missing.into_iter().map(assign).collect();
        self.does(TOM, phase, C::AssignOwners { assignments });
        self.does(DORA, phase, C::AcknowledgeOwnership { attributes: vec![] });
    }

    fn evidence(&mut self) {
        let phase = Phase::RequestInfo;
        let request = || "request-1".parse().unwrap();
        let document = || "extract".parse().unwrap();
        let attributes = vec![id("attribute:ratio")];
        let ask = C::RequestInformation {
            request: request(),
            owner: person("dora"),
            attributes,
            text: "the source values".to_owned(),
        };
        self.does(TOM, phase, ask);
        let submit = C::SubmitDocument {
            document: document(),
            request: request(),
            file: FileRef {
                name: "a.csv".to_owned(),
                sha256: "1".repeat(64),
                bytes: 3,
            },
        };
        self.does(DORA, phase, submit);
        for (who, level) in [(TOM, L::Tester), (OLGA, L::ReportOwner)] {
            let review = C::ReviewDocument {
                document: document(),
                level,
                accept: true,
            };
            self.does(who, phase, review);
        }
    }

    pub(crate) fn execute(&mut self, tests: Tests) {
        let phase = Phase::TestExecution;
        let basis = self.case.basis(phase);
        let open = self.case.dossier(phase).unexecuted(&basis);
        let results = open.into_iter().map(|(sample, attribute)| {
            let outcome = match tests {
                Tests::Pass => TestOutcome::Passed,
                Tests::Fail => TestOutcome::Failed,
            };
            result(sample.as_str(), attribute.as_str(), outcome)
        });
        let results = results.collect();
        self.does(TOM, phase, C::RecordTests { results });
        self.review();
    }

    pub(crate) fn review(&mut self) {
        let review = C::ReviewTests {
            cases: vec![],
            accept: true,
        };
        self.does(TINA, Phase::TestExecution, review);
    }

    fn report(&mut self) {
        self.draft(Phase::TestReport);
        self.sign_and_submit();
    }

    pub(crate) fn sign_and_submit(&mut self) {
        let phase = Phase::TestReport;
        let sign = self.signatures(Meaning::Author);
        self.does(TOM, phase, sign);
        self.does(TOM, phase, C::Submit { version: None });
        let sign = self.signatures(Meaning::Approve);
        self.does(OLGA, phase, sign);
        let sign = self.signatures(Meaning::Responsible);
        self.does(ED, phase, sign);
    }

    fn signatures(&self, meaning: Meaning) -> C {
        let dossier = self.case.dossier(Phase::TestReport);
        let items = &dossier.open_version().unwrap().items;
        let sections = items.iter().map(|(id, item)| SectionSignature {
            section: id.clone(),
            content_hash: content_hash(&item.content),
            meaning,
        });
        C::Sign {
            sections: sections.collect(),
        }
    }
}

pub(crate) fn result(sample: &str, attribute: &str, outcome: TestOutcome) -> TestResult {
    TestResult {
        sample: id(sample),
        attribute: id(attribute),
        outcome,
        expected: None,
        actual: None,
        evidence: EvidenceRef {
            document: "extract".parse().unwrap(),
            version: VersionNo(1),
        },
    }
}

/// A verdict on every item of the newest version that has none at this level.
pub(crate) fn decide_open(office: &Office, phase: Phase, level: L, verdict: V) -> C {
    let dossier = office.case.dossier(phase);
    let items = dossier.versions.last().unwrap().items.iter();
    let open = items.filter(|(_, item)| !item.locked && item.verdict_at(level).is_none());
    let one = open.map(|(item, _)| ItemVerdict {
        item: item.clone(),
        verdict,
    });
    C::Decide {
        version: None,
        level,
        decisions: one.collect(),
    }
}

/// Two attributes (one the key), one rule, two samples, one observation, two sections.
pub(crate) fn items(phase: Phase) -> Vec<NewItem> {
    let named = |id_text: &str, content| NewItem {
        id: id(id_text),
        content,
    };
    match phase {
        Phase::Planning => ["key", "ratio"]
            .map(|name| named(&format!("attribute:{name}"), attribute(name)))
            .into(),
        Phase::DataProfiling => vec![named("rule:ratio", rule())],
        Phase::Scoping => ["key", "ratio"]
            .map(|name| named(&format!("scope:{name}"), scoped(name, true)))
            .into(),
        Phase::SampleSelection => ["1", "2"]
            .map(|key| named(&format!("sample:{key}"), sample(key)))
            .into(),
        Phase::Observations => vec![named("observation:ratio", observation())],
        Phase::TestReport => ["1", "2"]
            .map(|title| named(&format!("section:{title}"), section(title)))
            .into(),
        other => panic!("{other} has no items"),
    }
}

fn attribute(name: &str) -> Content {
    Content::Attribute {
        name: name.to_owned(),
        line_item: "1".to_owned(),
        format: "ratio".to_owned(),
        requirement: Requirement::Mandatory,
        primary_key: name == "key",
        critical: false,
        risk: Level::High,
    }
}

fn rule() -> Content {
    Content::Rule {
        attribute: id("attribute:ratio"),
        dimension: Dimension::Completeness,
        check: "present".to_owned(),
        severity: Level::High,
        result: None,
    }
}

pub(crate) fn scoped(name: &str, recommended: bool) -> Content {
    Content::ScopeAttribute {
        attribute: id(&format!("attribute:{name}")),
        primary_key: name == "key",
        recommended,
        rationale: "risk".to_owned(),
    }
}

fn sample(key: &str) -> Content {
    Content::Sample {
        row_key: key.to_owned(),
        line: 2,
        category: SampleCategory::Clean,
        source: SampleSource::Recommended,
        line_of_business: "retail".to_owned(),
        values: [("ratio".to_owned(), Some("0.5".to_owned()))].into(),
    }
}

fn observation() -> Content {
    Content::Observation {
        title: "ratio differs".to_owned(),
        severity: Level::Medium,
        observation: ObservationKind::DataMismatch,
        attribute: id("attribute:ratio"),
        failed_tests: vec![],
    }
}

fn section(title: &str) -> Content {
    Content::Section {
        title: title.to_owned(),
        body: "text".to_owned(),
    }
}
