//! Time that runs out. An hour lasts some milliseconds here; the timers are Temporal's own.

use std::time::Duration;

use annal_core::Phase;
use annal_core::item::Verdict;
use annal_flow::ClientSettings;

use crate::support::{Bank, SOON, Setup, has_draft};

pub(crate) fn fast() -> Setup {
    Setup {
        settings: ClientSettings {
            hour: Duration::from_millis(20),
            ..ClientSettings::default()
        },
        ..Setup::default()
    }
}

pub(crate) async fn until_there_are(bank: &Bank, event_type: &str, count: usize) {
    while bank.count(event_type).await < count {
        let head = bank.log.head().await.expect("a head").position;
        bank.log.wait_for(head, SOON).await.expect("the log grows");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_step_is_reminded_of_and_escalated_and_the_run_goes_on() {
    let (bank, _worker) = Bank::open(fast()).await;
    bank.until(has_draft(Phase::Planning)).await;
    until_there_are(&bank, "deadline_escalated", 4).await;
    assert_eq!(bank.count("step_timed_out").await, 1);
    assert_eq!(bank.count("reminder_sent").await, 1);

    bank.hand_in(Phase::Planning, Verdict::Include).await;
    bank.approve(Phase::Planning).await;
    bank.until(has_draft(Phase::DataProfiling)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_done_in_time_is_not_late() {
    let (bank, _worker) = Bank::open(Setup::default()).await;
    bank.hand_in(Phase::Planning, Verdict::Include).await;
    bank.approve(Phase::Planning).await;
    bank.until(has_draft(Phase::DataProfiling)).await;
    assert_eq!(bank.count("step_timed_out").await, 0);
}
