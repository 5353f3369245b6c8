//! A person's name is erased by command: it was in no table, it is on no page and in no answer, and all else holds.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod rotating;
#[path = "../support/mod.rs"]
mod support;

use std::fs;

use annal_verify::{Checkpoint, InclusionProof, read_signing_key};
use sqlx::{Connection, PgConnection};
use support::Home;
use support::office::{Up, start_run, waits_for};

const NAME: &str = "Ana Alves";
/// What she wrote, which stays.
const WORDS: &str = "as Ana did last year";
const CASE: &str = "asked for under the law, case 17";

/// Commands that tell names, to people and to scripts.
const TELLING: [&[&str]; 6] = [
    &["timeline", "latest"],
    &["decisions", "latest"],
    &["decisions", "latest", "--refused"],
    &["audit", "decisions"],
    &["audit", "refusals"],
    &["person", "list"],
];

#[test]
fn a_name_is_erased_and_everything_else_holds() {
    let home = Home::new();
    let sealed = home.json(&["person", "seal"]);
    assert_eq!(sealed["sealing"], true, "{sealed}");
    let _up = Up::start(&home);
    home.json(&["account", "add", "ana", "--name", NAME, "--no-password"]);
    home.json(&words(&start_run("hmda_boston.csv")));
    waits_for(&home, "ana", "decide");
    let register = "run register latest --id adam --name Adam --roles admin --reason new --as xena";
    home.json(&register.split(' ').collect::<Vec<_>>());
    let planning = "latest/planning";
    let why = ["--reason", WORDS, "--as", "ana"];
    home.json(&[&["decide", planning, "--rest", "include"], &why[..]].concat());
    assert_eq!(
        home.refused(3, &["submit", planning, "--as", "olga"]).0,
        "role_not_held"
    );
    assert_eq!(
        home.refused(3, &["approve", planning, "--as", "ana"]).0,
        "role_not_held"
    );
    assert!(
        told(&home, &TELLING[..5]).contains(NAME),
        "the search finds what is there"
    );
    let kept = keep(&home);

    refusals(&home);
    let erase = ["person", "erase", "ana", "--reason", CASE, "--as", "adam"];
    let erased = home.json(&erase);
    assert_eq!(
        (&erased["key_dropped"], &erased["runs"]),
        (&true.into(), &1.into())
    );
    assert_eq!(erased["account"], true, "{erased}");
    assert_eq!(erased["commands_with_words"], 1, "{erased}");
    let told_still = home.run(&["timeline", "--person", "ana"]).stdout;
    assert!(told_still.contains(WORDS), "{told_still}");
    let accounts = home.json(&["account", "list"]).to_string();
    assert!(
        accounts.contains("(erased)") && !accounts.contains(NAME),
        "{accounts}"
    );
    assert_eq!(home.refused(3, &erase).0, "person_erased", "a second time");

    let told_now = told(&home, &TELLING);
    assert!(!told_now.contains(NAME), "{told_now}");
    assert!(told_now.contains("(erased)") && told_now.contains(r#"{"erased":true}"#));
    let timeline = home.run(&["timeline", "latest"]).stdout;
    let record = format!("Adam erased the name of ana: {CASE}");
    assert!(timeline.contains(&record), "{timeline}");
    nothing_in(&home);
    acts_no_more(&home);
    everything_holds(&home, &kept);
}

fn words(list: &[String]) -> Vec<&str> {
    list.iter().map(String::as_str).collect()
}

/// What the commands say, as text and as JSON.
fn told(home: &Home, commands: &[&[&str]]) -> String {
    let mut told = String::new();
    for words in commands {
        for format in [None, Some("--json")] {
            let ended = home.run(&words.iter().copied().chain(format).collect::<Vec<_>>());
            assert_eq!(ended.status, 0, "{words:?}: {}", ended.stderr);
            told += &ended.stdout;
        }
    }
    told
}

fn refusals(home: &Home) {
    let erase = |more: &[&'static str]| [&["person", "erase"], more].concat();
    for (status, more, code) in [
        (
            6,
            vec!["anna", "--reason", "r", "--as", "adam"],
            "not_found",
        ),
        (
            3,
            vec!["ana", "--reason", "r", "--as", "xena"],
            "role_not_held",
        ),
        (
            3,
            vec!["ana", "--reason", "r", "--as", "nobody"],
            "unknown_person",
        ),
        (
            3,
            vec!["ana", "--reason", " ", "--as", "adam"],
            "reason_required",
        ),
    ] {
        let (found, message) = home.refused(status, &erase(&more));
        assert_eq!(found, code, "{more:?}: {message}");
    }
    for more in [
        vec!["ana", "--as", "adam"],
        vec!["ana", "--reason", "r"],
        vec!["ana", "--reson", "r", "--as", "adam"],
        vec!["", "--reason", "r", "--as", "adam"],
        vec!["--reason", "r", "--as", "adam"],
    ] {
        assert_eq!(home.run(&erase(&more)).status, 2, "{more:?}");
    }
    assert!(
        told(home, &TELLING[5..]).contains(NAME),
        "nothing was erased"
    );
}

/// Files that were given out before: a key, a checkpoint, a proof of the first event, which names everybody.
struct Kept {
    key: String,
    checkpoint: String,
    proof: InclusionProof,
}

fn keep(home: &Home) -> Kept {
    let at = |name: &str| home.path().join(name).display().to_string();
    home.json(&["log", "key", &at("key.pem")]);
    let checkpoint = home.json(&["log", "checkpoint", "--key", &at("key.pem")]);
    fs::write(at("checkpoint"), checkpoint.to_string()).unwrap();
    let proof = home.json(&["log", "prove", "1", "--checkpoint", &at("checkpoint")]);
    Kept {
        key: at("key.pem"),
        checkpoint: at("checkpoint"),
        proof: InclusionProof::from_json(&proof.to_string()).unwrap(),
    }
}

fn everything_holds(home: &Home, kept: &Kept) {
    assert_eq!(home.json(&["log", "verify"])["intact"], true);
    let key = read_signing_key(kept.key.as_ref()).unwrap().verifying_key();
    assert_eq!(kept.proof.verify(&key), Ok(()));
    let again = home.json(&["log", "prove", "1", "--checkpoint", &kept.checkpoint]);
    let again = InclusionProof::from_json(&again.to_string()).unwrap();
    assert_eq!(again, kept.proof);
    let later = home.json(&[
        "log",
        "checkpoint",
        "--key",
        &kept.key,
        "--since",
        &kept.checkpoint,
    ]);
    Checkpoint::from_json(&later.to_string())
        .unwrap()
        .verify(&key)
        .unwrap();
    let export = home.path().join("export");
    home.json(&["export", "latest", "--to", &export.display().to_string()]);
    assert!(export.join("report.html").exists());
    for file in files(&export) {
        let text = String::from_utf8_lossy(&fs::read(&file).unwrap()).into_owned();
        assert!(!text.contains(NAME), "{}", file.display());
    }
    let compared = home.json(&["projections", "compare"]).to_string();
    assert!(compared.contains("decisions"), "{compared}");
    let rebuilt = home.run(&["projections", "rebuild", "--all"]);
    assert_eq!(
        rebuilt.status, 0,
        "rebuilt tables are as they were: {}",
        rebuilt.stderr
    );
    let told = told(home, &TELLING);
    assert!(!told.contains(NAME), "{told}");
}

fn files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found
}

/// Every column of every table of the database.
fn nothing_in(home: &Home) {
    let up = home.json(&["up", "--check"]);
    let url = up["database_url"].as_str().unwrap().to_owned();
    let search = async {
        let mut admin = PgConnection::connect(&url).await.unwrap();
        let tables: Vec<String> = sqlx::query_scalar(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables \
             WHERE schemaname NOT IN ('pg_catalog', 'information_schema')",
        )
        .fetch_all(&mut admin)
        .await
        .unwrap();
        assert!(tables.len() > 15, "{tables:?}");
        let mut known = 0;
        for table in &tables {
            let holds = format!(
                "SELECT count(*) FILTER (WHERE strpos(t::text, $1) > 0 OR strpos(t::text, $2) > 0), \
                        count(*) FILTER (WHERE strpos(t::text, 'ana') > 0) FROM {table} AS t"
            );
            let (name, id): (i64, i64) = sqlx::query_as(&holds)
                .bind(NAME)
                .bind(hex::encode(NAME))
                .fetch_one(&mut admin)
                .await
                .unwrap();
            assert_eq!(name, 0, "{table} holds the name");
            known += id;
        }
        assert!(known > 10, "the search finds what is there");
    };
    tokio::runtime::Runtime::new().unwrap().block_on(search);
}

fn acts_no_more(home: &Home) {
    let submit = ["submit", "latest/planning", "--as", "ana"];
    let (code, message) = home.refused(3, &submit);
    assert_eq!(code, "person_erased", "{message}");
    let again = "run register latest --id ana --name Ana --roles tester --reason back --as xena";
    assert_eq!(
        home.refused(3, &again.split(' ').collect::<Vec<_>>()).0,
        "person_erased"
    );
    let next = "run register latest --id ana2 --name Ana2 --roles tester --reason back --as xena";
    home.json(&next.split(' ').collect::<Vec<_>>());
    home.json(&["submit", "latest/planning", "--as", "ana2"]);
}
