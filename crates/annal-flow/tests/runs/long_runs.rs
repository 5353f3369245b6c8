//! Runs whose history is cut: they go on in a new execution, and nobody notices.

use std::collections::BTreeSet;

use annal_core::dossier::DossierCommand as Do;
use annal_core::rejection::RejectionCode as Code;
use annal_core::{Phase, Summary};
use annal_flow::{ClientSettings, replay};

use crate::support::people::asks;
use crate::support::{Bank, Setup};

pub(crate) fn short() -> Setup {
    Setup {
        settings: ClientSettings {
            history_events: 60,
            ..ClientSettings::default()
        },
        ..Setup::default()
    }
}

/// The executions of Temporal that made events.
pub(crate) async fn executions(bank: &Bank) -> BTreeSet<String> {
    let events = bank.events().await;
    let made_by = events.into_iter().filter_map(|it| it.metadata.provenance);
    made_by.map(|it| it.run_id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_on_in_new_executions_with_all_that_it_knew() {
    let (bank, worker) = Bank::open(short()).await;
    let refused = asks("tom", None, Phase::TestReport, Do::Submit { version: None });
    let before = bank.refused(&refused).await;
    bank.up_to_the_fork().await;
    let is_forked = |it: &Summary| {
        it.phase(Phase::DataOwnerId)
            .is_some_and(|it| it.step.is_some())
    };
    bank.until(is_forked).await;

    let executions = executions(&bank).await;
    assert!(executions.len() > 2, "{} executions", executions.len());
    // A command of an earlier execution is still known.
    assert_eq!(bank.refused(&refused).await, before);
    assert_eq!(before.code, Code::PhaseNotBegun);
    assert_eq!(bank.count("attempt_refused").await, 1);
    assert_eq!(bank.count("run_opened").await, 1);
    for execution in executions {
        let history = bank
            .client
            .history(bank.run, Some(&execution))
            .await
            .expect("a history");
        assert_eq!(replay(&history).await, Ok(()));
    }
    worker.stop().await.expect("ends well");
}

#[tokio::test(flavor = "multi_thread")]
async fn signals_are_not_lost_between_two_executions() {
    let (bank, _worker) = Bank::open(short()).await;
    let mut sent = Vec::new();
    for _ in 0..40 {
        let early = asks("tom", None, Phase::TestReport, Do::Submit { version: None });
        bank.client
            .act_later(bank.run, &early)
            .await
            .expect("handed over");
        sent.push(early.id);
    }
    for id in sent {
        while bank
            .log
            .receipt(id)
            .await
            .expect("the log answers")
            .is_none()
        {
            let head = bank.log.head().await.expect("a head").position;
            bank.log
                .wait_for(head, crate::support::SOON)
                .await
                .expect("the log grows");
        }
    }
    assert_eq!(bank.count("attempt_refused").await, 40);
    assert!(executions(&bank).await.len() > 1);
}
