//! Sentences and lists of the report, counted from its facts.

use std::collections::{BTreeMap, BTreeSet};

use annal_core::dossier::event::TestOutcome;
use annal_core::item::{Content, Level, NewItem, SampleCategory};
use annal_core::{ItemId, Phase};

use super::Facts;
use crate::error::DataError;

/// Lines of a section, ended by the versions that they rest on.
pub(super) struct Writer<'a> {
    facts: &'a Facts,
    lines: Vec<String>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(facts: &'a Facts) -> Self {
        Self {
            facts,
            lines: Vec::new(),
        }
    }

    pub(super) fn line(&mut self, line: String) {
        self.lines.push(line);
    }

    pub(super) fn list(&mut self, what: &str, words: &[String]) {
        let words = if words.is_empty() {
            "none".to_owned()
        } else {
            words.join(", ")
        };
        self.lines.push(format!("{what}: {words}."));
    }

    pub(super) fn rests_on(mut self, phases: &[Phase]) -> String {
        let version = |phase: &Phase| match self.facts.versions.get(phase) {
            Some(version) => version.to_string(),
            None => format!("{phase} (no approved version)"),
        };
        let versions: Vec<_> = phases.iter().map(version).collect();
        self.lines
            .push(format!("This section rests on {}.", versions.join(", ")));
        self.lines.join("\n")
    }
}

/// Every item stands in the list of its phase.
pub(super) fn check(facts: &Facts) -> Result<(), DataError> {
    let all = |items: &[NewItem], expected: &'static str, fits: fn(&Content) -> bool| match items
        .iter()
        .find(|item| !fits(&item.content))
    {
        Some(item) => Err(DataError::WrongItem {
            item: item.id.to_string(),
            expected,
        }),
        None => Ok(()),
    };
    all(&facts.plan, "an attribute of the plan", |c| {
        matches!(c, Content::Attribute { .. })
    })?;
    all(&facts.rules, "a rule", |c| {
        matches!(c, Content::Rule { .. })
    })?;
    all(&facts.samples, "a sample", |c| {
        matches!(c, Content::Sample { .. })
    })?;
    all(&facts.observations, "an observation", |c| {
        matches!(c, Content::Observation { .. })
    })
}

pub(super) fn count(facts: &Facts, outcome: TestOutcome) -> usize {
    facts
        .tests
        .iter()
        .filter(|test| test.outcome == outcome)
        .count()
}

fn name<'a>(facts: &'a Facts, id: &'a ItemId) -> &'a str {
    let own = facts.plan.iter().find(|item| item.id == *id);
    match own.map(|item| &item.content) {
        Some(Content::Attribute { name, .. }) => name,
        _ => id.as_str(),
    }
}

/// Keys, tested attributes and those left out, by name.
pub(super) fn scope_lists(facts: &Facts) -> [(&'static str, Vec<String>); 3] {
    let inside: BTreeSet<&ItemId> = facts.in_scope.iter().collect();
    let mut lists = [("Keys", vec![]), ("Tested", vec![]), ("Not tested", vec![])];
    for item in &facts.plan {
        if let Content::Attribute {
            name, primary_key, ..
        } = &item.content
        {
            let list = match (primary_key, inside.contains(&item.id)) {
                (true, _) => 0,
                (false, true) => 1,
                (false, false) => 2,
            };
            lists[list].1.push(name.clone());
        }
    }
    lists
}

/// One line for each rule that found something.
pub(super) fn broken_rules(facts: &Facts) -> Vec<String> {
    let line = |item: &NewItem| match &item.content {
        Content::Rule {
            attribute,
            check,
            severity,
            result: Some(found),
            ..
        } if found.failed > 0 => Some(format!(
            "- {}, {check}: {} of {} rows fail (severity {}; {})",
            name(facts, attribute),
            found.failed,
            found.tried,
            level(*severity),
            found.examples.join("; ")
        )),
        _ => None,
    };
    facts.rules.iter().filter_map(line).collect()
}

/// Samples by category and by line of business.
pub(super) fn sample_counts(facts: &Facts) -> [(&'static str, Vec<String>); 2] {
    let mut categories: BTreeMap<&str, usize> = BTreeMap::new();
    let mut lines: BTreeMap<&str, usize> = BTreeMap::new();
    for item in &facts.samples {
        if let Content::Sample {
            category,
            line_of_business,
            ..
        } = &item.content
        {
            let category = match category {
                SampleCategory::Clean => "clean",
                SampleCategory::Anomaly => "anomaly",
                SampleCategory::Boundary => "boundary",
            };
            *categories.entry(category).or_default() += 1;
            *lines.entry(line_of_business).or_default() += 1;
        }
    }
    let words = |counts: BTreeMap<&str, usize>| {
        counts
            .into_iter()
            .map(|(name, count)| format!("{name} {count}"))
            .collect()
    };
    [
        ("By category", words(categories)),
        ("By line of business", words(lines)),
    ]
}

/// One line for each tested attribute.
pub(super) fn results_by_attribute(facts: &Facts) -> Vec<String> {
    let mut counts: BTreeMap<&ItemId, [usize; 3]> = BTreeMap::new();
    for test in &facts.tests {
        let at = match test.outcome {
            TestOutcome::Passed => 0,
            TestOutcome::Failed => 1,
            TestOutcome::Inconclusive => 2,
        };
        counts.entry(&test.attribute).or_default()[at] += 1;
    }
    let line = |(id, [passed, failed, open]): (&ItemId, [usize; 3])| {
        let all = passed + failed + open;
        format!("- {}: {all}, {passed}, {failed}, {open}", name(facts, id))
    };
    counts.into_iter().map(line).collect()
}

/// One line for each observation, the most severe first.
pub(super) fn observations(facts: &Facts) -> Vec<String> {
    let mut lines: Vec<_> = facts
        .observations
        .iter()
        .filter_map(|item| match &item.content {
            Content::Observation {
                title,
                severity,
                failed_tests,
                ..
            } => Some((
                std::cmp::Reverse(*severity),
                format!(
                    "- {title} (severity {}, {} tests)",
                    level(*severity),
                    failed_tests.len()
                ),
            )),
            _ => None,
        })
        .collect();
    lines.sort();
    lines.into_iter().map(|(_, line)| line).collect()
}

pub(super) fn verdict(facts: &Facts) -> String {
    let high = facts.observations.iter().filter(|item| {
        matches!(
            &item.content,
            Content::Observation {
                severity: Level::High,
                ..
            }
        )
    });
    match (facts.observations.len(), high.count()) {
        (0, _) if count(facts, TestOutcome::Failed) == 0 => {
            "No test failed: the data that was tested agrees with its evidence.".to_owned()
        }
        (0, _) => "Tests failed, and no observation stands.".to_owned(),
        (all, 0) => format!("{all} observations stand, none of high severity."),
        (all, high) => format!(
            "{all} observations stand, {high} of high severity; the data behind them has to be corrected before it is relied on."
        ),
    }
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Low => "low",
        Level::Medium => "medium",
        Level::High => "high",
    }
}
