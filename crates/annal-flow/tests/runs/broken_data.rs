//! Data that cannot be read.

use annal_core::Phase;
use annal_core::run::{RunCommand, RunStatus};
use annal_core::{Role, Summary};
use annal_flow::Act;

use crate::support::people::command;
use crate::support::{Bank, SOON, Setup};

pub(crate) fn broken() -> Setup {
    Setup {
        // A row of the data gets a field too many.
        spoil: Some(("\n2,", "\n2,,")),
        ..Setup::default()
    }
}

pub(crate) async fn until_it_failed(bank: &Bank) {
    while bank.count("step_failed").await == 0 {
        let head = bank.log.head().await.expect("a head").position;
        bank.log.wait_for(head, SOON).await.expect("the log grows");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_row_is_recorded_as_a_failed_step_and_the_run_waits() {
    let (bank, _worker) = Bank::open(broken()).await;
    until_it_failed(&bank).await;
    let mut look = tokio::time::interval(std::time::Duration::from_millis(50));
    let stuck = loop {
        look.tick().await;
        let stuck = bank.client.stuck(bank.run).await.expect("an answer");
        if !stuck.is_empty() {
            break stuck;
        }
    };
    let why = &stuck[&Phase::Planning];
    assert!(
        why.contains("hmda_boston.csv") && why.contains("line 3"),
        "{why}"
    );
    assert_eq!(
        bank.count("step_failed").await,
        1,
        "not tried again: the data stays as it is"
    );

    let cancel = Act::Run(RunCommand::Cancel {});
    let cancel = command("xena", Role::TestExecutive, Some("broken data"), cancel);
    let accepted = bank.act(&cancel).await;
    let cancelled = |it: &Summary| it.status == RunStatus::Cancelled;
    assert!(cancelled(&accepted.summary));
}
