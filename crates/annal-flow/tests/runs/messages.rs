//! Commands that come at a wrong time, twice or late: each case of `docs/messages.md`.

use std::path::Path;

use annal_core::dossier::DossierCommand as Do;
use annal_core::item::Verdict;
use annal_core::rejection::RejectionCode as Code;
use annal_core::run::RunStatus;
use annal_core::{Command, CommandId, Phase};
use annal_flow::{Act, FlowError};

use crate::long_runs::{executions, short};
use crate::support::people::{asks, cancel};
use crate::support::{Bank, SOON, Setup, has_draft};

const SUBMIT: Do = Do::Submit { version: None };
const APPROVE: Do = Do::Approve { version: None };

/// Waits until the log has the answer to a command.
pub(crate) async fn until_answered(bank: &Bank, id: CommandId) {
    while bank.log.receipt(id).await.expect("an answer").is_none() {
        let head = bank.log.head().await.expect("a head").position;
        bank.log.wait_for(head, SOON).await.expect("the log grows");
    }
}

async fn hand_over(bank: &Bank, command: &Command<Act>) {
    let handed = bank.client.act_later(bank.run, command).await;
    handed.expect("handed over");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_before_its_turn_is_refused_and_done_when_sent_anew_in_its_turn() {
    let (bank, _worker) = Bank::open(Setup::default()).await;
    bank.until(has_draft(Phase::Planning)).await;
    let too_early = asks("olga", None, Phase::Planning, APPROVE);
    let refused = bank.refused(&too_early).await;
    bank.hand_in(Phase::Planning, Verdict::Include).await;
    // The same command keeps its answer; it does not begin to hold later on, when nobody expects it.
    assert_eq!(bank.refused(&too_early).await, refused);
    assert_eq!(bank.count("version_approved").await, 0);
    bank.approve(Phase::Planning).await;
    assert_eq!(bank.count("version_approved").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn signals_are_answered_in_the_order_in_which_they_came() {
    let (bank, _worker) = Bank::open(Setup::default()).await;
    bank.until(has_draft(Phase::Planning)).await;
    let mut sent = Vec::new();
    for phase in [Phase::TestReport, Phase::Planning, Phase::Scoping] {
        let early = asks("tom", None, phase, SUBMIT);
        hand_over(&bank, &early).await;
        sent.push(early.id);
    }
    until_answered(&bank, sent[2]).await;
    let events = bank.events().await;
    let refused = events
        .iter()
        .filter(|it| it.event_type == "attempt_refused");
    let answered: Vec<_> = refused.map(|it| it.metadata.command_id).collect();
    assert_eq!(answered, sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_comes_as_a_signal_and_as_an_update_is_carried_out_once() {
    let (bank, _worker) = Bank::open(Setup::default()).await;
    bank.hand_in(Phase::Planning, Verdict::Include).await;
    let withdraw = Do::Withdraw { version: None };
    let withdraw = asks("tom", Some("too soon"), Phase::Planning, withdraw);
    hand_over(&bank, &withdraw).await;
    let update = bank.act(&withdraw).await;
    hand_over(&bank, &withdraw).await;
    // Signals are answered in their order, so this one's answer tells that the others are through.
    let last = asks("tom", None, Phase::TestReport, SUBMIT);
    hand_over(&bank, &last).await;
    until_answered(&bank, last.id).await;
    assert_eq!(bank.count("version_withdrawn").await, 1);
    assert_eq!(bank.count("attempt_refused").await, 1, "the last one's");
    assert_eq!(bank.act(&withdraw).await.first, update.first);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_sent_again_in_a_later_execution_is_read_once() {
    let (bank, _worker) = Bank::open(short()).await;
    let early = asks("tom", None, Phase::TestReport, SUBMIT);
    hand_over(&bank, &early).await;
    until_answered(&bank, early.id).await;
    bank.up_to_the_fork().await;
    assert!(executions(&bank).await.len() > 1);
    hand_over(&bank, &early).await;
    let last = asks("tom", None, Phase::TestReport, SUBMIT);
    hand_over(&bank, &last).await;
    until_answered(&bank, last.id).await;
    assert_eq!(bank.count("attempt_refused").await, 2);
    let refused = bank.refused(&early).await;
    assert_eq!(refused.code, Code::PhaseNotBegun, "as the first time");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_run_takes_no_command_and_no_signal() {
    let (bank, _worker) = Bank::open(Setup::default()).await;
    bank.until(has_draft(Phase::Planning)).await;
    bank.act(&cancel("wrong data")).await;
    let closed = |error: FlowError| assert!(matches!(error, FlowError::Closed { .. }), "{error}");
    let late = asks("tom", None, Phase::Planning, SUBMIT);
    closed(bank.client.act(bank.run, &late).await.expect_err("over"));
    let late = asks("tom", None, Phase::Planning, SUBMIT);
    closed(
        bank.client
            .act_later(bank.run, &late)
            .await
            .expect_err("over"),
    );
    assert_eq!(bank.log.receipt(late.id).await, Ok(None), "nothing is kept");
    let state = bank.client.state(bank.run).await.expect("still tells");
    assert_eq!(state.status, RunStatus::Cancelled);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_that_ended_a_run_keeps_its_answer() {
    let (bank, _worker) = Bank::open(Setup::default()).await;
    bank.until(has_draft(Phase::Planning)).await;
    let cancel = cancel("wrong data");
    let first = bank.act(&cancel).await;
    let again = bank.act(&cancel).await;
    assert_eq!((first.first, first.last), (again.first, again.last));
    assert_eq!(bank.count("run_cancelled").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_that_was_taken_is_answered_even_while_the_run_ends() {
    let (bank, _worker) = Bank::open(Setup::default()).await;
    bank.until(has_draft(Phase::Planning)).await;
    let signals: Vec<_> = (0..20)
        .map(|_| asks("tom", None, Phase::Planning, SUBMIT))
        .collect();
    let send = signals
        .iter()
        .map(|signal| bank.client.act_later(bank.run, signal));
    let cancel = cancel("wrong data");
    let (handed, _) = tokio::join!(futures::future::join_all(send), bank.act(&cancel));
    for (signal, handed) in signals.iter().zip(handed) {
        match handed {
            Ok(()) => until_answered(&bank, signal.id).await,
            Err(error) => assert!(matches!(error, FlowError::Closed { .. }), "{error}"),
        }
    }
}

/// The table names only tests that exist, and at least one for each case.
#[test]
fn every_case_of_the_table_has_a_test() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = std::fs::read_to_string(folder.join("../../docs/messages.md")).expect("a table");
    let rows: Vec<_> = table
        .lines()
        .filter(|it| it.starts_with("| "))
        .skip(1)
        .collect();
    assert!(rows.len() >= 12, "{} cases", rows.len());
    for row in rows {
        let cell = row
            .trim_end_matches('|')
            .rsplit(" | ")
            .next()
            .expect("tests");
        for test in cell.split('`').skip(1).step_by(2) {
            let (module, function) = test.split_once("::").expect("MODULE::FUNCTION");
            let path = folder.join(format!("tests/runs/{module}.rs"));
            let source = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(source.contains(&format!("async fn {function}(")), "{test}");
        }
    }
}
