//! A tool, not a test: records the histories that are replayed against every later build.
//!
//! `cargo test -p annal-flow --test runs -- --ignored record_histories`

use std::path::Path;

use annal_core::Phase;
use annal_core::dossier::DossierCommand as Do;
use annal_core::item::Verdict;
use annal_core::run::RunStatus;

use crate::deadlines::{fast, until_there_are};
use crate::long_runs::{executions, short};
use crate::support::people::{asks, cancel};
use crate::support::{Bank, Setup, has_draft};
use crate::{broken_data, worker_dies};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a tool: writes tests/histories"]
async fn record_histories() {
    for definition in ["1.0.0", "1.1.0", "1.2.0", "2.0.0"] {
        let setup = Setup {
            definition,
            ..Setup::default()
        };
        let (bank, _worker) = Bank::open(setup).await;
        bank.go_all_the_way().await;
        bank.until(|it| it.status == RunStatus::Completed).await;
        keep(
            &bank,
            &format!("whole_run_{}", definition.replace('.', "_")),
        )
        .await;
    }
    record_rejection().await;
    record_refusals().await;
    record_deadline().await;
    record_retry().await;
    record_broken_data("preparation_failed").await;
    record_continue_as_new().await;
}

/// Records again only what is not there yet: a history that was recorded is never replaced, since it stands for runs that
/// began with the build of its time.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a tool: writes tests/histories"]
async fn record_what_is_new() {
    record_rejection().await;
    record_broken_data("preparation_failed_and_memo_tells").await;
}

/// A version that is rejected, and the revision that is approved.
async fn record_rejection() {
    let (bank, _worker) = Bank::open(Setup::default()).await;
    bank.up_to_the_fork().await;
    bank.select_samples(5).await;
    end(&bank).await;
    keep(&bank, "rejected_and_revised").await;
}

/// A refusal, a signal before its phase, and a cancellation.
async fn record_refusals() {
    let (bank, _worker) = Bank::open(Setup::default()).await;
    bank.until(has_draft(Phase::Planning)).await;
    let early = asks("tom", None, Phase::TestReport, Do::Submit { version: None });
    bank.client
        .act_later(bank.run, &early)
        .await
        .expect("handed over");
    bank.refused(&asks(
        "tom",
        None,
        Phase::Planning,
        Do::Submit { version: None },
    ))
    .await;
    until_there_are(&bank, "attempt_refused", 2).await;
    end(&bank).await;
    keep(&bank, "refused_signal_before_its_phase_and_cancelled").await;
}

async fn record_deadline() {
    let (bank, _worker) = Bank::open(fast()).await;
    until_there_are(&bank, "deadline_escalated", 4).await;
    bank.hand_in(Phase::Planning, Verdict::Include).await;
    end(&bank).await;
    keep(&bank, "deadline_and_escalations").await;
}

async fn record_retry() {
    let (bank, worker) = Bank::open(Setup::default()).await;
    bank.until(has_draft(Phase::Planning)).await;
    let _worker = worker_dies::once(&bank, worker).await;
    end(&bank).await;
    keep(&bank, "activity_tried_again_by_another_worker").await;
}

async fn record_broken_data(name: &str) {
    let (bank, _worker) = Bank::open(broken_data::broken()).await;
    broken_data::until_it_failed(&bank).await;
    end(&bank).await;
    keep(&bank, name).await;
}

async fn record_continue_as_new() {
    let (bank, _worker) = Bank::open(short()).await;
    bank.up_to_the_fork().await;
    end(&bank).await;
    keep(&bank, "continued_as_new").await;
}

async fn end(bank: &Bank) {
    bank.act(&cancel("recorded")).await;
}

/// Writes the history of each execution of the run.
async fn keep(bank: &Bank, name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/histories");
    std::fs::create_dir_all(&folder).expect("a folder");
    let mut order = Vec::new();
    for event in bank.events().await {
        let execution = event.metadata.provenance.expect("a workflow").run_id;
        if order.last() != Some(&execution) {
            order.push(execution);
        }
    }
    assert_eq!(order.len(), executions(bank).await.len());
    for (number, execution) in order.iter().enumerate() {
        let history = bank
            .client
            .history(bank.run, Some(execution))
            .await
            .expect("a history");
        let part = if order.len() == 1 {
            String::new()
        } else {
            format!("_{}", number + 1)
        };
        std::fs::write(folder.join(format!("{name}{part}.json")), history).expect("written");
    }
}
