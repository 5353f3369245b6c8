use super::*;
use crate::profiling::{derive_rules, profile};
use crate::testing_data::{hmda, hmda_data};

fn breaches(data: &Dataset) -> Breaches {
    profile(&derive_rules(&hmda()), data).unwrap().breaches
}

fn ids(items: &[NewItem]) -> BTreeSet<ItemId> {
    items.iter().map(|item| item.id.clone()).collect()
}

fn categories(items: &[NewItem]) -> BTreeMap<SampleCategory, usize> {
    let mut counts = BTreeMap::new();
    for item in items {
        match &item.content {
            Content::Sample { category, .. } => *counts.entry(*category).or_default() += 1,
            other => panic!("{other:?}"),
        }
    }
    counts
}

#[test]
fn a_draw_is_a_mix_and_the_same_for_a_seed() {
    let (data, scope) = (hmda_data(), hmda());
    let breaches = breaches(&data);
    let none = BTreeSet::new();
    let first = draw(&data, &scope, &breaches, 7, 100, &none).unwrap();
    assert_eq!(ids(&first).len(), 100);
    assert_eq!(
        first,
        draw(&data, &scope, &breaches, 7, 100, &none).unwrap()
    );
    assert_ne!(
        ids(&first),
        ids(&draw(&data, &scope, &breaches, 8, 100, &none).unwrap())
    );
    let mix = categories(&first);
    // The file has fewer rows that break a rule than three tenths of a hundred; clean ones fill up.
    assert_eq!(mix[&SampleCategory::Anomaly], breaches.len().min(30));
    assert_eq!(mix[&SampleCategory::Boundary], 20);
}

#[test]
fn a_later_draw_never_repeats_what_is_excluded() {
    let (data, scope) = (hmda_data(), hmda());
    let breaches = breaches(&data);
    let mut drawn = BTreeSet::new();
    for (seed, count) in [(1, 100), (1, 10), (1, 1000), (2, 1271)] {
        let more = ids(&draw(&data, &scope, &breaches, seed, count, &drawn).unwrap());
        assert_eq!(more.len(), count);
        assert!(more.is_disjoint(&drawn));
        drawn.extend(more);
    }
    assert_eq!(drawn.len(), data.rows().len());
    let error = draw(&data, &scope, &breaches, 1, 1, &drawn).unwrap_err();
    assert_eq!(error.code(), "not_enough_rows");
}

#[test]
fn a_sample_holds_the_values_of_its_row() {
    let (data, scope) = (hmda_data(), hmda());
    let item = named(
        &data,
        &scope,
        &breaches(&data),
        "2381",
        SampleSource::Tester,
    )
    .unwrap();
    assert_eq!(item.id.as_str(), "sample:2381");
    let Content::Sample {
        line,
        category,
        source,
        line_of_business,
        values,
        ..
    } = item.content
    else {
        panic!("no sample")
    };
    assert_eq!(
        (line, category, source),
        (2382, SampleCategory::Anomaly, SampleSource::Tester)
    );
    assert_eq!(line_of_business, "single_family");
    assert_eq!(values["public_bad_credit_record"], None);
    assert_eq!(values["loan_to_value"].as_deref(), Some("0.700783"));
    assert_eq!(values.len(), 14);
    let error = named(&data, &scope, &Breaches::new(), "0", SampleSource::Tester).unwrap_err();
    assert_eq!(error.code(), "unknown_row");
}

#[test]
fn boundary_rows_hold_extremes_and_ties_are_none() {
    let data = hmda_data();
    let rows = boundary_rows(&data, &hmda(), &Breaches::new()).unwrap();
    let has = |key: &str| rows.contains(&data.place(key).unwrap());
    assert!(has("1095"), "3.0 is the largest debt to income");
    // Three ratios, and a rate whose smallest and largest value many rows share.
    assert!((30..=60).contains(&rows.len()), "{}", rows.len());
    assert_eq!(
        lines_of_business(&data).into_iter().collect::<Vec<_>>(),
        ["condominium", "single_family"]
    );
}

#[test]
fn a_draw_stays_the_same_from_release_to_release() {
    let data = hmda_data();
    let drawn = draw(&data, &hmda(), &breaches(&data), 7, 8, &BTreeSet::new()).unwrap();
    let keys: Vec<_> = drawn.iter().map(|item| item.id.as_str()).collect();
    assert_eq!(
        keys,
        [
            "sample:26",
            "sample:134",
            "sample:634",
            "sample:1199",
            "sample:1621",
            "sample:1681",
            "sample:1779",
            "sample:2041"
        ]
    );
}
