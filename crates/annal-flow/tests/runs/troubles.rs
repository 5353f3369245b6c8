//! What a caller hears when something is missing.

use std::time::{Duration, Instant};

use annal_core::Phase;
use annal_core::dossier::DossierCommand as Do;
use annal_flow::{FlowClient, FlowError};

use crate::support::people::asks;
use crate::support::{Bank, Setup, accepted, has_draft};

#[tokio::test(flavor = "multi_thread")]
async fn without_a_worker_the_caller_hears_it_and_the_run_is_opened_once_one_is_there() {
    let bank = Bank::found(Setup::default()).await;
    let opening = bank.opening().await;
    let asked = Instant::now();
    let error = bank
        .client
        .start_run(&opening)
        .await
        .expect_err("nobody works");
    assert!(matches!(error, FlowError::NoWorker { .. }), "{error}");
    assert!(error.to_string().contains("annal up"), "{error}");
    assert!(
        asked.elapsed() < Duration::from_secs(30),
        "{:?}",
        asked.elapsed()
    );

    let _worker = bank.worker().await;
    accepted(bank.client.start_run(&opening).await.expect("an answer"));
    assert_eq!(bank.count("run_opened").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_died_is_missed_soon() {
    let (bank, worker) = Bank::open(Setup::default()).await;
    bank.until(has_draft(Phase::Planning)).await;
    drop(worker);
    let died = Instant::now();
    let submit = asks("tom", None, Phase::Planning, Do::Submit { version: None });
    let asked = bank.client.act(bank.run, &submit).await;
    let error = asked.expect_err("nobody works");
    assert!(matches!(error, FlowError::NoWorker { .. }), "{error}");
    let after = died.elapsed();
    assert!(after < Duration::from_secs(40), "{after:?}");

    // What was sent is carried out once somebody is there, and the sender hears it.
    let _worker = bank.worker().await;
    bank.refused(&submit).await;
    assert_eq!(bank.count("attempt_refused").await, 1);
}

/// A server remembers for a moment that it was asked for a namespace which was not there, and its services learn of a new
/// one at different times. Who was told that it is made, and asks, is not refused for that.
#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_that_was_just_made_is_waited_for_and_one_that_is_not_there_is_not() {
    let bank = Bank::found(Setup::default()).await;
    let opening = bank.opening().await;
    let server = annal_stack::testing::temporal().await;
    let late = format!("{}_late", server.namespace);
    let ledger = "main".parse().expect("a valid id");
    let client = FlowClient::connect(&server.target, &late, ledger).await;
    let client = client.expect("the server answers");

    let asked = Instant::now();
    let error = client.start_run(&opening).await.expect_err("none is there");
    assert_eq!(error.code(), "temporal_refused", "{error}");
    assert!(error.to_string().contains(&late), "{error}");
    assert!(asked.elapsed() < Duration::from_secs(10));

    annal_stack::testing::make_namespace(&server.target, &late, &[]).await;
    let error = client.start_run(&opening).await.expect_err("nobody works");
    assert!(matches!(error, FlowError::NoWorker { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_server_the_caller_hears_it() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr());
    let target = free.expect("a port").to_string();
    let ledger = "main".parse().expect("a valid id");
    let error = FlowClient::connect(&target, "default", ledger).await.err();
    assert!(
        matches!(error, Some(FlowError::Unreachable { .. })),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_for_one_run_at_once_are_all_answered() {
    let (bank, _worker) = Bank::open(Setup::default()).await;
    bank.until(has_draft(Phase::Planning)).await;
    let commands: Vec<_> = (0..30)
        .map(|_| asks("tom", None, Phase::Planning, Do::Submit { version: None }))
        .collect();
    let answers = commands.iter().map(|command| bank.refused(command));
    let answers = futures::future::join_all(answers).await;
    assert_eq!(answers.len(), 30);
    assert_eq!(bank.count("attempt_refused").await, 30);
}
