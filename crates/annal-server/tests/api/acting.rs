//! What people do, through the API.

use reqwest::{Method, StatusCode};
use serde_json::json;
use uuid::Uuid;

use crate::support::{answered, bank};

#[tokio::test]
async fn an_act_is_carried_out_once_however_often_it_is_sent_and_its_key_is_its_own() {
    let bank = bank().await;
    let (key, path) = (
        Uuid::new_v4().to_string(),
        format!("{}/acts", bank.of_run()),
    );
    let send = async |verdict: &str| {
        let act = json!({
            "act": "decide_items", "phase": "planning", "level": "tester", "reason": "as the form says",
            "decisions": [{"item": "attribute:single", "verdict": verdict}],
        });
        let request = bank.request("ana", Method::POST, &path).json(&act);
        let response = request
            .header("Idempotency-Key", &key)
            .send()
            .await
            .unwrap();
        let place = response.headers().get("location").cloned();
        (place, answered(response).await)
    };
    let (place, (status, first)) = send("exclude").await;
    assert_eq!(status, StatusCode::CREATED, "{first}");
    assert_eq!(first["command_id"], key);
    assert_eq!(first["run"]["status"], "open");
    let (_, (status, again)) = send("exclude").await;
    assert_eq!(
        (status, &again["last_position"]),
        (StatusCode::OK, &first["last_position"])
    );
    assert_eq!(again["repeated"], true);
    let (_, (status, other)) = send("include").await;
    assert_eq!(
        (status, &other["code"]),
        (StatusCode::CONFLICT, &json!("command_reused"))
    );
    let taken = "/ledgers/main/audit/decisions?item=attribute:single";
    let (_, page) = bank.get("ana", taken).await;
    let decided = page["rows"].as_array().unwrap();
    assert_eq!(decided.len(), 1, "one decision for all of them: {page}");
    let refused = "/ledgers/main/audit/refusals?code=command_reused";
    let (_, page) = bank.get("ana", refused).await;
    assert_eq!(page["rows"].as_array().unwrap().len(), 1, "{page}");
    let place = place
        .expect("a place")
        .to_str()
        .unwrap()
        .replacen("/api/v1", "", 1);
    let (status, outcome) = bank.get("ana", &place).await;
    assert_eq!(
        (status, &outcome["verdict"]),
        (StatusCode::OK, &json!("accepted"))
    );
}

#[tokio::test]
async fn who_acts_comes_from_the_token_and_from_nothing_else() {
    let bank = bank().await;
    let include = |extra: &str| {
        let mut act = json!({
            "act": "decide_items", "phase": "planning", "level": "tester",
            "decisions": [{"item": "attribute:loan_to_value", "verdict": "include"}],
        });
        if !extra.is_empty() {
            act[extra] = json!("olga");
        }
        act
    };
    for forged in ["person", "actor", "by", "actor_id"] {
        let (status, refused) = bank.act("ana", &include(forged)).await;
        assert_eq!(
            status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{forged}: {refused}"
        );
    }
    let (status, refused) = bank.act("olga", &include("")).await;
    assert_eq!(
        (status, &refused["code"]),
        (StatusCode::FORBIDDEN, &json!("role_not_held")),
        "{refused}"
    );
    let (_, page) = bank
        .get(
            "audrey",
            "/ledgers/main/audit/refusals?person=olga&code=role_not_held",
        )
        .await;
    assert_eq!(page["rows"][0]["actor_id"], "olga", "{page}");
}

#[tokio::test]
async fn what_was_done_is_read_at_once() {
    let bank = bank().await;
    let act = json!({
        "act": "decide_items", "phase": "planning", "level": "tester",
        "decisions": [{"item": "attribute:applicant_black", "verdict": "include"}],
    });
    let (status, done) = bank.act("ana", &act).await;
    assert_eq!(status, StatusCode::CREATED, "{done}");
    let (_, page) = bank
        .get(
            "ana",
            "/ledgers/main/audit/decisions?item=attribute:applicant_black&person=ana",
        )
        .await;
    assert_eq!(page["rows"][0]["verdict"], "include", "{page}");
    assert!(page["head_position"].as_u64() >= done["last_position"].as_u64());
}

#[tokio::test]
async fn a_run_is_opened_once_under_one_key_and_a_bad_file_is_named_by_its_line() {
    let bank = bank().await;
    let opening = bank.opening().await;
    let key = Uuid::new_v4().to_string();
    let open = async |body: &serde_json::Value, key: &str| {
        let request = bank
            .request("xena", Method::POST, "/ledgers/main/runs")
            .json(body);
        answered(request.header("Idempotency-Key", key).send().await.unwrap()).await
    };
    let (status, first) = open(&opening, &key).await;
    assert_eq!(status, StatusCode::CREATED, "{first}");
    let (status, again) = open(&opening, &key).await;
    assert_eq!(
        (status, &again["run_id"]),
        (StatusCode::OK, &first["run_id"]),
        "{again}"
    );
    let head = bank.head().await;
    let mut swapped = opening.clone();
    swapped["dictionary"] = opening["data"].clone();
    let (status, refused) = open(&swapped, &Uuid::new_v4().to_string()).await;
    assert_eq!(
        (status, &refused["code"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("invalid_data"))
    );
    let mut missing = opening;
    missing["data"]["sha256"] = json!("00".repeat(32));
    let (status, _) = open(&missing, &Uuid::new_v4().to_string()).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(
        bank.head().await >= head,
        "and nothing was written for either"
    );
}
