//! scoping: which attributes should be tested, and why.

use annal_core::ItemId;
use annal_core::item::{Content, Level, NewItem};

use crate::dictionary::Attribute;
use crate::error::DataError;
use crate::planning::planned;

/// From this share of broken rows on, an attribute of low risk is tested too: one in a hundred.
const MANY: f64 = 0.01;

/// One item for each attribute of the plan, under the attribute's own id, recommended for testing when
///
/// - it is a primary key (always in scope, for context), or
/// - it is a critical data element or of high risk, or
/// - it is of medium risk and a rule found something, or
/// - it is of low risk and one row in a hundred breaks a rule.
///
/// # Errors
/// [`DataError`] if an item of `plan` is no attribute or one of `rules` no rule.
pub fn recommend(plan: &[NewItem], rules: &[NewItem]) -> Result<Vec<NewItem>, DataError> {
    let mut items = Vec::with_capacity(plan.len());
    let findings = rules.iter().map(finding).collect::<Result<Vec<_>, _>>()?;
    for attribute in planned(plan)?.attributes() {
        let own: Vec<_> = findings
            .iter()
            .filter(|found| *found.attribute == attribute.id)
            .collect();
        let (recommended, rationale) = judge(attribute, &own);
        items.push(NewItem {
            id: attribute.id.clone(),
            content: Content::ScopeAttribute {
                attribute: attribute.id.clone(),
                primary_key: attribute.primary_key,
                recommended,
                rationale,
            },
        });
    }
    Ok(items)
}

struct Finding<'a> {
    attribute: &'a ItemId,
    failed: u64,
    share: f64,
}

fn finding(item: &NewItem) -> Result<Finding<'_>, DataError> {
    let Content::Rule {
        attribute, result, ..
    } = &item.content
    else {
        return Err(DataError::WrongItem {
            item: item.id.to_string(),
            expected: "a rule",
        });
    };
    let (tried, failed) = result
        .as_ref()
        .map_or((0, 0), |result| (result.tried, result.failed));
    // Rows are far fewer than 2^52.
    #[allow(clippy::cast_precision_loss)]
    let share = failed as f64 / tried.max(1) as f64;
    Ok(Finding {
        attribute,
        failed,
        share,
    })
}

fn judge(attribute: &Attribute, findings: &[&Finding<'_>]) -> (bool, String) {
    let broken = findings.iter().filter(|found| found.failed > 0).count();
    let failed: u64 = findings.iter().map(|found| found.failed).sum();
    let worst = findings.iter().map(|found| found.share).fold(0.0, f64::max);
    let breaches = if failed == 1 { "breach" } else { "breaches" };
    let found = match broken {
        0 => format!("none of {} rules found anything", findings.len()),
        _ => format!(
            "{broken} of {} rules found {failed} {breaches}",
            findings.len()
        ),
    };
    if attribute.primary_key {
        return (
            true,
            "primary key: always in scope, gives context, not tested".to_owned(),
        );
    }
    if attribute.critical {
        return (true, format!("critical data element; {found}"));
    }
    match attribute.risk {
        Level::High => (true, format!("high risk; {found}")),
        Level::Medium => (broken > 0, format!("medium risk; {found}")),
        Level::Low if worst >= MANY => (
            true,
            format!(
                "low risk, but {found}, one rule in {:.1} % of its rows",
                worst * 100.0
            ),
        ),
        Level::Low => (false, format!("low risk; {found}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profiling::{derive_rules, run_rules};
    use crate::testing_data::{hmda, hmda_data};
    use crate::{Dataset, planning};

    fn scope(items: &[NewItem]) -> Vec<(&str, bool, &str)> {
        let read = |item: &'_ NewItem| match &item.content {
            Content::ScopeAttribute { recommended, .. } => *recommended,
            other => panic!("{other:?}"),
        };
        let why = |item: &'_ NewItem| match &item.content {
            Content::ScopeAttribute { rationale, .. } => rationale.clone(),
            other => panic!("{other:?}"),
        };
        items
            .iter()
            .map(|item| {
                (
                    item.id.as_str(),
                    read(item),
                    &*Box::leak(why(item).into_boxed_str()),
                )
            })
            .collect()
    }

    #[test]
    fn the_hmda_recommendation_follows_risk_and_findings() {
        let plan = planning::attributes(&hmda());
        let rules = run_rules(&derive_rules(&hmda()), &hmda_data()).unwrap();
        let items = recommend(&plan, &rules).unwrap();
        let scope = scope(&items);
        let out: Vec<_> = scope
            .iter()
            .filter(|(_, inside, _)| !inside)
            .map(|(id, ..)| *id)
            .collect();
        assert_eq!(
            out,
            [
                "attribute:self_employed",
                "attribute:single",
                "attribute:industry_unemployment_rate",
                "attribute:condominium",
            ]
        );
        let why = |id: &str| scope.iter().find(|(own, ..)| *own == id).unwrap().2;
        assert!(why("attribute:application_id").starts_with("primary key"));
        assert_eq!(
            why("attribute:loan_to_value"),
            "critical data element; 1 of 3 rules found 8 breaches"
        );
        assert_eq!(
            why("attribute:self_employed"),
            "low risk; 1 of 2 rules found 1 breach"
        );
    }

    #[test]
    fn low_risk_with_many_breaches_comes_in() {
        let csv = crate::testing_data::HMDA_CSV.replace(",no,yes,", ",perhaps,yes,");
        let data = Dataset::parse("h.csv", csv.as_bytes(), &hmda()).unwrap();
        let rules = run_rules(&derive_rules(&hmda()), &data).unwrap();
        let items = recommend(&planning::attributes(&hmda()), &rules).unwrap();
        let low = scope(&items)[8];
        assert_eq!((low.0, low.1), ("attribute:self_employed", true));
        assert!(low.2.contains('%'), "{}", low.2);
    }
}
