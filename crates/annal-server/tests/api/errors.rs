//! Every error is a problem document, whoever made it.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{answered, bank};

/// Sends it and wants a problem document with this status and code.
async fn refused(request: reqwest::RequestBuilder, status: u16, code: &str) -> Value {
    let response = request.send().await.expect("an answer");
    let kind = response.headers().get("content-type").cloned();
    let id = response.headers().get("x-request-id").cloned();
    let (told, problem) = answered(response).await;
    assert_eq!(
        (told.as_u16(), problem["code"].as_str()),
        (status, Some(code)),
        "{problem}"
    );
    assert_eq!(kind.expect("a type"), "application/problem+json");
    assert_eq!(problem["type"], format!("/problems/{code}"));
    let instance = format!("urn:uuid:{}", id.expect("an id").to_str().expect("a text"));
    assert_eq!(problem["instance"], instance);
    problem
}

#[tokio::test]
async fn what_axum_refuses_is_a_problem_too() {
    let bank = bank().await;
    let acts = format!("{}/acts", bank.of_run());
    let post = |path: &str| bank.request("ana", Method::POST, path);
    let get = |path: &str| bank.request("ana", Method::GET, path);
    let json = "application/json";
    refused(get("/nowhere"), 404, "not_found").await;
    refused(
        bank.request("ana", Method::DELETE, &acts),
        405,
        "method_not_allowed",
    )
    .await;
    refused(post(&acts).body("{}"), 415, "unsupported_media_type").await;
    refused(
        post(&acts).header("content-type", json).body("{"),
        400,
        "invalid_json",
    )
    .await;
    refused(post(&acts).json(&json!([])), 422, "invalid_body").await;
    refused(
        post(&acts).json(&json!({"act": "fly"})),
        422,
        "invalid_body",
    )
    .await;
    let nul = json!({"act": "submit_version", "phase": "planning", "reason": "a\0b"});
    refused(post(&acts).json(&nul), 400, "invalid_text").await;
    let key = post(&acts)
        .json(&json!({"act": "cancel_run"}))
        .header("Idempotency-Key", "no uuid");
    refused(key, 400, "invalid_header").await;
    refused(
        get(&format!("{}/versions?phase=lunch", bank.of_run())),
        400,
        "invalid_query",
    )
    .await;
    refused(
        get("/ledgers/main/audit/decisions?limit=0"),
        400,
        "invalid_query",
    )
    .await;
    refused(
        get("/ledgers/main/audit/decisions?persn=ana"),
        400,
        "invalid_query",
    )
    .await;
    refused(
        get("/ledgers/main/audit/decisions?since=99999-01-01T00:00:00Z"),
        400,
        "invalid_query",
    )
    .await;
    refused(get("/ledgers/main/events/first"), 400, "invalid_path").await;
    refused(get("/ledgers/main/events/999999999"), 404, "not_found").await;
    refused(
        get("/ledgers/main/events/18446744073709551615"),
        404,
        "not_found",
    )
    .await;
    refused(
        get(&format!("{}/phases/planning/versions/99", bank.of_run())),
        404,
        "not_found",
    )
    .await;
    refused(
        get(&format!(
            "/ledgers/main/audit/search?words={}",
            "x".repeat(9000)
        )),
        414,
        "uri_too_long",
    )
    .await;
    refused(
        get("/ledgers/main/audit/search?words=%00"),
        400,
        "invalid_text",
    )
    .await;
}

#[tokio::test]
async fn who_shows_nothing_is_told_to_sign_in() {
    let bank = bank().await;
    let nobody = bank.request("nobody", Method::GET, "/ledgers/main/runs");
    let response = nobody.send().await.unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    let forged = bank
        .request("nobody", Method::GET, "/me")
        .bearer_auth("annal_forged");
    assert_eq!(
        forged.send().await.unwrap().status(),
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn every_code_has_its_page() {
    let bank = bank().await;
    let all: Value = reqwest::get(format!("{}/problems", bank.address))
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let rows = all["rows"].as_array().unwrap();
    assert!(rows.len() > 50, "{all}");
    let one = reqwest::get(format!("{}/problems/four_eyes", bank.address))
        .await
        .unwrap();
    assert_eq!(one.status(), StatusCode::OK);
}
