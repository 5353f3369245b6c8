//! Two tenants in one database, each with a login and a ledger of its own.

use annal_core::{LedgerId, Position, Sequence};
use annal_log::{AppendError, Log, LogError, LogRepository, StreamId};
use futures::TryStreamExt;
use sqlx::{Executor, PgPool};

use crate::support::{Fresh, Login, adding, fill, main_ledger, stream};

fn ledger(name: &str) -> LedgerId {
    LedgerId::new(name).unwrap()
}

/// Ledgers `a` and `b` with two events and a file each, `main` with one event; logins of both tenants.
async fn two_tenants(fresh: &Fresh, role: &str) -> (Login, Login) {
    let logins = (fresh.login(role).await, fresh.login(role).await);
    fill(&fresh.log().await, &stream("of nobody"), 1).await;
    for (name, login) in [("a", &logins.0), ("b", &logins.1)] {
        annal_log::create_ledger(&fresh.url, &ledger(name))
            .await
            .unwrap();
        let log = Log::connect(&fresh.url, ledger(name)).await.unwrap();
        fill(&log, &stream("s"), 2).await;
        log.put_file("evidence", name.as_bytes()).await.unwrap();
        annal_log::give_ledger(&fresh.url, &ledger(name), &login.name)
            .await
            .unwrap();
    }
    logins
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_tenant_uses_its_own_ledger_as_before() {
    let fresh = Fresh::migrated().await;
    let (one, other) = two_tenants(&fresh, "annal_runtime").await;
    for (name, login) in [("a", &one), ("b", &other)] {
        let log = Log::connect(&login.url, ledger(name)).await.unwrap();
        let receipt = log.append(adding(&stream("s"), 2, 3)).await.unwrap();
        assert_eq!((receipt.first, receipt.last), (Position(3), Position(5)));
        assert_eq!(log.read(Position(0), 10).await.unwrap().len(), 5);
        assert_eq!(log.verify(None).await.unwrap().fault, None);
        let file = log.put_file("evidence", b"more").await.unwrap();
        assert_eq!(log.file(&file.sha256).await.unwrap(), b"more");
    }
}

/// Everything that a `Log` can be asked, of a ledger that is another's: as if there were none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_tenant_s_ledger_is_not_there_whatever_is_asked() {
    let fresh = Fresh::migrated().await;
    let (one, _) = two_tenants(&fresh, "annal_runtime").await;
    let theirs = Log::connect(&fresh.url, ledger("b")).await.unwrap();
    let known = theirs.read(Position(0), 1).await.unwrap().remove(0);
    let file = theirs.put_file("evidence", b"b").await.unwrap();

    for name in ["b", "main"] {
        let refused = Log::connect(&one.url, ledger(name)).await.unwrap_err();
        assert_eq!(refused, LogError::UnknownLedger(ledger(name)));
    }
    // A caller that goes on without the check at the beginning: the same connection, another ledger's name.
    let mine = Log::connect(&one.url, ledger("a")).await.unwrap();
    let pool = mine.pool();
    assert_eq!(count(pool, "annal.ledgers").await, 1);
    assert_eq!(count(pool, "annal.events").await, 2);
    assert_eq!(count(pool, "annal.commands").await, 2);
    assert_eq!(count(pool, "annal.files").await, 1);
    for question in [
        "SELECT count(*) FROM annal.ledgers WHERE ledger <> 'a'",
        "SELECT count(*) FROM annal.events WHERE ledger = 'b'",
        "SELECT count(*) FROM annal.events WHERE ledger = 'b' AND position > 0 AND position <= 9",
        "SELECT count(*) FROM annal.events WHERE ledger = 'b' AND aggregate_type = 'dossier' AND aggregate_id = 's'",
        "SELECT count(*) FROM annal.commands WHERE ledger = 'b'",
        "SELECT count(*) FROM annal.files WHERE ledger = 'b'",
        "SELECT annal.position_at('b', 'infinity')",
        // Switched off, the rule refuses instead of giving way.
        "SELECT set_config('annal.ledger', 'b', false)::int8 FROM annal.events WHERE ledger = 'b'",
    ] {
        let seen: Option<i64> = sqlx::query_scalar(question)
            .fetch_optional(pool)
            .await
            .unwrap();
        assert_eq!(seen.unwrap_or(0), 0, "{question}");
    }
    let mut connection = pool.acquire().await.unwrap();
    connection.execute("SET annal.ledger = 'b'").await.unwrap();
    let through_view: i64 = sqlx::query_scalar("SELECT count(*) FROM annal.stream_events")
        .fetch_one(&mut *connection)
        .await
        .unwrap();
    assert_eq!(through_view, 0);
    connection.execute("SET row_security = off").await.unwrap();
    let error = connection
        .execute("SELECT * FROM annal.events")
        .await
        .unwrap_err();
    assert_eq!(error.as_database_error().unwrap().code().unwrap(), "42501");
    connection
        .execute("RESET row_security; SET annal.ledger = 'a'")
        .await
        .unwrap();
    drop(connection);
    assert!(mine.file(&file.sha256).await.is_err());
    assert_eq!(mine.receipt(known.metadata.command_id).await.unwrap(), None);
}

/// Neither a first append, nor a command that the other ledger knows, nor a conflict tells anything.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_written_to_another_tenant_s_ledger_nor_learnt_by_trying() {
    let fresh = Fresh::migrated().await;
    let (one, _) = two_tenants(&fresh, "annal_runtime").await;
    let theirs = Log::connect(&fresh.url, ledger("b")).await.unwrap();
    let known = adding(&stream("s"), 2, 1);
    theirs.append(known.clone()).await.unwrap();
    let mine = Log::connect(&one.url, ledger("a")).await.unwrap();
    let id = known.command_id;
    let call = |ledger: &str, command: &str, expected: i64| {
        format!(
            "SELECT annal.append('{ledger}', '[{{\"command_id\":\"{command}\",\"content_hash\":\"{}\",\"effective_at\":\"2026-03-01T00:00:00Z\",\
             \"correlation_id\":\"{id}\",\"actor_id\":\"eve\",\"actor_name\":\"Eve\",\"actor_role\":\"tester\",\"engine\":\"x\",\
             \"streams\":[{{\"aggregate_type\":\"dossier\",\"aggregate_id\":\"s\",\"expected\":{expected},\"events\":1}}]}}]', '{{e}}', '{{1.0}}', '{{\"{{}}\"}}')",
            hex::encode([7; 32])
        )
    };
    for (command, expected) in [
        (uuid::Uuid::new_v4(), 3),
        (uuid::Uuid::new_v4(), 0),
        (id.0, 2),
    ] {
        let told = async |ledger: &str| {
            let error = mine
                .pool()
                .execute(call(ledger, &command.to_string(), expected).as_str())
                .await
                .unwrap_err();
            let error = error.as_database_error().unwrap();
            (
                error.code().unwrap().into_owned(),
                error.message().replace(ledger, "L"),
            )
        };
        // The same answer as for a ledger that nobody has.
        assert_eq!(told("b").await, told("no such ledger").await);
        assert_eq!(told("b").await.0, "AN001");
    }
    let put = "SELECT annal.put_file('b', 'evidence', 'forged')";
    let error = mine.pool().execute(put).await.unwrap_err();
    assert_eq!(error.as_database_error().unwrap().code().unwrap(), "42501");
    assert_eq!(theirs.head().await.unwrap().position, Position(3));
    assert_eq!(theirs.verify(None).await.unwrap().fault, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_of_every_role_are_kept_apart() {
    for role in ["annal_runtime", "annal_auditor", "annal_projector"] {
        let fresh = Fresh::migrated().await;
        let (one, other) = two_tenants(&fresh, role).await;
        let third = fresh.login(role).await;
        for (login, sees) in [(&one, "a"), (&other, "b"), (&third, "main")] {
            let pool = PgPool::connect(&login.url).await.unwrap();
            for table in ["events", "ledgers", "commands"] {
                let question = format!("SELECT DISTINCT ledger FROM annal.{table}");
                let seen: Vec<String> = sqlx::query_scalar(&question)
                    .fetch_all(&pool)
                    .await
                    .unwrap();
                assert_eq!(seen, [sees], "{role}, {table}");
            }
            pool.close().await;
        }
    }
}

/// A reader of a tenant has all that the log offers to a reader: streams, exports, proofs, the framework's repository.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_reads_exports_and_follows_its_ledger() {
    let fresh = Fresh::migrated().await;
    let (one, _) = two_tenants(&fresh, "annal_runtime").await;
    let log = Log::connect(&one.url, ledger("a")).await.unwrap();
    assert_eq!(
        log.read_stream(&stream("s"), Sequence(0))
            .await
            .unwrap()
            .len(),
        2
    );
    let lines: Vec<String> = log.export(Position(0), None).try_collect().await.unwrap();
    assert_eq!(lines.len(), 3);
    assert!(lines.iter().all(|line| line.contains(r#""ledger":"a""#)));
    let repository = LogRepository::new(log.clone());
    drop(repository);
    let conflict = log.append(adding(&stream("s"), 0, 1)).await.unwrap_err();
    let AppendError::Conflict {
        stream: StreamId { aggregate_id, .. },
        actual,
        ..
    } = conflict
    else {
        panic!("{conflict}")
    };
    assert_eq!((aggregate_id.as_str(), actual), ("s", Sequence(2)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_is_given_by_an_administrator_to_somebody_who_is_there() {
    let fresh = Fresh::migrated().await;
    let (one, other) = two_tenants(&fresh, "annal_runtime").await;
    for (name, login) in [("none", one.name.as_str()), ("a", "nobody_of_this_name")] {
        let error = annal_log::give_ledger(&fresh.url, &ledger(name), login)
            .await
            .unwrap_err();
        assert_eq!(error.code(), "log_refused", "{error}");
    }
    let error = annal_log::give_ledger(&one.url, &ledger("b"), &one.name)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("42501"), "{error}");
    // A second one for a login, and a login that is gone.
    annal_log::give_ledger(&fresh.url, &main_ledger(), &one.name)
        .await
        .unwrap();
    Log::connect(&one.url, main_ledger()).await.unwrap();
    let drop = format!("DROP ROLE {}", other.name);
    fresh.admin().await.execute(drop.as_str()).await.unwrap();
    let log = Log::connect(&one.url, ledger("a")).await.unwrap();
    assert_eq!(count(log.pool(), "annal.ledgers").await, 2);
}

async fn count(pool: &PgPool, table: &str) -> i64 {
    let question = format!("SELECT count(*) FROM {table}");
    sqlx::query_scalar(&question).fetch_one(pool).await.unwrap()
}
