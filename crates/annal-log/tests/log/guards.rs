use annal_core::Position;
use annal_log::FaultKind;
use sqlx::Executor;

use crate::support::{Fresh, adding, fill, stream};

/// Whatever the runtime tries beside reading and appending fails for want of a right.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_runtime_can_only_read_and_append() {
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;
    fill(&log, &stream("a"), 2).await;
    let role: String = sqlx::query_scalar("SELECT current_user::text")
        .fetch_one(log.pool())
        .await
        .unwrap();
    assert_eq!(role, "annal_runtime");

    for attempt in [
        "INSERT INTO annal.events SELECT * FROM annal.events",
        "UPDATE annal.events SET reason = 'another'",
        "DELETE FROM annal.events",
        "TRUNCATE annal.events",
        "ALTER TABLE annal.events DISABLE TRIGGER refuse_change",
        "ALTER TABLE annal.events ADD COLUMN more text",
        "DROP TABLE annal.events",
        "DROP TRIGGER refuse_change ON annal.events",
        "INSERT INTO annal.commands SELECT * FROM annal.commands",
        "UPDATE annal.commands SET reply = '1'",
        "DELETE FROM annal.commands",
        "UPDATE annal.ledgers SET position = 9, hash = hash",
        "INSERT INTO annal.ledgers (ledger) VALUES ('mine')",
        "INSERT INTO annal.files (ledger, sha256, name, bytes) VALUES ('main', sha256(''), 'a', '')",
        "SELECT annal.create_ledger('mine')",
        "CREATE TABLE annal.more (a int)",
        "CREATE OR REPLACE FUNCTION annal.refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'begin return new; end'",
    ] {
        let outcome = log.pool().execute(attempt).await.expect_err(attempt);
        let code = outcome
            .as_database_error()
            .unwrap()
            .code()
            .unwrap()
            .into_owned();
        assert_eq!(code, "42501", "{attempt}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_of_the_runtime_cannot_become_anyone_else() {
    let fresh = Fresh::migrated().await;
    let admin = fresh.admin().await;
    let login = format!("worker_{}", uuid::Uuid::new_v4().simple());
    admin
        .execute(
            format!("CREATE ROLE {login} LOGIN PASSWORD 'worker' IN ROLE annal_runtime").as_str(),
        )
        .await
        .unwrap();
    let mut url = url::Url::parse(&fresh.url).unwrap();
    url.set_username(&login).unwrap();
    url.set_password(Some("worker")).unwrap();
    let log = annal_log::Log::connect(url.as_str(), crate::support::main_ledger())
        .await
        .unwrap();

    log.append(adding(&stream("a"), 0, 1)).await.unwrap();

    for attempt in [
        "SET ROLE annal_owner",
        "SET ROLE annal_projector",
        "RESET ROLE; DELETE FROM annal.events",
    ] {
        let error = log.pool().execute(attempt).await.expect_err(attempt);
        assert_eq!(
            error.as_database_error().unwrap().code().unwrap(),
            "42501",
            "{attempt}"
        );
    }
    drop(log);
    admin
        .execute(format!("DROP ROLE {login}").as_str())
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_other_roles_read_only_and_the_owner_has_no_login() {
    let fresh = Fresh::migrated().await;
    let admin = fresh.admin().await;
    for role in ["annal_projector", "annal_auditor"] {
        let mut transaction = admin.begin().await.unwrap();
        transaction
            .execute(format!("SET LOCAL ROLE {role}").as_str())
            .await
            .unwrap();
        transaction
            .execute("SELECT count(*) FROM annal.events")
            .await
            .unwrap();
        let append = "SELECT annal.append('main', '[]', '{}', '{}', '{}')";
        let error = transaction.execute(append).await.unwrap_err();
        assert_eq!(error.as_database_error().unwrap().code().unwrap(), "42501");
    }
    let logins: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'annal\\_%' AND rolname IN \
         ('annal_owner', 'annal_runtime', 'annal_projector', 'annal_auditor') AND (rolcanlogin OR rolsuper)",
    )
    .fetch_one(&admin)
    .await
    .unwrap();
    assert_eq!(logins, 0);
    let not_owned: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pg_class WHERE relnamespace = 'annal'::regnamespace AND relowner <> 'annal_owner'::regrole",
    )
    .fetch_one(&admin)
    .await
    .unwrap();
    assert_eq!(not_owned, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_superuser_is_stopped_by_the_guard_and_shown_by_the_chain_once_it_is_off() {
    let fresh = Fresh::migrated().await;
    let log = fresh.log().await;
    fill(&log, &stream("a"), 5).await;
    let admin = fresh.admin().await;
    for attempt in [
        "UPDATE annal.events SET reason = 'another' WHERE position = 3",
        "DELETE FROM annal.events WHERE position = 3",
        "TRUNCATE annal.events",
        "UPDATE annal.commands SET reply = '1'",
        "DELETE FROM annal.commands",
        "TRUNCATE annal.commands",
        "UPDATE annal.ledgers SET position = 2",
        "DELETE FROM annal.ledgers",
        "SET session_replication_role = replica; DELETE FROM annal.events",
    ] {
        let error = admin.execute(attempt).await.expect_err(attempt);
        assert_eq!(
            error.as_database_error().unwrap().code().unwrap(),
            "AN009",
            "{attempt}"
        );
    }
    assert_eq!(log.verify(None).await.unwrap().fault, None);

    fresh
        .tamper(&["UPDATE annal.events SET reason = 'another' WHERE position = 3"])
        .await;

    let fault = log.verify(None).await.unwrap().fault.unwrap();
    assert_eq!(
        (fault.position, fault.kind),
        (Position(3), FaultKind::Altered)
    );
    assert_eq!(fault.to_string(), "the event at position 3 was altered");
}
