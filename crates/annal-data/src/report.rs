//! test_report: the sections of the report, written from what the other phases hold.

mod text;

use std::collections::BTreeMap;

use annal_core::dossier::command::TestResult;
use annal_core::dossier::event::{EvidenceRef, TestOutcome};
use annal_core::item::{Content, NewItem};
use annal_core::version::VersionRef;
use annal_core::{ItemId, PersonId, Phase};

use crate::error::DataError;
use text::Writer;

/// What the report rests on. All numbers in the report are counted from these items, so that they cannot disagree with them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// Name of the report that was tested.
    pub report: String,
    /// Test cycle.
    pub cycle: String,
    /// The approved version of each versioned phase; a phase that was skipped is not there.
    pub versions: BTreeMap<Phase, VersionRef>,
    /// planning: the attributes of the approved version.
    pub plan: Vec<NewItem>,
    /// data_profiling: the approved rules with their results.
    pub rules: Vec<NewItem>,
    /// scoping: what the people decided to test, keys included.
    pub in_scope: Vec<ItemId>,
    /// sample_selection: the approved samples.
    pub samples: Vec<NewItem>,
    /// How many of them were carried forward from an earlier version.
    pub carried_forward: usize,
    /// data_owner_id: who answers for which attributes.
    pub owners: Vec<Ownership>,
    /// request_info: the evidence that was given.
    pub documents: Vec<Document>,
    /// test_execution: the last result of each test.
    pub tests: Vec<TestResult>,
    /// observations: the approved ones.
    pub observations: Vec<NewItem>,
}

/// A data owner's part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ownership {
    /// The owner.
    pub owner: PersonId,
    /// Line of business.
    pub line_of_business: String,
    /// How many attributes.
    pub attributes: usize,
}

/// A piece of evidence in the version that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Document and version.
    pub evidence: EvidenceRef,
    /// Name of the file.
    pub file: String,
    /// SHA-256 of the file, in hex.
    pub sha256: String,
}

/// Writes the seven sections: summary, scope, data profiling, samples, evidence and data owners, test results, observations and
/// conclusion. Each names the versions that it rests on.
///
/// # Errors
/// [`DataError::WrongItem`] if an item stands in the wrong list.
pub fn compose(facts: &Facts) -> Result<Vec<NewItem>, DataError> {
    text::check(facts)?;
    let sections = [
        ("summary", "Summary", summary(facts)),
        ("scope", "Scope", scope(facts)),
        ("data_profiling", "Data profiling", profiling(facts)),
        ("samples", "Samples", samples(facts)),
        ("evidence", "Evidence and data owners", evidence(facts)),
        ("test_results", "Test results", results(facts)),
        (
            "conclusion",
            "Observations and conclusion",
            conclusion(facts),
        ),
    ];
    sections
        .into_iter()
        .map(|(name, title, body)| section(name, title, body))
        .collect()
}

fn section(name: &str, title: &str, body: String) -> Result<NewItem, DataError> {
    let id = format!("section:{name}");
    let id = ItemId::new(id.clone()).map_err(|error| DataError::BadItem {
        item: id,
        why: error.rule.to_owned(),
    })?;
    Ok(NewItem {
        id,
        content: Content::Section {
            title: title.to_owned(),
            body,
        },
    })
}

fn summary(facts: &Facts) -> String {
    let mut text = Writer::new(facts);
    text.line(format!(
        "This is the report on the test of {} in the cycle {}.",
        facts.report, facts.cycle
    ));
    text.line(format!(
        "{} attributes were planned, {} of them are in scope with the keys. {} rules were run on the data. \
         {} samples were tested in {} tests: {} passed, {} failed, {} were inconclusive. {} observations were made.",
        facts.plan.len(),
        facts.in_scope.len(),
        facts.rules.len(),
        facts.samples.len(),
        facts.tests.len(),
        text::count(facts, TestOutcome::Passed),
        text::count(facts, TestOutcome::Failed),
        text::count(facts, TestOutcome::Inconclusive),
        facts.observations.len(),
    ));
    text.rests_on(&[
        Phase::Planning,
        Phase::DataProfiling,
        Phase::Scoping,
        Phase::SampleSelection,
        Phase::Observations,
    ])
}

fn scope(facts: &Facts) -> String {
    let mut text = Writer::new(facts);
    text.line(format!(
        "{} of {} attributes are in scope. Primary keys are in scope for context and are not tested.",
        facts.in_scope.len(),
        facts.plan.len()
    ));
    for (what, names) in text::scope_lists(facts) {
        text.list(what, &names);
    }
    text.rests_on(&[Phase::Planning, Phase::Scoping])
}

fn profiling(facts: &Facts) -> String {
    let mut text = Writer::new(facts);
    let broken = text::broken_rules(facts);
    text.line(format!(
        "{} rules were approved and run; {} of them found rows that break them.",
        facts.rules.len(),
        broken.len()
    ));
    for line in broken {
        text.line(line);
    }
    text.rests_on(&[Phase::DataProfiling])
}

fn samples(facts: &Facts) -> String {
    let mut text = Writer::new(facts);
    text.line(format!(
        "{} samples were approved, {} of them carried forward from an earlier version.",
        facts.samples.len(),
        facts.carried_forward
    ));
    for (what, counts) in text::sample_counts(facts) {
        text.list(what, &counts);
    }
    text.rests_on(&[Phase::SampleSelection])
}

fn evidence(facts: &Facts) -> String {
    let mut text = Writer::new(facts);
    text.line(format!(
        "{} documents were accepted as evidence.",
        facts.documents.len()
    ));
    for document in &facts.documents {
        text.line(format!(
            "- {} version {}: {}, SHA-256 {}",
            document.evidence.document, document.evidence.version, document.file, document.sha256
        ));
    }
    for part in &facts.owners {
        text.line(format!(
            "- {} owns {} attributes in {}",
            part.owner, part.attributes, part.line_of_business
        ));
    }
    text.rests_on(&[Phase::Scoping, Phase::SampleSelection])
}

fn results(facts: &Facts) -> String {
    let mut text = Writer::new(facts);
    text.line(format!(
        "{} tests compared the report with its evidence. By attribute: tests, passed, failed, inconclusive.",
        facts.tests.len()
    ));
    for line in text::results_by_attribute(facts) {
        text.line(line);
    }
    text.rests_on(&[Phase::Scoping, Phase::SampleSelection])
}

fn conclusion(facts: &Facts) -> String {
    let mut text = Writer::new(facts);
    for line in text::observations(facts) {
        text.line(line);
    }
    text.line(text::verdict(facts));
    text.rests_on(&[Phase::Observations])
}

#[cfg(test)]
mod tests;
