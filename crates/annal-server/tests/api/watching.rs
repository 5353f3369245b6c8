//! For who runs the server, and what every answer says.

use reqwest::StatusCode;
use serde_json::Value;

use crate::support::bank;

#[tokio::test]
async fn health_readiness_and_metrics_are_told_here_and_to_no_stranger() {
    let bank = bank().await;
    let get = async |path: &str| {
        reqwest::get(format!("{}{path}", bank.address))
            .await
            .unwrap()
    };
    assert_eq!(get("/healthz").await.status(), StatusCode::OK);
    let ready: Value = get("/readyz").await.json().await.unwrap();
    assert_eq!(ready["ready"], true, "{ready}");
    assert_eq!(ready["ledgers"][0]["worker"], true, "{ready}");
    let metrics = get("/metrics").await.text().await.unwrap();
    for name in [
        "annal_http_request_duration_seconds_bucket",
        "annal_log_position{ledger=\"main\"}",
        "annal_projection_lag_events",
        "annal_acts_total",
    ] {
        assert!(metrics.contains(name), "{name} is missing in {metrics}");
    }
    for path in ["/readyz", "/metrics"] {
        let stranger = reqwest::Client::new().get(format!("{}{path}", bank.address));
        let stranger = stranger
            .header("X-Forwarded-For", "203.0.113.9")
            .send()
            .await
            .unwrap();
        assert_eq!(stranger.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn every_answer_tells_a_browser_what_to_allow() {
    let bank = bank().await;
    for path in ["/healthz", "/api/v1/me", "/nowhere", "/api/v1/openapi.json"] {
        let answer = reqwest::get(format!("{}{path}", bank.address))
            .await
            .unwrap();
        let headers = answer.headers();
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.contains("default-src 'none'") && !policy.contains("unsafe"),
            "{path}: {policy}"
        );
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert!(headers.contains_key("x-request-id"));
        assert!(!headers.contains_key("access-control-allow-origin"));
    }
}
