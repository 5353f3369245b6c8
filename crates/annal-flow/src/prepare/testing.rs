//! test_execution: the samples compared with the evidence that was accepted on both levels.

use std::collections::BTreeSet;

use annal_core::dossier::command::TestResult;
use annal_core::dossier::event::EvidenceRef;
use annal_core::dossier::state::{Document, TestCase};
use annal_core::item::NewItem;
use annal_core::{Case, ItemId, Phase, TestCaseId};
use annal_data::evidence::{Evidence, parse_evidence};
use annal_data::testing::execute;

use super::{Files, computing, sampling, standing};
use crate::desk::DeskError;

/// Runs the cases that were asked for, or all that wait to be run.
pub(crate) async fn run_tests(
    files: &Files,
    case: Case,
    asked: &[TestCaseId],
) -> Result<Vec<TestResult>, DeskError> {
    let mut documents = Vec::new();
    for (own, document) in accepted(&case) {
        documents.push((
            own,
            document.file.name.clone(),
            files.bytes(&document.file).await?,
        ));
    }
    let asked: BTreeSet<TestCaseId> = asked.iter().cloned().collect();
    computing(move || {
        let evidence: Vec<(EvidenceRef, Evidence)> = documents
            .into_iter()
            .map(|(own, name, bytes)| Ok((own, parse_evidence(&name, &bytes)?)))
            .collect::<Result<_, DeskError>>()?;
        let mut results = execute(&samples(&case), &sampling::scope(&case)?, &evidence)?;
        let wanted = wanted(&case, asked);
        results.retain(|it| wanted.contains(&TestCaseId::of(&it.sample, &it.attribute)));
        Ok(results)
    })
    .await
}

/// The accepted documents, each in its newest version.
pub(super) fn accepted(case: &Case) -> Vec<(EvidenceRef, Document)> {
    let requests = case.dossier(Phase::RequestInfo);
    let evidence = case.basis(Phase::TestExecution).evidence;
    let of = |(document, version): (annal_core::DocumentId, _)| {
        let found = requests.documents.get(&document)?.clone();
        Some((EvidenceRef { document, version }, found))
    };
    evidence.into_iter().filter_map(of).collect()
}

/// The samples that stand.
pub(super) fn samples(case: &Case) -> Vec<NewItem> {
    standing(case, Phase::SampleSelection, |item| {
        !item.dropped_by_tester()
    })
}

/// The last result of each test.
pub(super) fn results(case: &Case) -> Vec<TestResult> {
    let as_result = |it: &TestCase| TestResult {
        sample: it.sample.clone(),
        attribute: it.attribute.clone(),
        outcome: it.outcome,
        expected: it.expected.clone(),
        actual: it.actual.clone(),
        evidence: it.evidence.clone(),
    };
    case.dossier(Phase::TestExecution)
        .tests
        .values()
        .map(as_result)
        .collect()
}

fn wanted(case: &Case, asked: BTreeSet<TestCaseId>) -> BTreeSet<TestCaseId> {
    if !asked.is_empty() {
        return asked;
    }
    let waiting = case
        .dossier(Phase::TestExecution)
        .unexecuted(&case.basis(Phase::TestExecution));
    let id = |(sample, attribute): &(ItemId, ItemId)| TestCaseId::of(sample, attribute);
    waiting.iter().map(id).collect()
}
