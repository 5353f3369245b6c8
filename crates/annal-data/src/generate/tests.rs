use std::collections::{BTreeMap, BTreeSet};

use annal_core::item::Dimension;

use super::*;
use crate::Dataset;
use crate::profiling::{Rule, derive_rules, profile};
use crate::testing_data::{fr_y14m, hmda};

/// The rules by dimension that each cell breaks, by line and column.
fn found(
    dictionary: &Dictionary,
    made: &GeneratedData,
) -> BTreeMap<(u64, String), BTreeSet<Dimension>> {
    let data = Dataset::parse("made.csv", &made.csv, dictionary).unwrap();
    let rules = derive_rules(dictionary);
    let by_id: BTreeMap<_, &Rule> = rules.iter().map(|rule| (rule.id.clone(), rule)).collect();
    let mut cells: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for (row, broken) in profile(&rules, &data).unwrap().breaches {
        for id in broken {
            let cell = (data.rows()[row].line, by_id[&id].column.clone());
            cells.entry(cell).or_default().insert(by_id[&id].dimension);
        }
    }
    cells
}

fn finders(kind: DefectKind) -> &'static [Dimension] {
    match kind {
        DefectKind::MissingValue => &[Dimension::Completeness],
        DefectKind::BadDate | DefectKind::WrongLength => &[Dimension::Format],
        DefectKind::OutOfRange => &[Dimension::Validity, Dimension::Accuracy],
    }
}

#[test]
fn every_defect_is_found_and_nothing_else_is() {
    for (dictionary, seed, rows) in [(fr_y14m(), 1, 2000), (fr_y14m(), 2, 400), (hmda(), 3, 500)] {
        let made = generate(&dictionary, seed, rows);
        assert_eq!(
            made.csv.iter().filter(|byte| **byte == b'\n').count(),
            rows + 1
        );
        let cells = found(&dictionary, &made);
        for defect in &made.defects {
            let broken = &cells[&(defect.line, defect.column.clone())];
            assert!(
                finders(defect.kind).iter().any(|by| broken.contains(by)),
                "{defect:?}: {broken:?}"
            );
        }
        let lines: BTreeSet<u64> = made.defects.iter().map(|defect| defect.line).collect();
        let faulty: BTreeSet<_> = made
            .defects
            .iter()
            .map(|defect| (defect.line, defect.column.clone()))
            .collect();
        for (cell, broken) in &cells {
            assert!(
                lines.contains(&cell.0),
                "the clean row of {cell:?} breaks {broken:?}"
            );
            // A fault may make its row inconsistent, and that is said of the other column.
            let alone: BTreeSet<_> = [Dimension::Consistency].into();
            assert!(
                faulty.contains(cell) || *broken == alone,
                "the clean {cell:?} breaks {broken:?}"
            );
        }
    }
}

#[test]
fn one_row_in_twenty_has_a_defect_and_all_kinds_occur() {
    let made = generate(&fr_y14m(), 9, 1000);
    assert_eq!(made.defects.len(), 50);
    let kinds: BTreeSet<_> = made.defects.iter().map(|defect| defect.kind).collect();
    assert_eq!(kinds.len(), DefectKind::ALL.len());
    let few = generate(&fr_y14m(), 9, 10);
    assert_eq!(few.defects.len(), 4);
    assert!(generate(&fr_y14m(), 9, 0).defects.is_empty());
}

#[test]
fn the_same_seed_makes_the_same_rows_and_another_others() {
    let make = |seed| generate(&fr_y14m(), seed, 50);
    assert_eq!(make(1), make(1));
    assert_ne!(make(1).csv, make(2).csv);
}

#[test]
fn five_thousand_rows_of_118_columns_are_read_and_profiled() {
    let dictionary = fr_y14m();
    let made = generate(&dictionary, 4, 5000);
    let data = Dataset::parse("made.csv", &made.csv, &dictionary).unwrap();
    assert_eq!((data.rows().len(), data.columns().len()), (5000, 118));
    let profile = profile(&derive_rules(&dictionary), &data).unwrap();
    assert_eq!(profile.breaches.len(), 250, "one row in twenty");
    assert_eq!(crate::sampling::lines_of_business(&data).len(), 3);
    let plan = crate::planning::attributes(&dictionary);
    let scope = crate::scoping::recommend(&plan, &profile.items).unwrap();
    let inside = scope.iter().filter(|item| match &item.content {
        annal_core::item::Content::ScopeAttribute { recommended, .. } => *recommended,
        other => panic!("{other:?}"),
    });
    // The key, all of high risk, and those of medium risk where something was found.
    let inside = inside.count();
    assert!((34..=60).contains(&inside), "{inside}");
}

#[test]
fn the_bytes_stay_the_same_from_release_to_release() {
    use sha2::{Digest, Sha256};
    let made = generate(&fr_y14m(), 7, 100);
    assert_eq!(
        hex::encode(Sha256::digest(&made.csv)),
        "38e4fada9920e6383f4013059fd2ff3ba61d72ae134459b3f4403f68562dc020"
    );
}
