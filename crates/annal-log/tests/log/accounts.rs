//! Only the server sees accounts, and not even the server takes a person or a token away.

use sqlx::{Connection, Executor, PgConnection};

use crate::support::Fresh;

const TABLES: [&str; 8] = [
    "people",
    "passwords",
    "links",
    "grants",
    "sessions",
    "tokens",
    "attempts",
    "pending",
];
/// Not allowed, for want of a right.
const DENIED: &str = "42501";
/// Not allowed to anybody: a guard says no.
const GUARDED: &str = "AN009";

async fn outcome(connection: &mut PgConnection, statement: &str) -> String {
    let mut transaction = connection.begin().await.unwrap();
    let outcome = transaction.execute(statement).await;
    transaction.rollback().await.unwrap();
    match outcome {
        Ok(_) => "done".to_owned(),
        Err(error) => {
            let answer = error.as_database_error().unwrap();
            answer.code().unwrap().into_owned()
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_but_the_server_sees_accounts() {
    let fresh = Fresh::migrated().await;
    for role in [
        "annal_runtime",
        "annal_projector",
        "annal_auditor",
        "pg_monitor",
    ] {
        let login = fresh.login(role).await;
        let mut connection = PgConnection::connect(&login.url).await.unwrap();
        for table in TABLES {
            let statement = format!("SELECT * FROM annal_access.{table}");
            assert_eq!(
                outcome(&mut connection, &statement).await,
                DENIED,
                "{role}: {table}"
            );
        }
        let make = "SELECT annal_access.make_ledger()";
        assert_eq!(outcome(&mut connection, make).await, DENIED, "{role}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_and_tokens_stay() {
    let fresh = Fresh::migrated().await;
    let add = "INSERT INTO annal_access.people (person, name) VALUES ('ana', 'Ana')";
    fresh.admin().await.execute(add).await.unwrap();
    let login = fresh.login("annal_server").await;
    let mut server = PgConnection::connect(&login.url).await.unwrap();
    for table in TABLES {
        let read = format!("SELECT * FROM annal_access.{table}");
        assert_eq!(outcome(&mut server, &read).await, "done", "{table}");
        for change in [
            "TRUNCATE annal_access.{}",
            "DROP TABLE annal_access.{}",
            "ALTER TABLE annal_access.{} DISABLE TRIGGER ALL",
        ] {
            let change = change.replace("{}", table);
            assert_eq!(outcome(&mut server, &change).await, DENIED, "{change}");
        }
    }
    for change in [
        "DELETE FROM annal_access.people",
        "UPDATE annal_access.people SET person = 'eve'",
        "DELETE FROM annal_access.tokens",
        "UPDATE annal_access.tokens SET hash = sha256('x')",
        "UPDATE annal_access.tokens SET expires_at = 'infinity'",
        "UPDATE annal_access.links SET person = 'ana'",
        "UPDATE annal_access.grants SET access = 'admin'",
    ] {
        assert_eq!(outcome(&mut server, change).await, DENIED, "{change}");
    }
    // Not even who owns the tables, in the ordinary way.
    let admin = fresh.admin().await;
    let mut owner = admin.acquire().await.unwrap();
    let delete = "DELETE FROM annal_access.people";
    assert_eq!(outcome(&mut owner, delete).await, GUARDED);
}
