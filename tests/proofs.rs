//! The log verified, signed, proved and exported by command, and checked without it.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![allow(dead_code, reason = "the support has more than this program uses")]

mod support;

use std::fs;

use annal_core::{LedgerId, Role};
use annal_log::{EventData, Log, StreamId};
use annal_stack::testing::TestDatabase;
use annal_verify::{Checkpoint, ConsistencyProof, InclusionProof, read_signing_key, verify_export};
use sqlx::{Connection, Executor, PgConnection};
use support::Home;
use support::appending::{actor, appending};

async fn append(log: &Log, expected: u64, count: usize) {
    let event = EventData {
        event_type: "noted".to_owned(),
        event_version: "1.0".to_owned(),
        payload: r#"{"type":"noted"}"#.to_owned(),
    };
    let stream = StreamId {
        aggregate_type: "note".to_owned(),
        aggregate_id: "a".to_owned(),
    };
    let ana = actor("ana", "Ana", Role::Tester);
    let append = appending(ana, stream, expected, vec![event; count]);
    log.append(append).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_commands_give_out_is_checked_without_them() {
    let database = TestDatabase::fresh().await;
    annal_log::migrate(database.url()).await.unwrap();
    let ledger = LedgerId::new("main").unwrap();
    let log = Log::connect(database.url(), ledger).await.unwrap();
    let mut home = Home::new();
    home.at("DATABASE_URL", database.url());
    let at = |name: &str| home.path().join(name).display().to_string();
    let keep = |name: &str, words: &[&str]| {
        let answer = home.json(words);
        fs::write(at(name), answer.to_string()).unwrap();
    };

    append(&log, 0, 5).await;
    let made = home.json(&["log", "key", &at("key.pem")]);
    fs::write(at("public"), made["public_key"].as_str().unwrap()).unwrap();
    keep("first", &["log", "checkpoint", "--key", &at("key.pem")]);
    append(&log, 5, 4).await;
    keep(
        "second",
        &[
            "log",
            "checkpoint",
            "--key",
            &at("key.pem"),
            "--since",
            &at("first"),
        ],
    );
    let third = home.json(&["log", "head"]);
    assert_eq!(third["position"], 9);
    let event = log.read(annal_core::Position(2), 1).await.unwrap()[0]
        .event_id
        .to_string();
    keep(
        "inclusion",
        &["log", "prove", &event, "--checkpoint", &at("second")],
    );
    keep(
        "consistency",
        &["log", "prove", "--consistency", &at("first"), &at("second")],
    );
    let exported = home.run(&["log", "export", "--out", &at("export")]);
    assert_eq!(exported.status, 0, "{}", exported.stderr);
    let piped = home.run(&["log", "export"]);
    let verified = home.json(&[
        "log",
        "verify",
        "--since",
        &at("first"),
        "--key",
        &at("public"),
    ]);
    assert_eq!(
        (&verified["checked"], &verified["intact"]),
        (&4.into(), &true.into())
    );

    let read = |name: &str| fs::read_to_string(at(name)).unwrap();
    assert_eq!(read("export"), piped.stdout);
    let trusted = read_signing_key(at("key.pem").as_ref())
        .unwrap()
        .verifying_key();
    let inclusion = InclusionProof::from_json(&read("inclusion")).unwrap();
    assert_eq!(inclusion.verify(&trusted), Ok(()));
    assert_eq!(inclusion.event.event_id.to_string(), event);
    let consistency = ConsistencyProof::from_json(&read("consistency")).unwrap();
    assert_eq!(consistency.verify(&trusted), Ok(()));
    let checkpoints = ["first", "second"].map(|name| Checkpoint::from_json(&read(name)).unwrap());
    let report = verify_export(read("export").as_bytes(), &checkpoints, Some(&trusted)).unwrap();
    assert_eq!((report.last, report.vouched, report.fault), (9, 9, None));

    // A row that was changed behind everybody's back: nothing signs it, and everything names it.
    let mut admin = PgConnection::connect(database.url()).await.unwrap();
    let change = "ALTER TABLE annal.events DISABLE TRIGGER ALL; UPDATE annal.events SET actor_id = 'eve' WHERE position = 7";
    admin.execute(sqlx::raw_sql(change)).await.unwrap();
    for words in [
        vec!["log", "verify"],
        vec!["log", "verify", "--after", "5", "--until", "8"],
        vec!["log", "checkpoint", "--key", &at("key.pem")],
    ] {
        let (code, message) = home.refused(7, &words);
        assert_eq!(code, "log_not_intact");
        assert!(
            message.contains("the event at position 7 was altered"),
            "{message}"
        );
    }
    assert_eq!(
        home.refused(6, &["log", "prove", "12", "--checkpoint", &at("second")])
            .0,
        "log_out_of_reach"
    );
    assert_eq!(home.refused(2, &["log", "key", &at("key.pem")]).0, "usage");
}
