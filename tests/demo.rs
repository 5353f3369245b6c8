//! The demo from an empty folder to the last signature, and every reading command on what it left.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use serde_json::Value;
use support::Home;

/// The last JSON object of what was printed; the demo prints nothing else on standard output.
fn demo(home: &Home, words: &[&str]) -> Value {
    let mut all = vec!["demo", "--json"];
    all.extend(words);
    let ended = home.run(&all);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    serde_json::from_str(&ended.stdout).unwrap()
}

fn versions_of<'a>(result: &'a Value, phase: &str) -> Vec<&'a Value> {
    let versions = result["versions"].as_array().unwrap().iter();
    versions.filter(|it| it["phase"] == phase).collect()
}

#[test]
fn the_demo_takes_a_report_through_all_nine_phases() {
    let home = Home::new();
    let result = demo(&home, &[]);

    assert_eq!(result["definition"], "2.0.0");
    let phases = result["phases"].as_array().unwrap();
    assert_eq!(phases.len(), 9);
    for phase in phases {
        assert_eq!(phase["status"], "completed", "{phase}");
        assert!(phase["started_at"].is_string() && phase["completed_at"].is_string());
    }
    let planning = versions_of(&result, "planning");
    assert_eq!(planning.len(), 1);
    assert_eq!(planning[0]["items"], 14);
    let samples = versions_of(&result, "sample_selection");
    assert_eq!(samples.len(), 2);
    assert_eq!(samples[0]["status"], "rejected");
    assert_eq!(samples[0]["items"], 100);
    assert_eq!(samples[1]["status"], "approved");
    assert_eq!(samples[1]["parent"], 1);
    assert_eq!(samples[1]["items"], 90);
    assert_eq!(samples[1]["carried_forward"], 80);
    assert!(result["events"].as_u64().unwrap() > 1_000);
    assert_eq!(result["head_position"], result["events"]);

    reading_works_on_what_the_demo_left(&home, &result);
    every_event_of_a_person_says_where_it_was_made(&home);
}

fn reading_works_on_what_the_demo_left(home: &Home, result: &Value) {
    let head = home.json(&["log", "head"]);
    assert_eq!(head["position"], result["head_position"]);
    let verified = home.json(&["log", "verify"]);
    assert_eq!(verified["intact"], true, "{verified}");
    let runs = home.json(&["run", "list"]);
    assert_eq!(runs["rows"][0]["run_id"], result["run_id"]);
    let shown = home.json(&["run", "show", "latest"]);
    assert_eq!(shown["status"], "completed");

    let versions = home.json(&["versions", "latest"]);
    for version in versions["rows"].as_array().unwrap() {
        for field in [
            "workflow_id",
            "workflow_run_id",
            "workflow_step_id",
            "workflow_activity_name",
        ] {
            assert!(version[field].is_string(), "{field} of {version}");
        }
    }
    let version = home.json(&["show", "latest/sample_selection@2"]);
    assert_eq!(version["items"].as_array().unwrap().len(), 90);
    let kinds = |kind: &str| {
        let transitions = home.json(&["transitions", "latest"]);
        let rows = transitions["rows"].as_array().unwrap().clone();
        rows.into_iter().filter(|it| it["kind"] == kind).count()
    };
    assert_eq!(kinds("parallel_fork"), 2);
    assert_eq!(kinds("parallel_join"), 1);
    assert_eq!(kinds("conditional"), 1);
    let steps = home.json(&["steps", "latest"]);
    for step in steps["rows"].as_array().unwrap() {
        let status = step["status"].as_str().unwrap();
        assert!(matches!(status, "completed" | "skipped"), "{step}");
    }
    let inbox = home.json(&["inbox", "--as", "ana"]);
    assert_eq!(inbox.as_array().unwrap().len(), 0, "{inbox}");
}

fn every_event_of_a_person_says_where_it_was_made(home: &Home) {
    let mut after = 0;
    loop {
        let from = after.to_string();
        let words = ["timeline", "latest", "--limit", "1000", "--after", &from];
        let page = home.json(&words);
        let rows = page["rows"].as_array().unwrap();
        for row in rows {
            for field in [
                "workflow_id",
                "workflow_run_id",
                "step_id",
                "activity_name",
                "actor_id",
            ] {
                assert!(row[field].is_string(), "{field} of {row}");
            }
        }
        match rows.last() {
            Some(last) => after = last["position"].as_u64().unwrap(),
            None => break,
        }
    }
    assert!(after > 1_000);
}
