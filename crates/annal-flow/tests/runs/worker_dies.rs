//! A worker that breaks off in the middle of its work.

use std::collections::BTreeSet;

use annal_core::Phase;
use annal_core::item::Verdict;
use annal_flow::Worker;
use sqlx::postgres::PgPoolOptions;
use sqlx::{PgPool, Postgres, Transaction};

use crate::support::{Bank, Setup, has_draft};

/// Holds the ledger, so that every append waits in the database.
async fn hold(admin: &PgPool) -> Transaction<'static, Postgres> {
    let mut held = admin.begin().await.expect("a transaction");
    let lock = "SELECT position FROM annal.ledgers WHERE ledger = 'main' FOR UPDATE";
    sqlx::query(lock)
        .execute(&mut *held)
        .await
        .expect("the ledger is held");
    held
}

/// Waits until somebody's append waits for the ledger.
async fn until_an_append_waits(admin: &PgPool) {
    let waiting = "SELECT count(*) FROM pg_stat_activity \
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let mut look = tokio::time::interval(std::time::Duration::from_millis(20));
    loop {
        look.tick().await;
        let count: i64 = sqlx::query_scalar(waiting)
            .fetch_one(admin)
            .await
            .expect("a count");
        if count > 0 {
            return;
        }
    }
}

/// Somebody works, the worker dies while an append is on its way, and another one takes over.
pub(crate) async fn once(bank: &Bank, worker: Worker) -> Worker {
    let admin = PgPoolOptions::new()
        .connect(bank.database.url())
        .await
        .expect("a database");
    let held = hold(&admin).await;
    let dies = async {
        until_an_append_waits(&admin).await;
        drop(worker);
        held.rollback().await.expect("the ledger is free");
        bank.worker().await
    };
    tokio::join!(work_on(bank), dies).1
}

#[tokio::test(flavor = "multi_thread")]
async fn another_worker_goes_on_and_nothing_is_doubled() {
    let (bank, first) = Bank::open(Setup::default()).await;
    bank.until(has_draft(Phase::Planning)).await;
    // Three times in a row, whatever is just being appended.
    let mut worker = first;
    for _ in 0..3 {
        worker = once(&bank, worker).await;
    }
    bank.until(has_draft(Phase::Scoping)).await;
    worker.stop().await.expect("ends well");

    let events = bank.events().await;
    let mut seen = BTreeSet::new();
    for event in &events {
        let what = (&event.aggregate_id, &event.event_type, &event.payload);
        let once = !matches!(event.event_type.as_str(), "step_started" | "step_completed");
        assert!(seen.insert(what) || !once, "doubled: {event:?}");
    }
    for phase in [Phase::Planning, Phase::DataProfiling] {
        let trail = bank.trail(phase).await;
        let made = |event: &&_| {
            matches!(
                event,
                annal_core::dossier::DossierEvent::VersionCreated { .. }
            )
        };
        assert_eq!(trail.iter().filter(made).count(), 1, "{phase}");
    }
}

/// The next thing that a person has to do.
async fn work_on(bank: &Bank) {
    let state = bank.until(|it| !it.awaiting.is_empty()).await;
    let waiting = &state.awaiting[0];
    match (waiting.phase, waiting.awaited.role) {
        (phase, annal_core::Role::ReportOwner) => bank.approve(phase).await,
        (Phase::Planning, _) => bank.hand_in(Phase::Planning, Verdict::Include).await,
        (phase, _) => {
            bank.hand_in(phase, Verdict::Approve).await;
            bank.approve(phase).await;
        }
    }
}
