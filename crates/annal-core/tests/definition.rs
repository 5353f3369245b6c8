//! A definition that is wrong is refused with the place of the error.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails like the test")]

use annal_core::definition::{Definition, Fault};
use annal_core::phase::Phase;
use annal_core::run::event::TransitionKind;
use serde_json::{Value, json};

/// Definition 2.0.0 with one thing changed.
fn latest_with(change: impl FnOnce(&mut Value)) -> String {
    let mut json: Value = serde_json::from_str(Definition::latest().text()).unwrap();
    change(&mut json);
    json.to_string()
}

#[track_caller]
fn refused(text: &str, path: &str, part: &str) -> Fault {
    let Err(error) = Definition::parse(text) else {
        panic!("taken: {text}");
    };
    assert_eq!(error.path, path, "{error}");
    assert!(error.to_string().contains(part), "{error}");
    error.fault
}

#[track_caller]
fn refused_with(change: impl FnOnce(&mut Value), path: &str, part: &str) -> Fault {
    refused(&latest_with(change), path, part)
}

#[test]
fn text_that_is_no_definition_is_refused() {
    refused("", ".", "EOF");
    refused("[]", ".", "invalid");
    refused("{} {}", ".", "missing field `version`");
    let two = format!("{0}{0}", Definition::latest().text());
    refused(&two, ".", "trailing characters");
    refused_with(|it| it["version"] = json!("two"), "version", "");
}

#[test]
fn an_unknown_field_is_refused() {
    refused_with(
        |it| it["colour"] = json!(1),
        "colour",
        "unknown field `colour`",
    );
    refused_with(
        |it| it["phases"][2]["aprove"] = json!([]),
        "phases[2].aprove",
        "unknown field `aprove`",
    );
}

#[test]
fn an_unknown_phase_is_refused() {
    refused_with(
        |it| it["phases"][1]["phase"] = json!("dreaming"),
        "phases[1].phase",
        "unknown variant `dreaming`",
    );
    refused_with(
        |it| it["phases"][5]["after"][1] = json!("dreaming"),
        "phases[5].after[1]",
        "unknown variant `dreaming`",
    );
}

#[test]
fn a_phase_is_listed_once() {
    let fault = refused_with(
        |it| it["phases"][3]["phase"] = json!("scoping"),
        "phases[3].phase",
        "scoping is there already",
    );
    assert_eq!(fault, Fault::DuplicatePhase(Phase::Scoping));
}

#[test]
fn a_predecessor_is_a_phase_of_the_definition_and_named_once() {
    refused_with(
        |it| {
            it["phases"].as_array_mut().unwrap().remove(1);
        },
        "phases[1].after[0]",
        "data_profiling is not a phase of this definition",
    );
    refused_with(
        |it| it["phases"][5]["after"][1] = json!("sample_selection"),
        "phases[5].after[1]",
        "named already",
    );
}

#[test]
fn phases_that_run_in_a_circle_are_refused() {
    let fault = refused_with(
        |it| it["phases"][2]["after"][0] = json!("test_execution"),
        "phases[2].after[0]",
        "the phases run in a circle",
    );
    assert!(
        matches!(&fault, Fault::Cycle(circle) if circle.len() == 5),
        "{fault:?}"
    );
    let itself = refused_with(
        |it| it["phases"][1]["after"][0] = json!("data_profiling"),
        "phases[1].after[0]",
        "data_profiling → data_profiling",
    );
    assert_eq!(itself, Fault::Cycle(vec![Phase::DataProfiling; 2]));
}

#[test]
fn exactly_one_phase_comes_first() {
    refused_with(
        |it| it["phases"][0]["after"] = json!(["test_report"]),
        "phases",
        "no phase comes first",
    );
    refused_with(
        |it| it["phases"] = json!([]),
        "phases",
        "no phase comes first",
    );
    refused_with(
        |it| it["phases"][4]["after"] = json!([]),
        "phases[4].after",
        "data_owner_id comes after no other phase, and neither does planning",
    );
}

#[test]
fn a_join_without_a_fork_is_refused() {
    let fault = refused_with(
        |it| it["phases"][6]["after"] = json!(["request_info", "scoping"]),
        "phases[6].after[1]",
        "a join without a fork: request_info itself comes after scoping",
    );
    assert_eq!(
        fault,
        Fault::JoinWithoutFork {
            earlier: Phase::Scoping,
            later: Phase::RequestInfo,
        }
    );
}

#[test]
fn a_condition_parses_and_asks_for_known_facts() {
    for field in ["start_if", "approve_only_if"] {
        let at = format!("phases[2].{field}");
        let with = |condition: &str| {
            let condition = json!(condition);
            latest_with(|it| it["phases"][2][field] = condition)
        };
        refused(&with("in_scope >"), &at, "does not parse");
        refused(
            &with("in_skope > 0"),
            &at,
            "'in_skope', which is not a known fact",
        );
    }
}

#[test]
fn an_approval_that_is_not_due_has_no_condition() {
    refused_with(
        |it| it["phases"][2]["approve"] = json!([]),
        "phases[2].approve_only_if",
        "nobody approves this phase",
    );
}

#[test]
fn work_and_approval_are_for_those_who_decide() {
    refused_with(
        |it| it["phases"][0]["work"] = json!("juggler"),
        "phases[0].work",
        "unknown variant `juggler`",
    );
    for role in ["auditor", "admin", "engine"] {
        let part = format!("{role} decides nothing");
        refused_with(
            |it| it["phases"][0]["work"] = json!(role),
            "phases[0].work",
            &part,
        );
        refused_with(
            |it| it["phases"][8]["approve"][1] = json!(role),
            "phases[8].approve[1]",
            &part,
        );
    }
    refused_with(
        |it| it["phases"][8]["approve"][2] = json!("tester"),
        "phases[8].approve[2]",
        "tester approves already",
    );
}

#[test]
fn a_time_limit_is_between_an_hour_and_a_year() {
    for hours in [0, 8_761] {
        refused_with(
            |it| it["phases"][3]["time_limit_hours"] = json!(hours),
            "phases[3].time_limit_hours",
            "is no time limit",
        );
    }
    refused_with(
        |it| it["phases"][3]["time_limit_hours"] = json!(-1),
        "phases[3].time_limit_hours",
        "invalid value",
    );
}

#[test]
fn escalations_ascend() {
    refused_with(
        |it| it["escalate_after_hours"] = json!([4, 4]),
        "escalate_after_hours[1]",
        "ascending order",
    );
    refused_with(
        |it| it["escalate_after_hours"] = json!([0]),
        "escalate_after_hours[0]",
        "is no time limit",
    );
}

#[test]
fn what_rests_on_a_phase_is_found_near_and_far() {
    let definition = Definition::latest();
    assert_eq!(definition.first(), Some(Phase::Planning));
    assert_eq!(
        definition.successors(Phase::Scoping),
        [Phase::SampleSelection, Phase::DataOwnerId]
    );
    assert_eq!(definition.descendants(Phase::Planning), Phase::ALL[1..]);
    assert_eq!(
        definition.descendants(Phase::DataOwnerId),
        [
            Phase::RequestInfo,
            Phase::TestExecution,
            Phase::Observations,
            Phase::TestReport
        ]
    );
    assert!(definition.descendants(Phase::TestReport).is_empty());
}

#[test]
fn the_kind_of_a_transition_follows_from_the_graph() {
    let definition = Definition::latest();
    let sequential = TransitionKind::Sequential {};
    assert_eq!(definition.transition(Phase::Planning, None), sequential);
    assert_eq!(definition.transition(Phase::Scoping, None), sequential);
    // Skipped by the opening: its condition was not evaluated.
    assert_eq!(definition.transition(Phase::Observations, None), sequential);
    assert_eq!(
        definition.transition(Phase::Observations, Some(true)),
        TransitionKind::Conditional {
            condition: "failed_tests > 0".to_owned(),
            result: true,
        }
    );
}
