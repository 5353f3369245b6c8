//! A command whose first sending failed. Temporal remembers the failure; the sender wants to hear what is now.

use annal_core::ItemId;
use annal_core::Phase;
use annal_core::dossier::DossierCommand as Do;
use annal_core::item::Verdict;
use annal_flow::FlowError;
use sqlx::{Connection as _, PgConnection};

use crate::support::people::asks;
use crate::support::{Bank, Setup, accepted, has_draft};

/// Takes a table of the log away, or gives it back.
async fn rename(bank: &Bank, from: &str, to: &str) {
    let admin = PgConnection::connect(bank.database.url()).await;
    let mut admin = admin.expect("a database");
    let rename = format!("ALTER TABLE annal.{from} RENAME TO {to}");
    sqlx::query(&rename)
        .execute(&mut admin)
        .await
        .expect("a new name");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_failed_is_carried_out_when_it_is_sent_again() {
    let (bank, _worker) = Bank::open(Setup::default()).await;
    bank.until(has_draft(Phase::Planning)).await;
    let items = bank.items(Phase::Planning).await;
    let ids: Vec<ItemId> = items.into_iter().map(|(id, _)| id).collect();
    bank.decide(Phase::Planning, &ids, Verdict::Include).await;
    let submit = asks("tom", None, Phase::Planning, Do::Submit { version: None });

    rename(&bank, "commands", "commands_away").await;
    for _ in 0..2 {
        let error = bank.client.act(bank.run, &submit).await;
        let error = error.expect_err("the log cannot write");
        assert!(matches!(error, FlowError::Failed { .. }), "{error}");
        let said = error.to_string();
        assert!(said.contains("commands"), "{said}");
        assert!(!said.contains("sent as"), "{said}");
    }

    rename(&bank, "commands_away", "commands").await;
    let first = bank.client.act(bank.run, &submit).await;
    let first = accepted(first.expect("an answer"));
    let again = bank.client.act(bank.run, &submit).await;
    assert_eq!(accepted(again.expect("an answer")), first);
    assert_eq!(bank.count("version_submitted").await, 1);
}
