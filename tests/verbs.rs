//! The commands that the demo does without: people who join, items changed by hand, a move to a newer definition, a stale
//! phase that is confirmed, ownership that is taken higher.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use serde_json::{Value, json};
use support::Home;
use support::office::{Up, start_run, waits_for};

/// Runs a command that is written as in a terminal; nobody's words have blanks in them here.
fn does(home: &Home, line: &str) -> Value {
    home.json(&line.split(' ').collect::<Vec<_>>())
}

fn refused(home: &Home, line: &str) -> (String, String) {
    home.refused(3, &line.split(' ').collect::<Vec<_>>())
}

#[test]
fn a_run_is_led_by_hand_with_the_commands_of_every_day_and_those_of_the_rare_one() {
    let home = Home::new();
    let _up = Up::start(&home);
    let mut start = start_run("hmda_boston.csv");
    start.extend(["--definition", "1.1.0"].map(str::to_owned));
    home.json(&start.iter().map(String::as_str).collect::<Vec<_>>());
    waits_for(&home, "ana", "decide");

    somebody_joins(&home);
    items_are_added_changed_and_removed(&home);
    the_run_moves_to_a_newer_definition(&home);
    a_stale_phase_is_confirmed(&home);
    ownership_is_taken_higher(&home);
    assert_eq!(does(&home, "log verify")["intact"], true);
}

fn somebody_joins(home: &Home) {
    let submit = "submit latest/planning --as eve";
    assert_eq!(refused(home, submit).0, "unknown_person");
    let register = "run register latest --id eve --name Eve --roles tester,data_owner --reason new";
    let (code, _) = refused(home, &format!("{register} --as ana"));
    assert!(
        matches!(code.as_str(), "role_not_held" | "role_not_allowed"),
        "{code}"
    );
    does(home, &format!("{register} --as xena"));
    waits_for(home, "eve", "decide");
    assert_eq!(refused(home, submit).0, "incomplete", "she is known now");
}

fn items_are_added_changed_and_removed(home: &Home) {
    let mut content = json!({
        "kind": "attribute", "name": "extra", "line_item": "15", "format": "decimal",
        "requirement": "optional", "primary_key": false, "critical": false, "risk": "low",
    });
    let file = |name: &str, json: &Value| {
        let path = home.path().join(name);
        std::fs::write(&path, json.to_string()).unwrap();
        path.display().to_string()
    };
    let risk = || {
        let shown = does(home, "show latest/planning");
        let items = shown["items"].as_array().unwrap().clone();
        let extra = items.into_iter().find(|it| it["item"] == "attribute:extra");
        extra.map(|it| it["content"]["risk"].clone())
    };
    let items = file(
        "items.json",
        &json!([{"id": "attribute:extra", "content": content}]),
    );
    does(
        home,
        &format!("item add latest/planning --file {items} --as eve"),
    );
    assert_eq!(risk(), Some("low".into()));
    content["risk"] = "high".into();
    let changed = file("content.json", &content);
    let change = format!("item change latest/planning attribute:extra --file {changed} --as eve");
    assert_eq!(refused(home, &change).0, "reason_required");
    does(home, &format!("{change} --reason riskier"));
    assert_eq!(risk(), Some("high".into()));
    let remove = "item remove latest/planning attribute:extra --as eve";
    does(home, &format!("{remove} --reason mistaken"));
    assert_eq!(risk(), None);
    assert_eq!(
        refused(home, &format!("{remove} --reason again")).0,
        "unknown_item"
    );
}

fn the_run_moves_to_a_newer_definition(home: &Home) {
    let back = "run move latest --to 1.0.0 --reason simpler --as xena";
    assert_eq!(refused(home, back).0, "definition_refused");
    does(
        home,
        "run move latest --to 1.2.0 --reason parallel --as xena",
    );
    let runs = does(home, "run list");
    assert_eq!(runs["rows"][0]["definition"], "1.2.0");
}

fn a_stale_phase_is_confirmed(home: &Home) {
    through_planning(home, "include");
    scope(home);
    let confirm = "confirm latest/scoping --reason unchanged --as xena";
    assert_eq!(refused(home, confirm).0, "out_of_order", "not stale");
    waits_for(home, "ana", "assign_owners");
    does(home, "reopen latest/planning --reason forgotten --as xena");
    waits_for(home, "ana", "revise");
    does(home, "revise latest/planning --policy all --as ana");
    assert_eq!(refused(home, confirm).0, "out_of_order", "planning is open");
    does(home, "submit latest/planning --as ana");
    does(home, "approve latest/planning --as olga");
    waits_for(home, "xena", "confirm");
    does(home, confirm);
}

fn through_planning(home: &Home, verdict: &str) {
    does(
        home,
        &format!("decide latest/planning --rest {verdict} --as ana"),
    );
    does(home, "submit latest/planning --as ana");
    does(home, "decide latest/planning --rest approve --as olga");
    does(home, "approve latest/planning --as olga");
    waits_for(home, "ana", "decide");
}

/// The tester follows the recommendations.
fn scope(home: &Home) {
    let shown = does(home, "show latest/scoping");
    let recommended = |it: &&Value| it["content"]["recommended"] == true;
    let items = shown["items"].as_array().unwrap();
    let accepted = items.iter().filter(recommended);
    let accepted = accepted.map(|it| format!("{}=accept", it["item"].as_str().unwrap()));
    let accepted = accepted.collect::<Vec<_>>().join(" ");
    does(home, &format!("decide latest/scoping {accepted} --as ana"));
    does(
        home,
        "decide latest/scoping --rest decline --reason safe --as ana",
    );
    does(home, "submit latest/scoping --as ana");
    does(home, "decide latest/scoping --rest approve --as olga");
    does(home, "approve latest/scoping --as olga");
}

fn ownership_is_taken_higher(home: &Home) {
    does(home, "assign latest --owner dora --as ana");
    waits_for(home, "dora", "acknowledge");
    let escalate = "escalate latest --attribute attribute:loan_to_value --as ana --reason silent";
    let (code, _) = refused(home, &format!("{escalate} --to nobody"));
    assert_eq!(code, "unknown_person");
    does(home, &format!("{escalate} --to carl"));
    let found = does(home, "timeline latest --limit 1000");
    let rows = found["rows"].as_array().unwrap().iter();
    let escalated = rows.filter(|it| it["event_type"] == "assignment_escalated");
    assert!(escalated.count() >= 1);
}
