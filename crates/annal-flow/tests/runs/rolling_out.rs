//! A new build is rolled out while runs are in progress. The build before is played by a worker that holds patches
//! back: the histories that it makes are those of a build that has none.

use annal_core::Phase;
use annal_core::item::Verdict;
use annal_core::run::RunStatus;
use annal_flow::{Patches, Worker, WorkerSettings, replay};

use crate::broken_data::{broken, until_it_failed};
use crate::long_runs::short;
use crate::shown::memo;
use crate::support::people::cancel;
use crate::support::{Bank, Setup, accepted, has_draft};

const BEFORE: WorkerSettings = WorkerSettings {
    patches: Patches::HeldBack,
    ..WorkerSettings::DEFAULT
};

/// A bank in which the build before works, with a run that it opened.
async fn open_before(setup: Setup) -> (Bank, Worker) {
    let bank = Bank::found(setup).await;
    let worker = bank.worker_with(BEFORE).await;
    let opening = bank.opening().await;
    accepted(bank.client.start_run(&opening).await.expect("an answer"));
    (bank, worker)
}

/// Whether an execution of the run took a patch on; the current one if none is named.
async fn is_patched(bank: &Bank, execution: Option<&str>) -> bool {
    let history = bank.client.history(bank.run, execution).await;
    let history = history.expect("a history");
    assert_eq!(replay(&history).await, Ok(()), "this build goes on with it");
    String::from_utf8_lossy(&history).contains("core_patch")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_begun_by_the_build_before_is_finished_by_this_one_in_the_old_way() {
    let (bank, before) = open_before(broken()).await;
    until_it_failed(&bank).await;
    before.stop().await.expect("ends well");

    let _after = bank.worker().await;
    let ended = bank.act(&cancel("broken data")).await;
    assert_eq!(ended.summary.status, RunStatus::Cancelled);
    assert!(!is_patched(&bank, None).await);
    assert_eq!(memo(&bank, "stuck").await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_begun_by_this_build_takes_the_patch_on_and_keeps_it_under_one_that_holds_it_back() {
    let (bank, worker) = Bank::open(broken()).await;
    until_it_failed(&bank).await;
    let told = loop {
        match memo(&bank, "stuck").await {
            Some(told) if !told.is_empty() => break told,
            _ => tokio::task::yield_now().await,
        }
    };
    assert!(told[0].starts_with("planning: "), "{told:?}");
    assert!(told[0].contains("line 3"), "{told:?}");
    worker.stop().await.expect("ends well");

    let _before = bank.worker_with(BEFORE).await;
    let ended = bank.act(&cancel("broken data")).await;
    assert_eq!(ended.summary.status, RunStatus::Cancelled);
    assert!(is_patched(&bank, None).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_builds_take_turns_and_the_run_takes_the_patch_on_when_it_goes_on_in_a_new_execution() {
    let (bank, before) = open_before(short()).await;
    bank.until(has_draft(Phase::Planning)).await;
    let events = bank.events().await;
    let first = events[0].metadata.provenance.as_ref().expect("a workflow");
    bank.hand_in(Phase::Planning, Verdict::Include).await;
    before.stop().await.expect("ends well");

    let _after = bank.worker().await;
    bank.approve(Phase::Planning).await;
    bank.hand_in(Phase::DataProfiling, Verdict::Approve).await;
    bank.approve(Phase::DataProfiling).await;
    bank.until(has_draft(Phase::Scoping)).await;
    assert!(!is_patched(&bank, Some(&first.run_id)).await);
    assert!(is_patched(&bank, None).await);
}
