//! The append function against a caller that is not this crate and gets it wrong, by mistake or on purpose.

use annal_core::Position;
use serde_json::{Value, json};

use crate::support::{Fresh, fill, stream};

fn command(streams: &[Value]) -> Value {
    json!({
        "command_id": uuid::Uuid::new_v4(),
        "content_hash": "00".repeat(32),
        "effective_at": "2026-03-01T00:00:00Z",
        "correlation_id": uuid::Uuid::new_v4(),
        "actor_id": "a", "actor_name": "A", "actor_role": "tester", "engine": "by hand",
        "streams": streams,
    })
}

fn to(id: &str, events: impl Into<Value>) -> Value {
    json!({ "aggregate_type": "t", "aggregate_id": id, "expected": 0, "events": events.into() })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_malformed_batch_is_refused_and_writes_nothing() {
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;
    fill(&log, &stream("a"), 1).await;
    let without = |field: &str| {
        let mut command = command(&[to("x", 1)]);
        command.as_object_mut().unwrap().remove(field);
        json!([command])
    };
    let mut half_a_workflow = command(&[to("x", 1)]);
    half_a_workflow["workflow_id"] = json!("w");
    let mut short_hash = command(&[to("x", 1)]);
    short_hash["content_hash"] = json!("00");
    const MALFORMED: &str = "AN002";
    const MISSING: &str = "23502";
    const AGAINST_A_CHECK: &str = "23514";
    let cases = [
        (json!([]), 1, MALFORMED),
        (json!([command(&[])]), 0, MALFORMED),
        (json!([command(&[to("x", 1)]), command(&[])]), 1, MALFORMED),
        (json!([command(&[to("x", 0)])]), 0, MALFORMED),
        (json!([command(&[to("x", -1), to("y", 2)])]), 1, MALFORMED),
        (json!([command(&[to("x", 2)])]), 1, MALFORMED),
        (json!([command(&[to("x", 1)])]), 2, MALFORMED),
        (json!([command(&[to("x", Value::Null)])]), 1, MALFORMED),
        (without("command_id"), 1, MALFORMED),
        (without("content_hash"), 1, MISSING),
        (without("actor_id"), 1, MISSING),
        (without("effective_at"), 1, MISSING),
        (json!([half_a_workflow]), 1, AGAINST_A_CHECK),
        (json!([short_hash]), 1, AGAINST_A_CHECK),
        (json!([command(&[to("", 1)])]), 1, AGAINST_A_CHECK),
    ];

    for (commands, events, code) in cases {
        let error = sqlx::query("SELECT outcome FROM annal.append('main', $1::json, $2, $3, $4)")
            .bind(commands.to_string())
            .bind(vec!["e"; events])
            .bind(vec!["1.0"; events])
            .bind(vec!["{}"; events])
            .fetch_all(log.pool())
            .await
            .expect_err(&commands.to_string());
        let told = error
            .as_database_error()
            .unwrap()
            .code()
            .unwrap()
            .into_owned();
        assert_eq!(told, code, "{commands}: {error}");
    }

    assert_eq!(log.head().await.unwrap().position, Position(1));
    let verified = log.verify(None).await.unwrap();
    assert_eq!((verified.checked, verified.fault), (1, None));
}

/// By who does not know where the head is, and by who does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_that_no_event_may_have_are_refused() {
    const AGAINST_A_CHECK: &str = "23514";
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;
    let cases = [
        (1, "ARRAY[decode('00', 'hex')]", AGAINST_A_CHECK),
        (6, "'{\"\"}'", AGAINST_A_CHECK),
        (8, "'{\"\"}'", AGAINST_A_CHECK),
        (11, "'{w}'", AGAINST_A_CHECK),
        (15, "'{1}'", AGAINST_A_CHECK),
        (18, "'{\"\"}'", AGAINST_A_CHECK),
        (19, "'{\"\"}'", AGAINST_A_CHECK),
        (22, "'{\"\"}'", AGAINST_A_CHECK),
        (23, "'{\"\"}'", AGAINST_A_CHECK),
        (24, r#"ARRAY['{"a": "\u0000"}']"#, "22P05"),
        (24, "'{no json}'", "22P02"),
        (22, "'{NULL}'", "23502"),
    ];
    for (place, instead, code) in cases {
        let mut arrays = ARRAYS;
        arrays[place] = instead;
        for ahead in ["", "0, ", "0, true, ", "NULL, true, "] {
            let call = format!("SELECT annal.append('main', {ahead}{})", arrays.join(", "));
            let error = sqlx::query(&call).execute(log.pool()).await;
            let error = error.expect_err(instead);
            let told = error.as_database_error().unwrap().code().unwrap();
            assert_eq!(told, code, "array {place} as {instead}: {error}");
        }
    }
    assert_eq!(log.head().await.unwrap().position, Position(0));
}

/// The arrays of a batch of one event, as `annal.append` takes them after the ledger.
const ARRAYS: [&str; 25] = [
    "'{018f0000-0000-7000-8000-000000000001}'",
    "ARRAY[decode(repeat('00', 32), 'hex')]",
    "'{null}'",
    "'{2026-03-01T00:00:00Z}'",
    "'{018f0000-0000-7000-8000-000000000002}'",
    "'{NULL}'",
    "'{a}'",
    "'{A}'",
    "'{tester}'",
    "'{NULL}'",
    "'{NULL}'",
    "'{NULL}'",
    "'{NULL}'",
    "'{NULL}'",
    "'{NULL}'",
    "'{NULL}'",
    "'{by hand}'",
    "'{1}'",
    "'{t}'",
    "'{x}'",
    "'{0}'",
    "'{1}'",
    "'{e}'",
    "'{1.0}'",
    "'{\"{}\"}'",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn arrays_that_do_not_fit_each_other_are_refused() {
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;
    let call = async |arrays: &[&str]| {
        let arrays = arrays.join(", ");
        sqlx::query(&format!("SELECT annal.append('main', {arrays})"))
            .execute(log.pool())
            .await
    };

    for place in 0..ARRAYS.len() {
        for instead in ["'{}'", "NULL"] {
            let mut arrays = ARRAYS;
            arrays[place] = instead;
            let error = call(&arrays).await.expect_err(ARRAYS[place]);
            let code = error
                .as_database_error()
                .unwrap()
                .code()
                .unwrap()
                .into_owned();
            assert_eq!(code, "AN002", "array {place} as {instead}: {error}");
        }
    }
    assert_eq!(log.head().await.unwrap().position, Position(0));

    call(&ARRAYS).await.unwrap();
    assert_eq!(log.verify(None).await.unwrap().checked, 1);
}

/// What the log itself decides is not taken from the caller, whatever the caller puts in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn positions_times_and_hashes_of_the_caller_count_for_nothing() {
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;
    fill(&log, &stream("a"), 1).await;
    let mut command = command(&[to("x", 1)]);
    for (field, value) in [
        ("position", json!(77)),
        ("first_position", json!(77)),
        ("sequence", json!(77)),
        ("recorded_at", json!("1999-01-01T00:00:00Z")),
        ("hash", json!("00".repeat(32))),
        ("event_id", json!("018f0000-0000-7000-8000-000000000001")),
        ("ledger", json!("other")),
    ] {
        command[field] = value.clone();
        command["streams"][0][field] = value;
    }

    sqlx::query("SELECT annal.append('main', $1::json, '{e}', '{1.0}', '{\"{}\"}')")
        .bind(json!([command]).to_string())
        .execute(log.pool())
        .await
        .unwrap();

    let read = log.read(Position(0), 10).await.unwrap();
    assert_eq!((read[1].position.0, read[1].sequence.0), (2, 1));
    assert!(read[1].recorded_at >= read[0].recorded_at);
    assert_ne!(
        read[1].event_id.to_string(),
        "018f0000-0000-7000-8000-000000000001"
    );
    assert_eq!(log.verify(None).await.unwrap().fault, None);
}
