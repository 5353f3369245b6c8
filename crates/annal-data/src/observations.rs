//! observations: what the tests that did not pass mean, attribute by attribute.

use std::collections::BTreeMap;

use annal_core::dossier::command::TestResult;
use annal_core::dossier::event::TestOutcome;
use annal_core::item::{Content, Level, NewItem, ObservationKind};
use annal_core::{ItemId, TestCaseId};

use crate::dictionary::{Attribute, Dictionary};
use crate::error::DataError;

/// Below this share of an attribute's tests an observation is one level less severe than the attribute's risk.
const FEW: f64 = 0.02;

/// From this share on it is one level more severe.
const MANY: f64 = 0.10;

/// Groups the tests that did not pass into observations, one for an attribute and kind, in the order of the plan:
///
/// - the report lacks a value that the source has: missing data;
/// - it says something else, or has a value that the source lacks: data mismatch;
/// - an inconclusive test: evidence gap, one level less severe. Leave these tests out to get none.
///
/// `results` are all tests, the passed ones too: the severity follows the attribute's risk (high for a critical element) and the share of
/// its tests that are behind the observation. Whether a process is at fault is for people to say.
///
/// # Errors
/// [`DataError::UnknownColumn`] if a test is about an attribute that is not in the plan.
pub fn group(results: &[TestResult], plan: &Dictionary) -> Result<Vec<NewItem>, DataError> {
    let mut tested: BTreeMap<&ItemId, usize> = BTreeMap::new();
    let mut groups: BTreeMap<(&ItemId, &str), Group<'_>> = BTreeMap::new();
    for result in results {
        *tested.entry(&result.attribute).or_default() += 1;
        if let Some(kind) = kind_of(result) {
            let key = (&result.attribute, kind_name(kind));
            let group = groups.entry(key).or_insert_with(|| Group {
                kind,
                tests: Vec::new(),
            });
            group.tests.push(result);
        }
    }
    if let Some(unknown) = tested.keys().find(|id| plan.by_id(id).is_none()) {
        let (by, column) = ("a test".to_owned(), unknown.to_string());
        return Err(DataError::UnknownColumn { by, column });
    }
    let mut items = Vec::with_capacity(groups.len());
    for attribute in plan.attributes() {
        let own = groups.iter().filter(|((id, _), _)| **id == attribute.id);
        for ((_, name), group) in own {
            items.push(group.item(attribute, name, tested[&attribute.id])?);
        }
    }
    Ok(items)
}

struct Group<'a> {
    kind: ObservationKind,
    tests: Vec<&'a TestResult>,
}

fn kind_of(result: &TestResult) -> Option<ObservationKind> {
    match result.outcome {
        TestOutcome::Passed => None,
        TestOutcome::Inconclusive => Some(ObservationKind::EvidenceGap),
        TestOutcome::Failed if result.actual.is_none() => Some(ObservationKind::MissingData),
        TestOutcome::Failed => Some(ObservationKind::DataMismatch),
    }
}

fn kind_name(kind: ObservationKind) -> &'static str {
    match kind {
        ObservationKind::DataMismatch => "data_mismatch",
        ObservationKind::MissingData => "missing_data",
        ObservationKind::EvidenceGap => "evidence_gap",
        ObservationKind::Process => "process",
    }
}

impl Group<'_> {
    fn item(&self, attribute: &Attribute, name: &str, tested: usize) -> Result<NewItem, DataError> {
        let id = format!("observation:{name}:{}", attribute.name);
        let id = ItemId::new(id.clone()).map_err(|error| DataError::BadItem {
            item: id,
            why: error.rule.to_owned(),
        })?;
        let cases = self
            .tests
            .iter()
            .map(|test| TestCaseId::of(&test.sample, &test.attribute));
        let content = Content::Observation {
            title: self.title(attribute, tested),
            severity: self.severity(attribute, tested),
            observation: self.kind,
            attribute: attribute.id.clone(),
            failed_tests: cases.collect(),
        };
        Ok(NewItem { id, content })
    }

    fn title(&self, attribute: &Attribute, tested: usize) -> String {
        let what = match self.kind {
            ObservationKind::DataMismatch => "differ from their source",
            ObservationKind::MissingData => "are missing in the report",
            ObservationKind::EvidenceGap => "have no conclusive evidence",
            ObservationKind::Process => "come from a faulty process",
        };
        format!(
            "{}: {} of {tested} values tested {what}",
            attribute.name,
            self.tests.len()
        )
    }

    fn severity(&self, attribute: &Attribute, tested: usize) -> Level {
        // Tests are far fewer than 2^52.
        #[allow(clippy::cast_precision_loss)]
        let share = self.tests.len() as f64 / tested.max(1) as f64;
        let risk = if attribute.critical {
            Level::High
        } else {
            attribute.risk
        };
        let level = match share {
            share if share < FEW => lower(risk),
            share if share >= MANY => higher(risk),
            _ => risk,
        };
        if self.kind == ObservationKind::EvidenceGap {
            lower(level)
        } else {
            level
        }
    }
}

fn lower(level: Level) -> Level {
    match level {
        Level::High => Level::Medium,
        Level::Medium | Level::Low => Level::Low,
    }
}

fn higher(level: Level) -> Level {
    match level {
        Level::Low => Level::Medium,
        Level::Medium | Level::High => Level::High,
    }
}

#[cfg(test)]
mod tests {
    use annal_core::dossier::event::EvidenceRef;
    use annal_core::{DocumentId, VersionNo};

    use super::*;
    use crate::testing_data::hmda;

    fn result(row: usize, name: &str, outcome: TestOutcome, actual: Option<&str>) -> TestResult {
        TestResult {
            sample: ItemId::new(format!("sample:{row}")).unwrap(),
            attribute: ItemId::new(format!("attribute:{name}")).unwrap(),
            outcome,
            expected: Some("1".to_owned()),
            actual: actual.map(str::to_owned),
            evidence: EvidenceRef {
                document: DocumentId::new("d").unwrap(),
                version: VersionNo(1),
            },
        }
    }

    /// 100 tests of an attribute, the first of which failed.
    fn tests(name: &str, failed: usize, actual: Option<&str>) -> Vec<TestResult> {
        let outcome = |row| {
            if row < failed {
                TestOutcome::Failed
            } else {
                TestOutcome::Passed
            }
        };
        (0..100)
            .map(|row| result(row, name, outcome(row), actual))
            .collect()
    }

    fn severity(item: &NewItem) -> Level {
        match &item.content {
            Content::Observation { severity, .. } => *severity,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn failures_become_one_observation_for_an_attribute_and_kind() {
        let mut results = tests("loan_to_value", 3, Some("2"));
        results.extend(tests("public_bad_credit_record", 2, None));
        results.push(result(100, "loan_to_value", TestOutcome::Failed, None));
        results.push(result(
            101,
            "loan_to_value",
            TestOutcome::Inconclusive,
            Some("2"),
        ));
        results.extend(tests("denied", 0, Some("no")));
        let items = group(&results, &hmda()).unwrap();
        let ids: Vec<_> = items.iter().map(|item| item.id.as_str()).collect();
        assert_eq!(
            ids,
            [
                "observation:data_mismatch:loan_to_value",
                "observation:evidence_gap:loan_to_value",
                "observation:missing_data:loan_to_value",
                "observation:missing_data:public_bad_credit_record",
            ]
        );
        let Content::Observation {
            title,
            failed_tests,
            ..
        } = &items[0].content
        else {
            panic!()
        };
        assert_eq!(
            title,
            "loan_to_value: 3 of 102 values tested differ from their source"
        );
        let cases: Vec<_> = failed_tests.iter().map(TestCaseId::as_str).collect();
        assert_eq!(cases[0], "sample:0×attribute:loan_to_value");
        assert_eq!(cases.len(), 3);
        let total: usize = items
            .iter()
            .map(|item| match &item.content {
                Content::Observation { failed_tests, .. } => failed_tests.len(),
                other => panic!("{other:?}"),
            })
            .sum();
        assert_eq!(
            total, 7,
            "every test that did not pass is behind exactly one observation"
        );
    }

    #[test]
    fn severity_follows_risk_and_share() {
        for (name, failed, expected) in [
            ("loan_to_value", 1, Level::Medium),
            ("loan_to_value", 5, Level::High),
            ("public_bad_credit_record", 5, Level::Medium),
            ("public_bad_credit_record", 10, Level::High),
            ("single", 5, Level::Low),
            ("single", 50, Level::Medium),
        ] {
            let items = group(&tests(name, failed, Some("x")), &hmda()).unwrap();
            assert_eq!(severity(&items[0]), expected, "{name} {failed}");
        }
    }

    #[test]
    fn no_failure_is_no_observation_and_an_unknown_attribute_an_error() {
        assert!(
            group(&tests("denied", 0, Some("no")), &hmda())
                .unwrap()
                .is_empty()
        );
        let error = group(&tests("elsewhere", 1, None), &hmda()).unwrap_err();
        assert_eq!(error.code(), "unknown_column");
    }
}
