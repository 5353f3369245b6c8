//! People at the command line, with `annal up` in another terminal: the tour of the README, and what goes wrong.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use support::Home;
use support::office::{EXAMPLES, Up, start_run, waits_for};

fn words(list: &[String]) -> Vec<&str> {
    list.iter().map(String::as_str).collect()
}

#[test]
fn planning_by_hand_and_every_mistake_on_the_way() {
    let home = Home::new();
    let _up = Up::start(&home);
    home.json(&words(&start_run("hmda_boston.csv")));
    let planning = "latest/planning";
    waits_for(&home, "ana", "decide");

    refusals_before_a_decision(&home);
    home.json(&["decide", planning, "--rest", "include", "--as", "ana"]);
    the_same_command_twice(&home);
    home.json(&["submit", planning, "--as", "ana"]);
    let (code, _) = home.refused(
        3,
        &[
            "decide", planning, "--rest", "include", "--level", "tester", "--as", "ana",
        ],
    );
    assert!(
        matches!(code.as_str(), "version_closed" | "invalid_content"),
        "{code}"
    );
    home.json(&["decide", planning, "--rest", "approve", "--as", "olga"]);
    let (code, _) = home.refused(3, &["approve", planning, "--as", "ana"]);
    assert_eq!(code, "role_not_held");
    home.json(&["approve", planning, "--as", "olga"]);
    waits_for(&home, "ana", "decide");

    let decided = [
        "decide",
        "latest/planning@1",
        "attribute:loan_to_value=exclude",
        "--level",
        "tester",
        "--reason",
        "late thought",
        "--as",
        "ana",
    ];
    let (code, message) = home.refused(3, &decided);
    assert!(
        matches!(code.as_str(), "phase_closed" | "version_closed"),
        "{code}: {message}"
    );
    let refused = home.json(&["decisions", "latest", "--refused"]);
    assert!(refused["rows"].as_array().unwrap().len() >= 5, "{refused}");
}

fn refusals_before_a_decision(home: &Home) {
    let planning = "latest/planning";
    let head = || home.json(&["log", "head"])["position"].as_u64().unwrap();
    let before = head();
    let include = "attribute:loan_to_value=include";
    let (code, message) = home.refused(3, &["decide", planning, include, "--as", "nobody"]);
    assert_eq!(code, "unknown_person", "{message}");
    let (code, _) = home.refused(
        3,
        &[
            "decide", planning, include, "--as", "olga", "--level", "tester",
        ],
    );
    assert_eq!(code, "role_not_held");
    let unknown = [
        "decide",
        planning,
        "attribute:no_such=include",
        include,
        "--as",
        "ana",
    ];
    let (code, message) = home.refused(3, &unknown);
    assert_eq!(code, "unknown_item");
    assert!(message.contains("attribute:no_such"), "{message}");
    let (code, _) = home.refused(3, &["submit", planning, "--as", "ana"]);
    assert_eq!(code, "incomplete");
    assert_eq!(
        head(),
        before + 4,
        "a refusal leaves its record and nothing else"
    );
    let (code, _) = home.refused(6, &["decide", "ffffffff/planning", include, "--as", "ana"]);
    assert_eq!(code, "not_found");
}

fn the_same_command_twice(home: &Home) {
    let id = "0190aaaa-0000-7000-8000-000000000001";
    let changed = |verdict: &str| {
        let decision = format!("attribute:single={verdict}");
        let words = [
            "decide",
            "latest/planning",
            &decision,
            "--reason",
            "not reported",
            "--as",
            "ana",
            "--command-id",
            id,
            "--effective-at",
            "2026-01-05T09:00:00Z",
        ];
        words.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>()
    };
    let first = home.json(&words(&changed("exclude")));
    let head = || home.json(&["log", "head"])["position"].as_u64();
    let before = head();
    let again = home.json(&words(&changed("exclude")));
    assert_eq!(
        again["first"], first["first"],
        "the first answer comes back"
    );
    assert_eq!(again["last"], first["last"]);
    assert_eq!(head(), before, "and nothing is written");
    let (code, _) = home.refused(4, &words(&changed("include")));
    assert_eq!(code, "command_reused");
}

#[test]
fn bad_files_are_told_by_line_and_nothing_is_written() {
    let home = Home::new();
    let whole = std::fs::read_to_string(format!("{EXAMPLES}/hmda_boston.csv")).unwrap();
    let broken = |name: &str, text: String| {
        let path = home.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let missing = broken("missing.csv", whole.replacen("loan_to_value,", "", 1));
    let (_, message) = home.refused(2, &words(&start_run(&missing)));
    assert!(message.contains("loan_to_value"), "{message}");
    let row = broken("row.csv", whole.replacen("\n3,0.372,", "\n3,", 1));
    let (_, message) = home.refused(2, &words(&start_run(&row)));
    assert!(message.contains("line 4"), "{message}");
    let (_, message) = home.refused(2, &words(&start_run("/no/such.csv")));
    assert!(message.contains("/no/such.csv"), "{message}");
    assert_eq!(home.json(&["log", "head"])["position"], 0);
}
