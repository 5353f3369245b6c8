//! The whole way, as people go it, in each definition.

use annal_core::run::{PhaseStatus, RunStatus};
use annal_core::{Phase, VersionNo};

use crate::support::{Bank, Setup};

async fn goes_all_the_way(definition: &'static str) -> Bank {
    let (bank, worker) = Bank::open(Setup {
        definition,
        ..Setup::default()
    })
    .await;
    bank.go_all_the_way().await;
    let end = bank.until(|it| it.status == RunStatus::Completed).await;
    let completed = |it: &annal_core::case::PhaseSummary| it.status == PhaseStatus::Completed;
    assert!(end.phases.iter().all(completed), "{end:?}");
    assert_eq!(end.phases.len(), bank.definition.phases.len());
    assert!(end.awaiting.is_empty(), "{:?}", end.awaiting);
    worker.stop().await.expect("the worker ends well");
    bank
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_from_planning_to_the_signed_report() {
    let bank = goes_all_the_way("2.0.0").await;
    let selected = bank.items(Phase::SampleSelection).await;
    assert_eq!(
        selected.len(),
        21,
        "16 of 20 carried forward and 5 new ones"
    );
    let new = bank.added_in(Phase::SampleSelection, VersionNo(2)).await;
    assert_eq!(new.len(), 5);
    let first = bank.added_in(Phase::SampleSelection, VersionNo(1)).await;
    assert!(new.iter().all(|id| !first.contains(id)), "drawn twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn so_does_a_run_of_the_first_definition() {
    goes_all_the_way("1.0.0").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn so_does_a_run_of_the_second_definition() {
    goes_all_the_way("1.1.0").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn so_does_a_run_of_the_third_definition() {
    goes_all_the_way("1.2.0").await;
}
