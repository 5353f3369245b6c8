//! data_profiling: the rules that follow from the plan, and what they find in the data.

mod derive;

use std::collections::{BTreeMap, HashSet};

use annal_core::ItemId;
use annal_core::item::{Content, Dimension, Level, NewItem, RuleResult};

use crate::checks::{Check, Verdict, parse_check};
use crate::dataset::{Dataset, Row};
use crate::dictionary::Dictionary;
use crate::error::DataError;

pub use derive::derive_rules;

/// How many broken rows a result names.
const EXAMPLES: usize = 5;

/// A rule on one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its item: `rule:completeness:loan_to_value`.
    pub id: ItemId,
    /// The attribute that it is about.
    pub attribute: ItemId,
    /// The attribute's column.
    pub column: String,
    /// What it looks at.
    pub dimension: Dimension,
    /// What it asks.
    pub check: Check,
    /// How bad a breach is.
    pub severity: Level,
}

/// The rules that each row breaks, by its place in the data; rows that break none are not there.
pub type Breaches = BTreeMap<usize, Vec<ItemId>>;

/// What the rules found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The rules with their results, as items.
    pub items: Vec<NewItem>,
    /// The rows that break them.
    pub breaches: Breaches,
}

/// The rules of a version of data_profiling, from their texts: what is approved is what is executed.
///
/// # Errors
/// [`DataError`] if an item is no rule, its text cannot be executed or its attribute is not in the plan.
pub fn rules_of(items: &[NewItem], plan: &Dictionary) -> Result<Vec<Rule>, DataError> {
    items.iter().map(|item| rule_of(item, plan)).collect()
}

fn rule_of(item: &NewItem, plan: &Dictionary) -> Result<Rule, DataError> {
    let Content::Rule {
        attribute,
        dimension,
        check,
        severity,
        ..
    } = &item.content
    else {
        return Err(DataError::WrongItem {
            item: item.id.to_string(),
            expected: "a rule",
        });
    };
    let column = plan
        .by_id(attribute)
        .ok_or_else(|| DataError::UnknownColumn {
            by: format!("the rule '{}'", item.id),
            column: attribute.to_string(),
        })?;
    Ok(Rule {
        id: item.id.clone(),
        attribute: attribute.clone(),
        column: column.name.clone(),
        dimension: *dimension,
        check: parse_check(check)?,
        severity: *severity,
    })
}

/// Runs the rules over all rows and gives them as items with their results.
///
/// # Errors
/// As [`profile`].
pub fn run_rules(rules: &[Rule], data: &Dataset) -> Result<Vec<NewItem>, DataError> {
    profile(rules, data).map(|profile| profile.items)
}

/// Runs the rules over all rows.
///
/// A rule tries the rows about which it can say something: completeness all, the others those with a value, and
/// with a number or day where they compare one.
///
/// # Errors
/// [`DataError::UnknownColumn`] if a rule is about a column that the data lacks.
pub fn profile(rules: &[Rule], data: &Dataset) -> Result<Profile, DataError> {
    let mut breaches = Breaches::new();
    let mut items = Vec::with_capacity(rules.len());
    for rule in rules {
        let by = || format!("the rule '{}'", rule.id);
        let column = data.need(&rule.column, &by())?;
        let other = match rule.check.other_column() {
            Some(other) => Some(data.need(other, &by())?),
            None => None,
        };
        let result = run(rule, data, column, other, &mut breaches);
        items.push(item(rule, result));
    }
    Ok(Profile { items, breaches })
}

fn run(
    rule: &Rule,
    data: &Dataset,
    column: usize,
    other: Option<usize>,
    breaches: &mut Breaches,
) -> RuleResult {
    let mut result = RuleResult {
        tried: 0,
        failed: 0,
        examples: Vec::new(),
    };
    let mut seen = HashSet::new();
    for (index, row) in data.rows().iter().enumerate() {
        let value = row.values[column].as_deref();
        let verdict = match (&rule.check, value) {
            (Check::Unique, None) => Verdict::NotTried,
            (Check::Unique, Some(value)) if seen.insert(value) => Verdict::Holds,
            (Check::Unique, Some(_)) => Verdict::Broken,
            (check, value) => check.judge(value, other.and_then(|at| row.values[at].as_deref())),
        };
        result.tried += u64::from(verdict != Verdict::NotTried);
        if verdict == Verdict::Broken {
            result.failed += 1;
            breaches.entry(index).or_default().push(rule.id.clone());
            if result.examples.len() < EXAMPLES {
                result.examples.push(example(row, value));
            }
        }
    }
    result
}

/// `key: value`; a value that nobody would read to its end is cut.
fn example(row: &Row, value: Option<&str>) -> String {
    match value {
        None => format!("{}: (missing)", row.key),
        Some(value) if value.chars().count() > 60 => {
            format!(
                "{}: {}…",
                row.key,
                value.chars().take(60).collect::<String>()
            )
        }
        Some(value) => format!("{}: {value}", row.key),
    }
}

fn item(rule: &Rule, result: RuleResult) -> NewItem {
    NewItem {
        id: rule.id.clone(),
        content: Content::Rule {
            attribute: rule.attribute.clone(),
            dimension: rule.dimension,
            check: rule.check.to_string(),
            severity: rule.severity,
            result: Some(result),
        },
    }
}

#[cfg(test)]
mod tests;
