//! Which rules follow from a plan.

use annal_core::ItemId;
use annal_core::item::{Dimension, Level, Requirement};

use super::Rule;
use crate::checks::Check;
use crate::dictionary::{Attribute, Dictionary};
use crate::format::Kind;
use crate::knowledge::{self, Agreement};

/// The rules for the attributes of a plan (see [`crate::planning::planned`]), attribute by attribute:
///
/// - completeness where a value is mandatory, and, less severe, where it is due under a condition that the dictionary does not tell;
/// - uniqueness of the key;
/// - format as the dictionary writes it;
/// - validity where the values are few or lie between bounds;
/// - accuracy where [`crate::knowledge`] says what is plausible;
/// - consistency where two columns of the plan have to agree.
///
/// No two rules find the same fault: the format rule of `integer 1-6` asks for an integer, the validity rule for 1 to 6, and a list of words
/// has a validity rule alone.
#[must_use]
pub fn derive_rules(plan: &Dictionary) -> Vec<Rule> {
    plan.attributes()
        .iter()
        .flat_map(|attribute| rules_for(attribute, plan))
        .collect()
}

fn rules_for(attribute: &Attribute, plan: &Dictionary) -> Vec<Rule> {
    let severity = if attribute.critical {
        Level::High
    } else {
        attribute.risk
    };
    let mut rules = Vec::new();
    let mut push = |dimension: Dimension, severity: Level, check: Option<Check>| {
        rules.extend(check.and_then(|check| rule(attribute, dimension, severity, check)));
    };
    let completeness = match attribute.requirement {
        Requirement::Mandatory => Some(severity),
        Requirement::Conditional => Some(Level::Low),
        Requirement::Optional => None,
    };
    if let Some(severity) = completeness {
        push(Dimension::Completeness, severity, Some(Check::Present));
    }
    if attribute.primary_key && plan.key().count() == 1 {
        push(Dimension::Uniqueness, Level::High, Some(Check::Unique));
    }
    push(Dimension::Format, severity, written(attribute));
    push(Dimension::Validity, severity, valid(attribute));
    push(Dimension::Accuracy, lower(severity), plausible(attribute));
    for (column, agreement, other) in knowledge::AGREEMENTS {
        if column == attribute.name && plan.attribute(other).is_some() {
            push(
                Dimension::Consistency,
                lower(severity),
                Some(agree(agreement, other)),
            );
        }
    }
    rules
}

/// An implausible value may still be true.
fn lower(severity: Level) -> Level {
    match severity {
        Level::High => Level::Medium,
        Level::Medium | Level::Low => Level::Low,
    }
}

fn written(attribute: &Attribute) -> Option<Check> {
    let format = match attribute.format.kind() {
        Kind::OneOf(_) => return None,
        Kind::IntegerBetween(..) => "integer".parse().ok()?,
        _ => attribute.format.clone(),
    };
    Some(Check::WrittenAs(format))
}

fn valid(attribute: &Attribute) -> Option<Check> {
    match attribute.format.kind() {
        Kind::IntegerBetween(low, high) => Some(Check::Between(low.to_string(), high.to_string())),
        _ => knowledge::codes(attribute).map(Check::OneOf),
    }
}

fn plausible(attribute: &Attribute) -> Option<Check> {
    let (low, high) = knowledge::plausible(attribute)?;
    Some(Check::Between(low.to_owned(), high.to_owned()))
}

fn agree(agreement: Agreement, other: &str) -> Check {
    let column = other.to_owned();
    match agreement {
        Agreement::AtMost => Check::AtMost(column),
        Agreement::NotAfter => Check::NotAfter(column),
        Agreement::YesOnlyIfYes => Check::OnlyIf {
            value: "yes".to_owned(),
            column,
            other: "yes".to_owned(),
        },
    }
}

/// The rule with its id. Two rules of a kind on one attribute differ by the other column.
fn rule(
    attribute: &Attribute,
    dimension: Dimension,
    severity: Level,
    check: Check,
) -> Option<Rule> {
    let name = attribute.name.as_str();
    let id = match check.other_column() {
        None => format!("rule:{}:{name}", dimension_name(dimension)),
        Some(other) => format!("rule:{}:{name}:{other}", dimension_name(dimension)),
    };
    Some(Rule {
        // Names have at most 80 bytes and were checked, so this is an id.
        id: ItemId::new(id).ok()?,
        attribute: attribute.id.clone(),
        column: attribute.name.clone(),
        dimension,
        check,
        severity,
    })
}

pub(crate) fn dimension_name(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Completeness => "completeness",
        Dimension::Validity => "validity",
        Dimension::Accuracy => "accuracy",
        Dimension::Consistency => "consistency",
        Dimension::Uniqueness => "uniqueness",
        Dimension::Format => "format",
    }
}
