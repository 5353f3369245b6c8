use super::*;
use crate::planning;
use crate::testing_data::{HMDA_CSV, fr_y14m, hmda, hmda_data};

fn failed(items: &[NewItem], id: &str) -> (u64, u64, Vec<String>) {
    let item = items
        .iter()
        .find(|item| item.id.as_str() == id)
        .unwrap_or_else(|| panic!("no {id}"));
    match &item.content {
        Content::Rule {
            result: Some(result),
            ..
        } => (result.tried, result.failed, result.examples.clone()),
        other => panic!("{other:?}"),
    }
}

/// Lines of the file where the column's text is as asked, counted without any of our readers.
fn count(column: &str, fault: impl Fn(&str) -> bool) -> u64 {
    let header: Vec<&str> = HMDA_CSV.lines().next().unwrap().split(',').collect();
    let place = header.iter().position(|name| *name == column).unwrap();
    let cell = |line: &str| line.split(',').nth(place).unwrap().to_owned();
    HMDA_CSV
        .lines()
        .skip(1)
        .filter(|line| fault(&cell(line)))
        .count() as u64
}

fn outside(low: f64, high: f64) -> impl Fn(&str) -> bool {
    move |cell| {
        cell.parse::<f64>()
            .is_ok_and(|number| number < low || number > high)
    }
}

#[test]
fn the_real_faults_of_the_hmda_file_are_found() {
    let items = run_rules(&derive_rules(&hmda()), &hmda_data()).unwrap();
    for (id, expected, known) in [
        (
            "rule:completeness:public_bad_credit_record",
            count("public_bad_credit_record", |c| c == "NA"),
            1,
        ),
        (
            "rule:completeness:self_employed",
            count("self_employed", |c| c == "NA"),
            1,
        ),
        ("rule:completeness:loan_to_value", 0, 0),
        (
            "rule:format:consumer_credit_score",
            count("consumer_credit_score", |c| c.contains('.')),
            1,
        ),
        (
            "rule:format:mortgage_credit_score",
            count("mortgage_credit_score", |c| c.contains('.')),
            1,
        ),
        (
            "rule:accuracy:debt_to_income",
            count("debt_to_income", outside(0.01, 1.0)),
            6,
        ),
        (
            "rule:accuracy:housing_expense_to_income",
            count("housing_expense_to_income", outside(0.01, 1.0)),
            7,
        ),
        (
            "rule:accuracy:loan_to_value",
            count("loan_to_value", outside(0.05, 1.25)),
            8,
        ),
        ("rule:validity:consumer_credit_score", 0, 0),
        ("rule:uniqueness:application_id", 0, 0),
        (
            "rule:consistency:housing_expense_to_income:debt_to_income",
            5,
            5,
        ),
        ("rule:consistency:denied_mortgage_insurance:denied", 4, 4),
    ] {
        let (_, found, examples) = failed(&items, id);
        assert_eq!((found, expected), (known, known), "{id}");
        assert_eq!(examples.len() as u64, found.min(5), "{id}");
    }
    let (tried, _, examples) = failed(&items, "rule:completeness:public_bad_credit_record");
    assert_eq!(
        (tried, examples),
        (2381, vec!["2381: (missing)".to_owned()])
    );
    let (tried, _, _) = failed(&items, "rule:validity:public_bad_credit_record");
    assert_eq!(tried, 2380, "a missing value is no invalid one");
    let (_, _, examples) = failed(
        &items,
        "rule:consistency:housing_expense_to_income:debt_to_income",
    );
    assert!(examples[0].starts_with("290: "), "{examples:?}");
}

#[test]
fn every_dimension_has_rules_and_no_id_comes_twice() {
    for (dictionary, least) in [(hmda(), 30), (fr_y14m(), 300)] {
        let rules = derive_rules(&dictionary);
        assert!(rules.len() >= least, "{}", rules.len());
        let ids: HashSet<_> = rules.iter().map(|rule| rule.id.clone()).collect();
        assert_eq!(ids.len(), rules.len());
        let dimensions: HashSet<_> = rules.iter().map(|rule| rule.dimension).collect();
        assert_eq!(dimensions.len(), 6);
    }
}

#[test]
fn rules_read_from_their_items_find_the_same() {
    let (dictionary, data) = (hmda(), hmda_data());
    let rules = derive_rules(&dictionary);
    let first = profile(&rules, &data).unwrap();
    let again = rules_of(&first.items, &dictionary).unwrap();
    assert_eq!(again, rules);
    assert_eq!(profile(&again, &data).unwrap(), first);
    let broken: usize = first.breaches.values().map(Vec::len).sum();
    assert_eq!(broken, 34, "as many as the results above say");
}

#[test]
fn items_that_are_no_rules_and_columns_that_are_not_there_are_refused() {
    let (dictionary, data) = (hmda(), hmda_data());
    let error = rules_of(&planning::attributes(&dictionary), &dictionary).unwrap_err();
    assert_eq!(error.code(), "wrong_item");
    let mut rules = derive_rules(&dictionary);
    rules[0].column = "elsewhere".to_owned();
    let error = run_rules(&rules, &data).unwrap_err();
    assert_eq!(error.code(), "unknown_column");
    assert!(error.to_string().contains("elsewhere"), "{error}");
}
