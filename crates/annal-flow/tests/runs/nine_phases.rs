//! The whole way, as people go it.

use annal_core::Phase;
use annal_core::item::Verdict;
use annal_core::run::{PhaseStatus, RunStatus};

use crate::support::Bank;

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_from_planning_to_the_signed_report() {
    let (bank, worker) = Bank::open().await;
    let lines = bank.opening().await.body.lines_of_business;
    bank.up_to_the_fork().await;
    bank.find_owners(&lines).await;
    bank.select_samples(5).await;
    bank.give_evidence().await;
    bank.run_tests().await;
    bank.hand_in(Phase::Observations, Verdict::Approve).await;
    bank.approve(Phase::Observations).await;
    bank.sign_report().await;

    let end = bank.until(|it| it.status == RunStatus::Completed).await;
    assert!(
        end.phases
            .iter()
            .all(|it| it.status == PhaseStatus::Completed),
        "{end:?}"
    );
    assert!(end.awaiting.is_empty(), "{:?}", end.awaiting);
    worker.stop().await.expect("the worker ends well");
}
