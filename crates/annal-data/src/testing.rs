//! test_execution: what the report says about each sample, compared with the evidence.

use annal_core::ItemId;
use annal_core::dossier::command::TestResult;
use annal_core::dossier::event::{EvidenceRef, TestOutcome};
use annal_core::item::{Content, NewItem};

use crate::dictionary::{Attribute, Dictionary};
use crate::error::DataError;
use crate::evidence::Evidence;

/// Tests each sample on each attribute of the scope but the key, sample by sample. The values of the report are those that the
/// samples hold, so that what was approved is what is tested. Numbers are compared by value (`0.80` is `0.8`), everything else by its text.
///
/// - passed: the evidence says what the report says, a missing value included;
/// - failed: it says something else;
/// - inconclusive: no document speaks of the value, or two documents contradict each other. The result then refers to the first
///   document that covers the attribute, or to the first of all.
///
/// # Errors
/// [`DataError`] if there is no evidence, an item is no sample, or a sample lacks an attribute of the scope.
pub fn execute(
    samples: &[NewItem],
    scope: &Dictionary,
    evidence: &[(EvidenceRef, Evidence)],
) -> Result<Vec<TestResult>, DataError> {
    let (first, _) = evidence.first().ok_or(DataError::NoEvidence)?;
    let covering = |attribute: &Attribute| {
        let mut documents = evidence.iter();
        documents
            .find(|(_, said)| said.covers(&attribute.name))
            .map_or(first, |(own, _)| own)
    };
    let attributes: Vec<_> = scope.tested().map(|own| (own, covering(own))).collect();
    let mut results = Vec::with_capacity(samples.len() * attributes.len());
    for sample in samples {
        let Content::Sample {
            row_key, values, ..
        } = &sample.content
        else {
            return Err(DataError::WrongItem {
                item: sample.id.to_string(),
                expected: "a sample",
            });
        };
        for (attribute, document) in &attributes {
            let reported = values
                .get(&attribute.name)
                .ok_or_else(|| DataError::UnknownColumn {
                    by: format!("the test of '{}'", sample.id),
                    column: attribute.name.clone(),
                })?;
            let case = Case {
                sample: &sample.id,
                row_key,
                attribute,
                reported: reported.as_deref(),
            };
            results.push(case.run(evidence, document));
        }
    }
    Ok(results)
}

struct Case<'a> {
    sample: &'a ItemId,
    row_key: &'a str,
    attribute: &'a Attribute,
    reported: Option<&'a str>,
}

impl Case<'_> {
    fn run(&self, evidence: &[(EvidenceRef, Evidence)], otherwise: &EvidenceRef) -> TestResult {
        let speaking: Vec<_> = (evidence.iter())
            .filter_map(|(own, said)| Some((own, said.says(self.row_key, &self.attribute.name)?)))
            .collect();
        match speaking.last() {
            None => self.result(TestOutcome::Inconclusive, None, otherwise),
            Some((document, value)) => {
                let agree = speaking.iter().all(|(_, other)| self.same(*other, *value));
                let outcome = match (agree, self.same(self.reported, *value)) {
                    (false, _) => TestOutcome::Inconclusive,
                    (true, true) => TestOutcome::Passed,
                    (true, false) => TestOutcome::Failed,
                };
                self.result(outcome, *value, document)
            }
        }
    }

    fn same(&self, one: Option<&str>, other: Option<&str>) -> bool {
        match (one, other) {
            (Some(one), Some(other)) => self.attribute.format.same(one, other),
            (one, other) => one == other,
        }
    }

    fn result(
        &self,
        outcome: TestOutcome,
        expected: Option<&str>,
        evidence: &EvidenceRef,
    ) -> TestResult {
        TestResult {
            sample: self.sample.clone(),
            attribute: self.attribute.id.clone(),
            outcome,
            expected: expected.map(str::to_owned),
            actual: self.reported.map(str::to_owned),
            evidence: evidence.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use annal_core::item::SampleSource;
    use annal_core::{DocumentId, VersionNo};

    use super::*;
    use crate::evidence::parse_evidence;
    use crate::profiling::Breaches;
    use crate::sampling::named;
    use crate::testing_data::{hmda, hmda_data};

    fn document(name: &str, lines: &str) -> (EvidenceRef, Evidence) {
        let text = format!("row_key,attribute,source_value\n{lines}");
        let own = EvidenceRef {
            document: DocumentId::new(name).unwrap(),
            version: VersionNo(1),
        };
        (own, parse_evidence(name, text.as_bytes()).unwrap())
    }

    fn sample(key: &str) -> NewItem {
        named(
            &hmda_data(),
            &hmda(),
            &Breaches::new(),
            key,
            SampleSource::Tester,
        )
        .unwrap()
    }

    fn outcome<'a>(results: &'a [TestResult], name: &str) -> (&'a TestResult, TestOutcome) {
        let id = format!("attribute:{name}");
        let result = results
            .iter()
            .find(|result| result.attribute.as_str() == id)
            .unwrap();
        (result, result.outcome)
    }

    #[test]
    fn each_value_is_compared_with_the_evidence() {
        // Row 1 says 0.221, 0.221, 0.8, 5, 2, no …
        let ratios = document(
            "ratios",
            "1,loan_to_value,0.80\n1,debt_to_income,0.3\n1,consumer_credit_score,\n2,single,no\n1,denied,no\n",
        );
        let flags = document("flags", "1,denied,yes\n1,self_employed,no\n");
        let results = execute(&[sample("1")], &hmda(), &[ratios, flags]).unwrap();
        assert_eq!(results.len(), 13, "all attributes but the key");
        for (name, expected, document) in [
            ("loan_to_value", TestOutcome::Passed, "ratios"),
            ("debt_to_income", TestOutcome::Failed, "ratios"),
            ("consumer_credit_score", TestOutcome::Failed, "ratios"),
            ("self_employed", TestOutcome::Passed, "flags"),
            ("single", TestOutcome::Inconclusive, "ratios"),
            ("denied", TestOutcome::Inconclusive, "flags"),
            ("condominium", TestOutcome::Inconclusive, "ratios"),
        ] {
            let (result, outcome) = outcome(&results, name);
            assert_eq!(
                (outcome, result.evidence.document.as_str()),
                (expected, document),
                "{name}"
            );
        }
        let (failed, _) = outcome(&results, "debt_to_income");
        assert_eq!(
            (failed.expected.as_deref(), failed.actual.as_deref()),
            (Some("0.3"), Some("0.221"))
        );
    }

    #[test]
    fn a_value_that_both_lack_passes_and_one_that_the_report_lacks_fails() {
        let lines = "2381,public_bad_credit_record,yes\n2381,self_employed,NA\n";
        let results = execute(&[sample("2381")], &hmda(), &[document("d", lines)]).unwrap();
        assert_eq!(
            outcome(&results, "public_bad_credit_record").1,
            TestOutcome::Failed
        );
        assert_eq!(outcome(&results, "self_employed").1, TestOutcome::Passed);
    }

    #[test]
    fn without_evidence_or_with_the_wrong_items_nothing_is_tested() {
        assert_eq!(
            execute(&[], &hmda(), &[]).unwrap_err().code(),
            "no_evidence"
        );
        let documents = [document("d", "1,denied,no\n")];
        let plan = crate::planning::attributes(&hmda());
        assert_eq!(
            execute(&plan, &hmda(), &documents).unwrap_err().code(),
            "wrong_item"
        );
        let mut short = sample("1");
        if let Content::Sample { values, .. } = &mut short.content {
            values.remove("denied");
        }
        let error = execute(&[short], &hmda(), &documents).unwrap_err();
        assert_eq!(error.code(), "unknown_column");
        assert!(error.to_string().contains("'denied'"), "{error}");
    }
}
