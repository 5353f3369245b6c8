//! What changes, as it is heard.

use std::time::Duration;

use futures::StreamExt;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::bank;

/// Reads a stream until a line fits.
async fn until(response: reqwest::Response, fits: impl Fn(&str) -> bool) -> String {
    let mut heard = String::new();
    let mut pieces = response.bytes_stream();
    let listen = async {
        while let Some(piece) = pieces.next().await {
            heard.push_str(&String::from_utf8_lossy(&piece.expect("a piece")));
            if fits(&heard) {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs(30), listen).await;
    heard
}

#[tokio::test]
async fn what_happens_is_heard_and_a_broken_stream_is_taken_up_without_a_gap() {
    let bank = bank().await;
    let stream = format!("/ledgers/main/events/stream?run={}", bank.run);
    let before = bank.head().await;
    let act = json!({
        "act": "decide_items", "phase": "planning", "level": "tester",
        "decisions": [{"item": "attribute:denied_mortgage_insurance", "verdict": "include"}],
    });
    let listening = bank
        .request("olga", Method::GET, &stream)
        .send()
        .await
        .unwrap();
    assert_eq!(listening.status(), StatusCode::OK);
    assert_eq!(listening.headers()["content-type"], "text/event-stream");
    let (status, done) = bank.act("ana", &act).await;
    assert_eq!(status, StatusCode::CREATED, "{done}");
    let id = format!("id:{}", done["last_position"]);
    let spaced = format!("id: {}", done["last_position"]);
    let heard = until(listening, |it| it.contains(&id) || it.contains(&spaced)).await;
    assert!(heard.contains("item_decided"), "{heard}");
    // From before the act, as a client does that lost its connection then.
    let again = bank
        .request("olga", Method::GET, &stream)
        .header("Last-Event-ID", before);
    let heard = until(again.send().await.unwrap(), |it| {
        it.contains(&id) || it.contains(&spaced)
    })
    .await;
    assert!(
        heard.contains("attribute:denied_mortgage_insurance") || heard.contains("item_decided"),
        "{heard}"
    );
}

#[tokio::test]
async fn nobody_hears_of_what_they_do_not_see() {
    let bank = bank().await;
    let path = format!("/ledgers/main/events/stream?run={}", bank.run);
    let (status, _) = bank.get("otto", &path).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let bad = bank
        .request("ana", Method::GET, &path)
        .header("Last-Event-ID", "x")
        .send()
        .await
        .unwrap();
    assert_eq!(bad.status(), StatusCode::BAD_REQUEST);
}
