//! Phases that run at the same time.

use annal_core::Phase;
use annal_core::run::PhaseStatus;

use crate::support::{Bank, Setup};

#[tokio::test(flavor = "multi_thread")]
async fn sample_selection_and_data_owner_id_are_in_progress_at_once() {
    let (bank, _worker) = Bank::open(Setup::default()).await;
    bank.up_to_the_fork().await;
    let both = [Phase::SampleSelection, Phase::DataOwnerId];
    let status = |summary: &annal_core::Summary, phase| summary.phase(phase).map(|it| it.status);
    let forked = bank
        .until(|it| {
            both.iter()
                .all(|phase| status(it, *phase) == Some(PhaseStatus::Started))
        })
        .await;
    assert_eq!(
        status(&forked, Phase::RequestInfo),
        Some(PhaseStatus::Waiting)
    );

    let run = annal_log::StreamId::run(bank.run);
    let events = bank
        .log
        .read_stream(&run, annal_core::Sequence(0))
        .await
        .expect("read");
    let forks = events
        .iter()
        .filter(|it| it.payload.contains(r#""kind":"parallel_fork""#));
    assert_eq!(forks.count(), 2);

    // The join waits for both.
    let lines = bank.opening().await.body.lines_of_business;
    bank.find_owners(&lines).await;
    let one = bank
        .until(|it| status(it, Phase::DataOwnerId) == Some(PhaseStatus::Completed))
        .await;
    assert_eq!(status(&one, Phase::RequestInfo), Some(PhaseStatus::Waiting));
    bank.select_samples(5).await;
    bank.until(|it| status(it, Phase::RequestInfo) == Some(PhaseStatus::Started))
        .await;
}
