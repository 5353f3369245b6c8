//! Fresh databases, and things to append.

use annal_core::envelope::{Metadata, Provenance};
use annal_core::{Actor, CommandId, LedgerId, PersonId, Role, Sequence};
use annal_log::{Append, EventData, Log, Receipt, StreamAppend, StreamId};
use annal_stack::testing::TestDatabase;
use chrono::{TimeZone, Utc};
use sqlx::postgres::PgPoolOptions;
use sqlx::{Executor, PgPool};
use uuid::Uuid;

const TABLES: [&str; 4] = ["ledgers", "events", "commands", "files"];

/// A database of its own, dropped at the end of the test.
pub(crate) struct Fresh {
    pub(crate) url: String,
    _database: TestDatabase,
}

impl Fresh {
    pub(crate) async fn empty() -> Self {
        Self::of(TestDatabase::fresh().await)
    }

    pub(crate) async fn migrated() -> Self {
        let migrate = async |url: String| annal_log::migrate(&url).await.unwrap();
        Self::of(TestDatabase::prepared("annal_log", migrate).await)
    }

    fn of(database: TestDatabase) -> Self {
        Self {
            url: database.url().to_owned(),
            _database: database,
        }
    }

    pub(crate) async fn log(&self) -> Log {
        Log::connect(&self.url, main_ledger()).await.unwrap()
    }

    /// Connections of the administrator, a superuser.
    pub(crate) async fn admin(&self) -> PgPool {
        PgPoolOptions::new()
            .max_connections(2)
            .connect(&self.url)
            .await
            .unwrap()
    }

    /// A login of its own, a member of some role, and the address with which it comes to this database.
    pub(crate) async fn login(&self, member_of: &str) -> Login {
        let name = format!("login_{}", Uuid::new_v4().simple());
        let admin = self.admin().await;
        let make = format!("CREATE ROLE {name} LOGIN PASSWORD 'secret' IN ROLE {member_of}");
        admin.execute(make.as_str()).await.unwrap();
        let mut url = url::Url::parse(&self.url).unwrap();
        url.set_username(&name).unwrap();
        url.set_password(Some("secret")).unwrap();
        Login {
            name,
            url: url.into(),
        }
    }

    /// Drops the database at the end of a test on a runtime with one thread. Dropping waits for the server, the server
    /// waits for connections that are just being made, and those wait for this thread.
    pub(crate) async fn end(self) {
        tokio::task::spawn_blocking(move || drop(self))
            .await
            .unwrap();
    }

    /// Remembers the log as it is, for [`Fresh::restore`].
    pub(crate) async fn keep(&self) {
        let admin = self.admin().await;
        for table in TABLES {
            let copy = format!("CREATE TABLE public.kept_{table} AS TABLE annal.{table}");
            admin.execute(copy.as_str()).await.unwrap();
        }
    }

    /// Puts the log back as it was kept: cheaper than a new database for each of many cases.
    pub(crate) async fn restore(&self) {
        for table in TABLES {
            let empty = format!("DELETE FROM annal.{table}");
            let fill = format!("INSERT INTO annal.{table} TABLE public.kept_{table}");
            self.tamper_with(&[&empty, &fill]).await;
        }
    }

    /// Changes rows behind the guards' back, as someone who owns the server could.
    pub(crate) async fn tamper(&self, statements: &[&str]) {
        for rows in self.tamper_with(statements).await {
            assert!(rows > 0, "a statement of {statements:?} changed nothing");
        }
    }

    async fn tamper_with(&self, statements: &[&str]) -> Vec<u64> {
        let admin = self.admin().await;
        let mut transaction = admin.begin().await.unwrap();
        for table in TABLES {
            let off = format!("ALTER TABLE annal.{table} DISABLE TRIGGER ALL");
            transaction.execute(off.as_str()).await.unwrap();
        }
        let mut changed = Vec::new();
        for statement in statements {
            let outcome = transaction.execute(*statement).await.unwrap();
            changed.push(outcome.rows_affected());
        }
        transaction.commit().await.unwrap();
        changed
    }
}

/// A login that [`Fresh::login`] made. Roles outlive a test's database and go with the test server's data.
pub(crate) struct Login {
    pub(crate) name: String,
    pub(crate) url: String,
}

pub(crate) fn main_ledger() -> LedgerId {
    LedgerId::new("main").unwrap()
}

pub(crate) fn stream(id: impl std::fmt::Display) -> StreamId {
    StreamId {
        aggregate_type: "dossier".to_owned(),
        aggregate_id: id.to_string(),
    }
}

pub(crate) fn metadata(command_id: CommandId) -> Metadata {
    Metadata {
        command_id,
        correlation_id: Uuid::new_v4(),
        causation_id: None,
        actor: Actor {
            id: PersonId::new("ana.tester").unwrap(),
            name: "Ana Téster".into(),
            role: Role::Tester,
            on_behalf_of: None,
        },
        reason: Some("asked for by the report's owner".to_owned()),
        effective_at: Utc.with_ymd_and_hms(2026, 3, 1, 9, 30, 0).unwrap(),
        provenance: Some(Provenance {
            workflow_id: "annal/main/018f".to_owned(),
            run_id: "r1".to_owned(),
            step_id: "scoping.decide".to_owned(),
            activity_name: "act".to_owned(),
            attempt: 1,
        }),
        engine: "annal 0.1.0".to_owned(),
    }
}

pub(crate) fn event(n: usize) -> EventData {
    EventData {
        event_type: "item_decided".to_owned(),
        event_version: "1.0".to_owned(),
        payload: format!(r#"{{"type":"item_decided", "item":"attr-{n}"}}"#),
    }
}

/// A command that adds `count` events to one stream.
pub(crate) fn adding(to: &StreamId, expected: u64, count: usize) -> Append {
    let command_id = CommandId(Uuid::new_v4());
    Append {
        command_id,
        content_hash: [7; 32],
        metadata: metadata(command_id),
        streams: vec![StreamAppend {
            stream: to.clone(),
            expected: Sequence(expected),
            events: (1..=count).map(event).collect(),
        }],
        reply: serde_json::json!({ "asked": count }),
    }
}

/// Appends `count` commands of one event each to one stream.
pub(crate) async fn fill(log: &Log, to: &StreamId, count: u64) -> Vec<Receipt> {
    let mut receipts = Vec::new();
    for expected in 0..count {
        receipts.push(log.append(adding(to, expected, 1)).await.unwrap());
    }
    receipts
}
