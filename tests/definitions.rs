//! The demo by each definition before the newest, which `demo.rs` has, and the command that looks at definitions.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use serde_json::Value;
use support::Home;

#[test]
fn the_demo_goes_to_its_end_by_each_older_definition() {
    let home = Home::new();
    let line = |phases| Expected {
        phases,
        forks: 0,
        joins: 0,
    };
    let fork = |phases| Expected {
        phases,
        forks: 2,
        joins: 1,
    };
    for (version, expected) in [("1.0.0", line(8)), ("1.1.0", line(8)), ("1.2.0", fork(8))] {
        let demo = home.json(&["demo", "--definition", version]);
        assert_eq!(demo["definition"], version);
        let phases = demo["phases"].as_array().unwrap();
        assert_eq!(phases.len(), expected.phases);
        assert!(phases.iter().all(|it| it["phase"] != "data_profiling"));
        for phase in phases {
            assert_eq!(phase["status"], "completed", "{version}: {phase}");
        }
        let run = demo["run_id"].as_str().unwrap();
        transitions_are_as_expected(&home.json(&["transitions", run]), &expected);
    }
}

struct Expected {
    phases: usize,
    forks: usize,
    joins: usize,
}

fn transitions_are_as_expected(transitions: &Value, expected: &Expected) {
    let rows = transitions["rows"].as_array().unwrap();
    let of_kind = |kind: &str| {
        let rows = rows.iter().filter(|it| it["kind"] == kind);
        rows.collect::<Vec<_>>()
    };
    assert_eq!(of_kind("parallel_fork").len(), expected.forks, "{rows:?}");
    assert_eq!(of_kind("parallel_join").len(), expected.joins, "{rows:?}");
    let conditional = of_kind("conditional");
    assert_eq!(conditional.len(), 1);
    assert_eq!(conditional[0]["condition"], "failed_tests > 0");
    assert_eq!(conditional[0]["result"], true);
    let others = expected.forks + expected.joins + conditional.len();
    assert_eq!(of_kind("sequential").len(), rows.len() - others);
}

#[test]
fn definitions_are_listed_shown_and_checked_with_the_place_of_a_fault() {
    let home = Home::new();
    let listed = home.json(&["definition", "list"]);
    let rows = listed["rows"].as_array().unwrap();
    let versions: Vec<_> = rows.iter().map(|it| it["version"].clone()).collect();
    assert_eq!(versions, ["1.0.0", "1.1.0", "1.2.0", "2.0.0"]);
    let shown = home.json(&["definition", "show", "2.0.0"]);
    assert_eq!(shown["phases"].as_array().unwrap().len(), 9);
    let told = home.run(&["definition", "show", "2.0.0"]);
    assert!(
        told.stdout.contains("starts if failed_tests > 0"),
        "{told:?}"
    );
    let (code, message) = home.refused(6, &["definition", "show", "9.9.9"]);
    assert_eq!(code, "not_found");
    assert!(message.contains("2.0.0"), "{message}");

    let file = home.path().join("mine.json");
    let path = file.display().to_string();
    let check = |change: &dyn Fn(&mut Value)| {
        let mut mine = shown.clone();
        change(&mut mine);
        std::fs::write(&file, mine.to_string()).unwrap();
    };
    check(&|mine| mine["version"] = "3.0.0".into());
    assert_eq!(
        home.json(&["definition", "check", &path])["version"],
        "3.0.0"
    );
    check(&|mine| mine["phases"][2]["after"] = serde_json::json!(["test_report"]));
    let (code, message) = home.refused(2, &["definition", "check", &path]);
    assert_eq!(code, "usage");
    assert!(message.contains("phases[2].after[0]"), "{message}");
    check(&|mine| mine["phases"][7]["start_if"] = "failed_tests >".into());
    let (_, message) = home.refused(2, &["definition", "check", &path]);
    assert!(message.contains("phases[7].start_if"), "{message}");
    check(&|mine| mine["phases"][0]["phase"] = "planing".into());
    let (_, message) = home.refused(2, &["definition", "check", &path]);
    assert!(message.contains("phases[0].phase"), "{message}");
    assert!(!home.path().join("home").exists(), "no server was started");
}
