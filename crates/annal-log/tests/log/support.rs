//! Fresh databases, and things to append.

use annal_core::envelope::{Metadata, Provenance};
use annal_core::{Actor, CommandId, LedgerId, PersonId, Role, Sequence};
use annal_log::{Append, EventData, Log, Receipt, StreamAppend, StreamId};
use chrono::{TimeZone, Utc};
use sqlx::postgres::PgPoolOptions;
use sqlx::{Connection, Executor, PgConnection, PgPool};
use uuid::Uuid;

/// A migrated database of its own.
pub(crate) struct Fresh {
    pub(crate) url: String,
}

impl Fresh {
    pub(crate) async fn empty() -> Self {
        let server = std::env::var("ANNAL_TEST_DATABASE_URL")
            .expect("ANNAL_TEST_DATABASE_URL names a server's administrator");
        let name = format!("annal_log_{}", Uuid::new_v4().simple());
        let mut admin = PgConnection::connect(&server).await.unwrap();
        admin
            .execute(format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'").as_str())
            .await
            .unwrap();
        let (head, _) = server.rsplit_once('/').unwrap();
        Self {
            url: format!("{head}/{name}"),
        }
    }

    pub(crate) async fn migrated() -> Self {
        let fresh = Self::empty().await;
        annal_log::migrate(&fresh.url).await.unwrap();
        fresh
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

    /// Changes rows behind the guards' back, as someone who owns the server could.
    pub(crate) async fn tamper(&self, statements: &[&str]) {
        let admin = self.admin().await;
        let mut transaction = admin.begin().await.unwrap();
        for table in ["events", "commands", "files", "ledgers"] {
            let off = format!("ALTER TABLE annal.{table} DISABLE TRIGGER ALL");
            transaction.execute(off.as_str()).await.unwrap();
        }
        for statement in statements {
            let changed = transaction.execute(*statement).await.unwrap();
            assert!(changed.rows_affected() > 0, "{statement} changed nothing");
        }
        transaction.commit().await.unwrap();
    }
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
            name: "Ana Téster".to_owned(),
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
