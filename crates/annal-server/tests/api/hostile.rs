//! Requests that mean no good get a 4xx, or no answer, and leave no trace but the record.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{answered, bank};

#[tokio::test]
async fn too_much_is_refused_before_it_is_read() {
    let bank = bank().await;
    let acts = format!("{}/acts", bank.of_run());
    let post = |body: Vec<u8>| {
        let request = bank.request("ana", Method::POST, &acts);
        request
            .header("content-type", "application/json")
            .body(body)
    };
    let large = post(vec![b' '; 10 << 20]).send().await;
    // The server may hang up before all is sent.
    if let Ok(answer) = large {
        assert_eq!(answered(answer).await.0.as_u16(), 413);
    }
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let (status, told) = answered(post(deep.into_bytes()).send().await.unwrap()).await;
    assert_eq!(
        (status.as_u16(), told["code"].as_str()),
        (400, Some("invalid_json"))
    );
    let (status, _) = answered(post(vec![0xff, 0xfe, 0x80]).send().await.unwrap()).await;
    assert_eq!(status.as_u16(), 400, "no UTF-8");
    let many = json!({
        "act": "decide_items", "phase": "planning", "level": "tester",
        "decisions": vec![json!({"item": "attribute:nothing", "verdict": "include"}); 5_000],
    });
    let (status, told) = answered(post(many.to_string().into_bytes()).send().await.unwrap()).await;
    assert!(status.is_client_error(), "{status} {told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_ends_its_head_is_hung_up_on_and_others_are_served() {
    let bank = bank().await;
    let address = bank.address.replace("http://", "");
    let slow = tokio::task::spawn_blocking(move || {
        let mut socket = TcpStream::connect(address).unwrap();
        socket
            .set_read_timeout(Some(Duration::from_secs(40)))
            .unwrap();
        socket
            .write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ")
            .unwrap();
        let mut told = Vec::new();
        let _ = socket.read_to_end(&mut told);
        String::from_utf8_lossy(&told).into_owned()
    });
    let served = reqwest::get(format!("{}/healthz", bank.address))
        .await
        .unwrap();
    assert!(served.status().is_success());
    let told = slow.await.unwrap();
    assert!(
        told.is_empty() || told.contains(" 408 ") || told.contains(" 400 "),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_body_whatsoever_makes_the_server_fail() {
    let bank = bank().await;
    let handle = tokio::runtime::Handle::current();
    // What it happens to do in order must not disturb the others.
    let acts = format!("/ledgers/main/runs/{}/acts", bank.open_run().await);
    let trial = tokio::task::spawn_blocking(move || {
        let mut runner = TestRunner::new(Config {
            cases: 96,
            failure_persistence: None,
            ..Config::default()
        });
        runner.run(&body(), |body| {
            let request = bank.request("ana", Method::POST, &acts).json(&body);
            let sent = async { answered(request.send().await.unwrap()).await };
            let (status, told) = handle.block_on(sent);
            prop_assert!(status.as_u16() < 500, "{status} for {body}: {told}");
            Ok(())
        })
    });
    trial.await.unwrap().unwrap();
}

/// Bodies that are nearly acts: known names and members with values of any kind.
fn body() -> impl Strategy<Value = Value> {
    let names = proptest::sample::select(vec![
        "decide_items",
        "submit_version",
        "withdraw_version",
        "add_items",
        "change_item",
        "remove_items",
        "revise_version",
        "revert_version",
        "assign_owners",
        "escalate_ownership",
        "request_information",
        "submit_document",
        "review_document",
        "record_tests",
        "review_tests",
        "create_version",
        "change_definition",
        "confirm_phase",
        "nonsense",
    ]);
    let member = prop_oneof![
        proptest::sample::select(vec![
            "phase",
            "version",
            "level",
            "decisions",
            "items",
            "item",
            "content",
            "to",
            "reason",
            "role",
            "on_behalf_of",
            "effective_at",
            "policy",
            "draw",
            "attributes",
            "text",
            "owner",
            "request",
            "document",
            "file",
            "accept",
            "cases",
            "results",
            "requested_changes",
            "assignments",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,12}",
    ];
    (
        names,
        proptest::collection::btree_map(member, value(), 0..6),
    )
        .prop_map(|(name, members)| {
            let mut body = json!(members);
            body["act"] = json!(name);
            body
        })
}

fn value() -> impl Strategy<Value = Value> {
    let known = proptest::sample::select(vec![
        json!("planning"),
        json!("scoping"),
        json!("sample_selection"),
        json!("data_owner_id"),
        json!("tester"),
        json!("report_owner"),
        json!("attribute:single"),
        json!("2.0.0"),
        json!("9999-12-31T23:59:59Z"),
        json!("0001-01-01T00:00:00Z"),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(1e308),
        json!("\u{0}"),
        json!([{"item": "attribute:single", "verdict": "include"}]),
        json!([{"id": "x", "content": {"kind": "section", "title": "\u{202e}", "body": ""}}]),
        json!({"name": "x", "sha256": "00", "bytes": 1}),
    ]);
    let leaf = prop_oneof![
        known,
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map(any::<String>(), inner, 0..4).prop_map(|it| json!(it)),
        ]
    })
}
