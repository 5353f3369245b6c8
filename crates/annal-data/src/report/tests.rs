use std::collections::BTreeSet;

use annal_core::{DocumentId, RunId, VersionNo};

use super::*;
use crate::evidence::{Script, parse_evidence, source_extract};
use crate::observations::group;
use crate::planning::attributes;
use crate::profiling::{derive_rules, profile};
use crate::sampling::draw;
use crate::scoping::recommend;
use crate::testing::execute;
use crate::testing_data::{hmda, hmda_data};

/// All phases in a row, on the real data.
fn facts() -> Facts {
    let (dictionary, data) = (hmda(), hmda_data());
    let plan = attributes(&dictionary);
    let profile = profile(&derive_rules(&dictionary), &data).unwrap();
    let in_scope: Vec<ItemId> = recommend(&plan, &profile.items)
        .unwrap()
        .into_iter()
        .filter(|item| {
            matches!(
                item.content,
                Content::ScopeAttribute {
                    recommended: true,
                    ..
                }
            )
        })
        .map(|item| item.id)
        .collect();
    let scope = dictionary.select(&in_scope).unwrap();
    let samples = draw(&data, &scope, &profile.breaches, 1, 90, &BTreeSet::new()).unwrap();
    let script = Script {
        seed: 1,
        differing: 0.03,
        left_out: 0.01,
    };
    let bytes = source_extract(&data, &samples, &scope, &script).unwrap();
    let own = EvidenceRef {
        document: DocumentId::new("extract").unwrap(),
        version: VersionNo(2),
    };
    let evidence = [(own.clone(), parse_evidence("extract.csv", &bytes).unwrap())];
    let tests = execute(&samples, &scope, &evidence).unwrap();
    let observations = group(&tests, &dictionary).unwrap();
    let version = |phase, number| {
        let run = RunId(uuid_of_one());
        (
            phase,
            VersionRef {
                run,
                phase,
                number: VersionNo(number),
            },
        )
    };
    Facts {
        report: "HMDA Boston".to_owned(),
        cycle: "1990".to_owned(),
        versions: [
            version(Phase::Planning, 1),
            version(Phase::SampleSelection, 2),
        ]
        .into(),
        plan,
        rules: profile.items,
        in_scope,
        samples,
        carried_forward: 80,
        owners: vec![],
        documents: vec![Document {
            evidence: own,
            file: "extract.csv".to_owned(),
            sha256: "00ff".to_owned(),
        }],
        tests,
        observations,
    }
}

fn uuid_of_one() -> uuid::Uuid {
    uuid::Uuid::from_u128(1)
}

fn body<'a>(sections: &'a [NewItem], name: &str) -> &'a str {
    let id = format!("section:{name}");
    match &sections
        .iter()
        .find(|item| item.id.as_str() == id)
        .unwrap()
        .content
    {
        Content::Section { body, .. } => body,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_sections_say_what_the_items_say() {
    let facts = facts();
    let sections = compose(&facts).unwrap();
    assert_eq!(sections.len(), 7);
    let failed = facts
        .tests
        .iter()
        .filter(|test| test.outcome == TestOutcome::Failed)
        .count();
    assert!(failed > 0, "the scripted owner's documents differ");
    let summary = body(&sections, "summary");
    for part in [
        "HMDA Boston".to_owned(),
        "14 attributes were planned, 10 of them".to_owned(),
        "90 samples were tested in 810 tests".to_owned(),
        format!("{failed} failed"),
    ] {
        assert!(summary.contains(&part), "{summary} lacks {part}");
    }
    let samples = body(&sections, "samples");
    assert!(
        samples.contains("80 of them carried forward") && samples.contains("single_family"),
        "{samples}"
    );
    assert!(
        body(&sections, "data_profiling")
            .contains("loan_to_value, between 0.05 and 1.25: 8 of 2381")
    );
    assert!(body(&sections, "evidence").contains("extract version 2: extract.csv, SHA-256 00ff"));
    assert!(body(&sections, "scope").contains("Not tested: self_employed, single"));
    let lines = body(&sections, "conclusion")
        .lines()
        .filter(|line| line.starts_with("- "));
    assert_eq!(lines.count(), facts.observations.len());
}

#[test]
fn every_section_names_the_versions_it_rests_on() {
    let sections = compose(&facts()).unwrap();
    let run = uuid_of_one();
    assert!(body(&sections, "samples").ends_with(&format!("rests on {run}/sample_selection@2.")));
    assert!(
        body(&sections, "conclusion").ends_with("rests on observations (no approved version).")
    );
    for item in &sections {
        let Content::Section { body, .. } = &item.content else {
            panic!()
        };
        assert!(
            body.lines()
                .last()
                .unwrap()
                .starts_with("This section rests on "),
            "{body}"
        );
    }
}

#[test]
fn a_clean_test_says_so_and_a_wrong_item_is_refused() {
    let mut facts = facts();
    facts
        .tests
        .retain(|test| test.outcome == TestOutcome::Passed);
    facts.observations.clear();
    assert!(body(&compose(&facts).unwrap(), "conclusion").starts_with("No test failed"));
    facts.rules = facts.plan.clone();
    assert_eq!(compose(&facts).unwrap_err().code(), "wrong_item");
}

#[test]
fn the_results_by_attribute_add_up_to_the_tests() {
    let facts = facts();
    let sections = compose(&facts).unwrap();
    let mut sums = [0; 4];
    for line in body(&sections, "test_results")
        .lines()
        .filter(|line| line.starts_with("- "))
    {
        let (_, numbers) = line.split_once(": ").unwrap();
        for (sum, number) in sums.iter_mut().zip(numbers.split(", ")) {
            *sum += number.parse::<usize>().unwrap();
        }
    }
    let count = |outcome| {
        facts
            .tests
            .iter()
            .filter(|test| test.outcome == outcome)
            .count()
    };
    let [all, passed, failed, open] = sums;
    assert_eq!(all, facts.tests.len());
    assert_eq!(
        (passed, failed, open),
        (
            count(TestOutcome::Passed),
            count(TestOutcome::Failed),
            count(TestOutcome::Inconclusive)
        )
    );
    assert!(failed > 0 && open > 0);
}
