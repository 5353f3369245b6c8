//! What is read, by whom.

use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::support::bank;

/// Everything that is read of a ledger or a run, as the description lists it.
fn reads(run: &str) -> Vec<String> {
    let described: Value = serde_json::from_str(&annal_server::openapi()).expect("JSON");
    let paths = described["paths"].as_object().expect("paths");
    let mut reads = Vec::new();
    for (path, operations) in paths {
        let open = [
            "/events/stream",
            "/rebuild",
            "/proof",
            "/files/",
            "/acts/",
            "/definitions/",
        ];
        if operations.get("get").is_none() || open.iter().any(|it| path.contains(it)) {
            continue;
        }
        let mut path = path
            .replace("{run}", run)
            .replace("{phase}", "planning")
            .replace("{number}", "1");
        path = path.replace("{position}", "1");
        match path.as_str() {
            it if it.ends_with("/lineage") => path += "?of=attribute:single",
            it if it.ends_with("/search") => path += "?words=reported",
            _ => {}
        }
        reads.push(path);
    }
    reads
}

#[tokio::test]
async fn everything_is_read_by_who_may_and_is_not_there_for_who_may_not() {
    let bank = bank().await;
    let reads = reads(&bank.run.to_string());
    assert!(reads.len() > 25, "{reads:?}");
    for read in reads {
        let here = read.replace("{ledger}", "main");
        let (status, told) = bank.get("audrey", &here).await;
        assert_eq!(status, StatusCode::OK, "{here}: {told}");
        if !read.contains("{ledger}") {
            continue;
        }
        let (status, told) = bank.get("otto", &here).await;
        assert_eq!(
            (status, told["code"].as_str()),
            (StatusCode::NOT_FOUND, Some("not_found")),
            "{here}"
        );
        let nowhere = read.replace("{ledger}", "nowhere");
        let (status, as_if) = bank.get("otto", &nowhere).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert_eq!(
            told["detail"]
                .as_str()
                .map(|it| it.replace("main", "nowhere")),
            as_if["detail"].as_str().map(str::to_owned),
            "a foreign ledger and none are told the same"
        );
    }
}

#[tokio::test]
async fn a_run_of_others_is_told_like_one_that_there_is_not() {
    let bank = bank().await;
    // An admin of another ledger knows the run's id and asks in their own.
    let foreign = format!("/ledgers/other/runs/{}", bank.run);
    let none = format!("/ledgers/other/runs/{}", uuid::Uuid::nil());
    let (one, two) = (
        bank.get("otto", &foreign).await,
        bank.get("otto", &none).await,
    );
    assert_eq!(
        (one.0, two.0),
        (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND)
    );
    for whole in ["/ledgers/main/log/export", "/ledgers/main/files/00"] {
        let (status, told) = bank.get("ana", whole).await;
        assert_eq!(
            (status, told["code"].as_str()),
            (StatusCode::FORBIDDEN, Some("not_allowed")),
            "{whole}"
        );
    }
}

#[tokio::test]
async fn pages_follow_each_other_by_their_links_without_a_gap() {
    let bank = bank().await;
    let mut path = format!("/ledgers/main/events?run={}&limit=7", bank.run);
    let mut seen = Vec::new();
    for _ in 0..5 {
        let response = bank
            .request("ana", Method::GET, &path)
            .send()
            .await
            .unwrap();
        let link = response
            .headers()
            .get("link")
            .map(|it| it.to_str().unwrap().to_owned());
        let page: Value = response.json().await.unwrap();
        seen.extend(
            page["rows"]
                .as_array()
                .unwrap()
                .iter()
                .map(|it| it["position"].as_u64().unwrap()),
        );
        let Some(link) = link else { break };
        assert!(link.ends_with("; rel=\"next\""), "{link}");
        path = link[1..link.find('>').unwrap()].replacen("/api/v1", "", 1);
    }
    assert!(
        seen.len() > 7 && seen.is_sorted_by(|a, b| a < b),
        "{seen:?}"
    );
    let limit = seen.len();
    let whole = format!("/ledgers/main/events?run={}&limit={limit}", bank.run);
    let (_, whole) = bank.get("ana", &whole).await;
    let whole: Vec<u64> = whole["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["position"].as_u64().unwrap())
        .collect();
    assert_eq!(seen, whole);
}

#[tokio::test]
async fn an_answer_is_not_sent_twice_while_nothing_changes() {
    let bank = bank().await;
    let path = format!("{}/versions?phase=planning", bank.of_run());
    let ask = async |who: &str, tag: Option<&str>, path: &str| {
        let request = bank.request(who, Method::GET, path);
        let request = match tag {
            Some(tag) => request.header("If-None-Match", tag),
            None => request,
        };
        let response = request.send().await.unwrap();
        let tag = response
            .headers()
            .get("etag")
            .map(|it| it.to_str().unwrap().to_owned());
        (response.status(), tag)
    };
    // Other tests write meanwhile; between two requests the log stands still often enough.
    for _ in 0..50 {
        let (status, tag) = ask("audrey", None, &path).await;
        assert_eq!(status, StatusCode::OK);
        let tag = tag.expect("a tag");
        let (status, again) = ask("audrey", Some(&tag), &path).await;
        if status == StatusCode::NOT_MODIFIED {
            assert_eq!(again.as_deref(), Some(tag.as_str()));
            let (other, _) = ask("ana", Some(&tag), &path).await;
            assert_eq!(other, StatusCode::OK, "a tag is one person's");
            let (other, _) = ask("audrey", Some(&tag), &format!("{}/steps", bank.of_run())).await;
            assert_ne!(other, StatusCode::NOT_MODIFIED, "and one question's");
            return;
        }
    }
    panic!("the log never stood still");
}

#[tokio::test]
async fn a_version_is_told_as_it_was() {
    let bank = bank().await;
    let (_, page) = bank
        .get(
            "ana",
            &format!(
                "/ledgers/main/events?run={}&item=attribute:condominium&limit=1",
                bank.run
            ),
        )
        .await;
    let event = page["rows"][0]["event_id"].as_str().unwrap_or_default();
    let version = format!("{}/phases/planning/versions/1", bank.of_run());
    let (status, now) = bank.get("ana", &version).await;
    assert_eq!(status, StatusCode::OK, "{now}");
    let (status, before) = bank.get("ana", &format!("{version}?before={event}")).await;
    let items = |it: &Value| it["items"].as_array().map_or(0, Vec::len);
    assert!(
        status == StatusCode::NOT_FOUND || items(&before) < items(&now),
        "{before}"
    );
    let (status, told) = bank
        .get("ana", &format!("{version}?position=9&before={event}"))
        .await;
    assert_eq!(
        (status, told["code"].as_str()),
        (StatusCode::BAD_REQUEST, Some("invalid_query"))
    );
}

#[tokio::test]
async fn an_event_is_told_with_its_envelope_and_its_hash_is_right() {
    let bank = bank().await;
    let (status, event) = bank.get("ana", "/ledgers/main/events/2").await;
    assert_eq!(status, StatusCode::OK, "{event}");
    assert_eq!(event["hash_is_right"], true);
    assert_eq!(event["position"], 2);
    assert!(
        event["metadata"]["provenance"]["workflow_id"]
            .as_str()
            .unwrap()
            .starts_with("annal/main/")
    );
    assert_eq!(event["previous_hash"].as_str().unwrap().len(), 64);
}
