//! Every role × every thing it could try × every table.

use annal_core::Position;
use annal_log::FaultKind;
use sqlx::{Connection, Executor, PgConnection};

use crate::support::{Fresh, Login, fill, main_ledger, stream};

const TABLES: [&str; 7] = [
    "events",
    "commands",
    "ledgers",
    "files",
    "ledger_logins",
    "person_keys",
    "sealed_ledgers",
];
/// Not allowed, for want of a right.
const DENIED: &str = "42501";
/// Not allowed to anybody: a guard says no.
const GUARDED: &str = "AN009";
const DONE: &str = "done";

/// What is tried on a table.
fn attempts(table: &str) -> Vec<(&'static str, String)> {
    vec![
        (
            "insert",
            format!("INSERT INTO annal.{table} SELECT * FROM annal.{table} LIMIT 0"),
        ),
        (
            "update",
            format!("UPDATE annal.{table} SET ledger = ledger"),
        ),
        ("delete", format!("DELETE FROM annal.{table}")),
        ("truncate", format!("TRUNCATE annal.{table} CASCADE")),
        (
            "alter",
            format!("ALTER TABLE annal.{table} ADD COLUMN more text"),
        ),
        ("drop", format!("DROP TABLE annal.{table} CASCADE")),
        (
            "disable",
            format!("ALTER TABLE annal.{table} DISABLE TRIGGER ALL"),
        ),
        (
            "disable own",
            format!("ALTER TABLE annal.{table} DISABLE TRIGGER USER"),
        ),
        (
            "policy",
            format!("ALTER TABLE annal.{table} DISABLE ROW LEVEL SECURITY"),
        ),
        (
            "replica",
            format!("SET LOCAL session_replication_role = replica; DELETE FROM annal.{table}"),
        ),
        ("copy", format!("COPY annal.{table} FROM PROGRAM 'true'")),
    ]
}

/// What comes of it: nobody who works with the log has a right to any of it; who migrates owns the tables, and even so
/// the guards refuse every change of what is there. Taking a guard off is the owner's right, as PostgreSQL has it; the
/// chain is there for that.
fn expected(role: &str, table: &str, attempt: &str) -> &'static str {
    if role != "annal_migrator" {
        return DENIED;
    }
    match (attempt, table) {
        // ALL takes PostgreSQL's own triggers with it, those of foreign keys, where there are any.
        ("disable", "events" | "commands") => DONE,
        ("disable" | "replica" | "copy", _) => DENIED,
        ("update" | "delete" | "truncate", "ledger_logins" | "sealed_ledgers") => DONE,
        // A number is the table's own to give.
        ("update", "person_keys") => DONE,
        ("update" | "delete" | "truncate", _) => GUARDED,
        _ => DONE,
    }
}

async fn outcome(connection: &mut PgConnection, statement: &str) -> String {
    let mut transaction = connection.begin().await.unwrap();
    let outcome = transaction.execute(statement).await;
    transaction.rollback().await.unwrap();
    match outcome {
        Ok(_) => DONE.to_owned(),
        Err(error) => error
            .as_database_error()
            .unwrap()
            .code()
            .unwrap()
            .into_owned(),
    }
}

async fn filled() -> Fresh {
    let fresh = Fresh::migrated().await;
    // Names are sealed, so that there is a key to be taken.
    annal_log::seal_names(
        &fresh.url,
        &main_ledger(),
        &annal_log::MasterKeys::default(),
    )
    .await
    .unwrap();
    let log = fresh.log().await;
    fill(&log, &stream("a"), 3).await;
    log.put_file("evidence", b"bytes").await.unwrap();
    fresh
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_role_tries_everything_on_every_table() {
    let fresh = filled().await;
    let mut tried = 0;
    for role in [
        "annal_runtime",
        "annal_projector",
        "annal_auditor",
        "annal_server",
        "annal_migrator",
        "pg_monitor",
    ] {
        let login = fresh.login(role).await;
        // A row to be changed in the table of logins too.
        let give = format!("SELECT annal.give_ledger('main', '{}')", login.name);
        fresh.admin().await.execute(give.as_str()).await.unwrap();
        let mut connection = PgConnection::connect(&login.url).await.unwrap();
        for table in TABLES {
            for (attempt, statement) in attempts(table) {
                let found = outcome(&mut connection, &statement).await;
                assert_eq!(found, expected(role, table, attempt), "{role}: {statement}");
                tried += 1;
            }
        }
    }
    assert_eq!(tried, 6 * 7 * 11);
    let log = fresh.log().await;
    assert_eq!(log.verify(None).await.unwrap().fault, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_role_becomes_another_or_gives_itself_rights() {
    let fresh = filled().await;
    let roles = [
        "annal_runtime",
        "annal_projector",
        "annal_auditor",
        "annal_server",
        "annal_migrator",
    ];
    for role in roles {
        let Login { name, url } = fresh.login(role).await;
        let mut connection = PgConnection::connect(&url).await.unwrap();
        for other in [
            "annal_owner",
            "annal_runtime",
            "annal_projector",
            "annal_auditor",
            "annal_server",
            "annal_migrator",
            "postgres",
        ] {
            // The server appends as a worker does; who migrates works as the owner.
            let belongs = [
                ("annal_migrator", "annal_owner"),
                ("annal_server", "annal_runtime"),
            ];
            let may = other == role || belongs.contains(&(role, other));
            let found = outcome(&mut connection, &format!("SET ROLE {other}")).await;
            assert_eq!(found, if may { DONE } else { DENIED }, "{role} as {other}");
        }
        for statement in [
            "SET SESSION AUTHORIZATION postgres".to_owned(),
            "SET session_replication_role = replica".to_owned(),
            format!("ALTER ROLE {name} SUPERUSER"),
            format!("ALTER ROLE {name} BYPASSRLS"),
            format!("GRANT pg_write_all_data TO {name}"),
            "SELECT pg_reload_conf()".to_owned(),
            "SELECT pg_read_file('PG_VERSION')".to_owned(),
            "ALTER ROLE annal_owner LOGIN".to_owned(),
        ] {
            assert_eq!(
                outcome(&mut connection, &statement).await,
                DENIED,
                "{role}: {statement}"
            );
        }
        let own = format!("GRANT annal_owner TO {name}");
        assert_eq!(
            outcome(&mut connection, &own).await,
            DENIED,
            "{role}: {own}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_s_own_roles_cannot_log_in() {
    let fresh = filled().await;
    for role in [
        "annal_owner",
        "annal_runtime",
        "annal_projector",
        "annal_auditor",
        "annal_server",
        "annal_migrator",
    ] {
        let mut url = url::Url::parse(&fresh.url).unwrap();
        url.set_username(role).unwrap();
        assert!(PgConnection::connect(url.as_str()).await.is_err(), "{role}");
    }
}

/// Who owns the tables can put a row in beside the append. Whatever is forged in it, it does not fit the chain.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_the_owner_puts_in_is_found() {
    let fresh = filled().await;
    let login = fresh.login("annal_migrator").await;
    let log = fresh.log().await;
    let mut owner = PgConnection::connect(&login.url).await.unwrap();
    let row = |position: &str, at: &str, actor: &str, hash: &str| {
        format!(
            "INSERT INTO annal.events SELECT ledger, {position}, gen_random_uuid(), aggregate_type, aggregate_id, 4, event_type, \
             event_version, payload, {at}, effective_at, command_id, correlation_id, causation_id, {actor}, actor_name, actor_role, \
             on_behalf_of, reason, workflow_id, workflow_run_id, step_id, activity_name, attempt, engine, {hash} \
             FROM annal.events WHERE position = 3"
        )
    };
    let moved = "UPDATE annal.ledgers SET position = 4, hash = e.hash FROM annal.events e WHERE e.position = 4";
    for (statements, position, kind) in [
        // A forged position: taken, or past the end, with the head left alone.
        (
            vec![row("4", "recorded_at", "actor_id", "hash")],
            4,
            FaultKind::BeyondHead,
        ),
        (
            vec![row("77", "recorded_at", "actor_id", "hash")],
            77,
            FaultKind::BeyondHead,
        ),
        // At the end, with the head moved along: forged hash, time, actor.
        (
            vec![
                row("4", "recorded_at", "actor_id", "sha256(hash)"),
                moved.to_owned(),
            ],
            4,
            FaultKind::Altered,
        ),
        (
            vec![
                row("4", "'1999-01-01'", "actor_id", "hash"),
                moved.to_owned(),
            ],
            4,
            FaultKind::Altered,
        ),
        (
            vec![row("4", "recorded_at", "'eve'", "hash"), moved.to_owned()],
            4,
            FaultKind::Altered,
        ),
    ] {
        fresh.keep().await;
        for statement in &statements {
            owner.execute(statement.as_str()).await.unwrap();
        }
        let fault = log.verify(None).await.unwrap().fault.unwrap();
        assert_eq!(
            (fault.position, fault.kind),
            (Position(position), kind),
            "{statements:?}"
        );
        fresh.restore().await;
        let forget = "DROP TABLE public.kept_events, public.kept_ledgers, public.kept_commands, public.kept_files";
        fresh.admin().await.execute(forget).await.unwrap();
    }
    let taken = owner
        .execute(row("3", "recorded_at", "actor_id", "hash").as_str())
        .await
        .unwrap_err();
    assert_eq!(taken.as_database_error().unwrap().code().unwrap(), "23505");
}

/// A login of the migrator's role brings a database of its own up to date; it needs no superuser.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_migrator_migrates() {
    let fresh = filled().await;
    let login = fresh.login("annal_migrator").await;
    let database = format!("annal_own_{}", uuid::Uuid::new_v4().simple());
    let admin = fresh.admin().await;
    let make = format!(
        "CREATE DATABASE {database} OWNER {} TEMPLATE template0",
        login.name
    );
    admin.execute(make.as_str()).await.unwrap();
    let (server, _) = login.url.rsplit_once('/').unwrap();

    let migrated = annal_log::migrate(&format!("{server}/{database}")).await;

    admin
        .execute(format!("DROP DATABASE {database}").as_str())
        .await
        .unwrap();
    migrated.unwrap();
}
