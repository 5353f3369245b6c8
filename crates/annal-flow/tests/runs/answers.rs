//! What a person gets back, and what stays in the log of it.

use annal_core::dossier::DossierCommand as Do;
use annal_core::rejection::RejectionCode as Code;
use annal_core::run::RunCommand;
use annal_core::{Phase, Role, RunId};
use annal_flow::{Act, FlowError, Reply};
use uuid::Uuid;

use crate::support::people::{asks, command};
use crate::support::{Bank, Setup, accepted, has_draft};

const SUBMIT: Do = Do::Submit { version: None };

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_an_answer_and_is_recorded_once_however_often_it_is_sent() {
    let (bank, _worker) = Bank::open(Setup::default()).await;
    bank.until(has_draft(Phase::Planning)).await;
    let too_early = asks("tom", None, Phase::Planning, SUBMIT);
    let first = bank.refused(&too_early).await;
    assert_eq!(first.code, Code::Incomplete, "{first:?}");
    assert_eq!(bank.refused(&too_early).await, first);
    assert_eq!(bank.count("attempt_refused").await, 1);

    let wrong_role = asks("olga", None, Phase::Planning, SUBMIT);
    assert_eq!(bank.refused(&wrong_role).await.code, Code::RoleNotAllowed);
    let not_held = Act::Dossier {
        phase: Phase::Planning,
        command: SUBMIT,
    };
    let not_held = command("dora", Role::Tester, None, not_held.clone());
    assert_eq!(bank.refused(&not_held).await.code, Code::RoleNotHeld);
    let nobody = command("nobody", Role::Tester, None, not_held.body.clone());
    assert_eq!(bank.refused(&nobody).await.code, Code::UnknownPerson);
    let not_begun = asks("tom", None, Phase::Scoping, SUBMIT);
    assert_eq!(bank.refused(&not_begun).await.code, Code::PhaseNotBegun);
    assert_eq!(bank.count("attempt_refused").await, 5);
    assert_eq!(bank.count("version_submitted").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_the_engine_may_do_is_refused_to_people() {
    let (bank, _worker) = Bank::open(Setup::default()).await;
    bank.until(has_draft(Phase::Planning)).await;
    let complete = asks("xena", Some("hurry"), Phase::Planning, Do::Complete {});
    let refusal = bank.refused(&complete).await;
    assert_eq!(refusal.code, Code::RoleNotAllowed, "{refusal:?}");
    let events = bank.events().await;
    let last = events.last().expect("the refusal");
    let provenance = last
        .metadata
        .provenance
        .as_ref()
        .expect("made by a workflow");
    assert_eq!(provenance.activity_name, "refuse_command");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_sent_twice_is_carried_out_once() {
    let (bank, _worker) = Bank::open(Setup::default()).await;
    bank.until(has_draft(Phase::Planning)).await;
    let one = bank.items(Phase::Planning).await.remove(0).0;
    let decide = |verdict| Do::Decide {
        version: None,
        level: annal_core::item::DecisionLevel::Tester,
        decisions: vec![annal_core::item::ItemVerdict {
            item: one.clone(),
            verdict,
        }],
    };
    let include = annal_core::item::Verdict::Include;
    let asked = asks("tom", None, Phase::Planning, decide(include));
    let first = bank.act(&asked).await;
    let again = bank.act(&asked).await;
    assert_eq!((first.first, first.last), (again.first, again.last));
    assert_eq!(bank.count("item_decided").await, 1);

    let mut other = asks(
        "tom",
        Some("why not"),
        Phase::Planning,
        decide(annal_core::item::Verdict::Exclude),
    );
    other.id = asked.id;
    assert_eq!(bank.refused(&other).await.code, Code::CommandReused);
    assert_eq!(bank.refused(&other).await.code, Code::CommandReused);
    assert_eq!(bank.count("item_decided").await, 1);
    assert_eq!(bank.count("attempt_refused").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn opening_is_answered_once_and_refused_for_what_is_open() {
    let bank = Bank::found(Setup::default()).await;
    let _worker = bank.worker().await;
    let opening = bank.opening().await;
    let first = accepted(bank.client.start_run(&opening).await.expect("an answer"));
    let again = accepted(bank.client.start_run(&opening).await.expect("an answer"));
    assert_eq!((first.first, first.last), (again.first, again.last));
    let other = command("xena", Role::TestExecutive, None, opening.body.clone());
    match bank.client.start_run(&other).await.expect("an answer") {
        Reply::Rejected(refusal) => assert_eq!(refusal.code, Code::RunAlreadyOpen),
        Reply::Accepted(accepted) => panic!("was opened again: {accepted:?}"),
    }
    assert_eq!(bank.count("run_opened").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_may_not_be_opened_is_refused_and_can_be_opened_rightly_then() {
    let bank = Bank::found(Setup::default()).await;
    let _worker = bank.worker().await;
    let mut opening = bank.opening().await;
    let definition = opening.body.definition.clone();
    opening.body.definition.version = "9.9.9".parse().expect("a version");
    match bank.client.start_run(&opening).await.expect("an answer") {
        Reply::Rejected(refusal) => {
            assert_eq!(refusal.code, Code::DefinitionRefused);
            assert!(refusal.message.contains("2.0.0"), "{}", refusal.message);
        }
        Reply::Accepted(accepted) => panic!("was opened: {accepted:?}"),
    }
    opening.body.definition = definition;
    let right = command("xena", Role::TestExecutive, None, opening.body);
    accepted(bank.client.start_run(&right).await.expect("an answer"));
    bank.until(has_draft(Phase::Planning)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_not_there_or_is_over_says_so() {
    let (bank, _worker) = Bank::open(Setup::default()).await;
    bank.until(has_draft(Phase::Planning)).await;
    let submit = asks("tom", None, Phase::Planning, SUBMIT);
    let unknown = RunId(Uuid::new_v4());
    let error = bank
        .client
        .act(unknown, &submit)
        .await
        .expect_err("no such run");
    assert!(matches!(error, FlowError::NotFound { .. }), "{error}");

    let cancel = Act::Run(RunCommand::Cancel {});
    let cancel = command("xena", Role::TestExecutive, Some("wrong data"), cancel);
    bank.act(&cancel).await;
    let error = bank.client.act(bank.run, &submit).await.expect_err("over");
    assert!(matches!(error, FlowError::Closed { .. }), "{error}");
    let state = bank.client.state(bank.run).await.expect("still tells");
    assert_eq!(state.status, annal_core::run::RunStatus::Cancelled);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_is_answered_in_the_log_and_read_once() {
    let (bank, _worker) = Bank::open(Setup::default()).await;
    bank.until(has_draft(Phase::Planning)).await;
    let early = asks("tom", None, Phase::TestReport, SUBMIT);
    for _ in 0..2 {
        bank.client
            .act_later(bank.run, &early)
            .await
            .expect("handed over");
    }
    // Signals are answered in their order, so the second one's answer tells that the first is through.
    let last = asks("tina", None, Phase::Planning, SUBMIT);
    bank.client
        .act_later(bank.run, &last)
        .await
        .expect("handed over");
    while bank
        .log
        .receipt(last.id)
        .await
        .expect("the log answers")
        .is_none()
    {
        bank.log
            .wait_for(
                bank.log.head().await.expect("a head").position,
                crate::support::SOON,
            )
            .await
            .expect("the log grows");
    }
    assert_eq!(bank.count("attempt_refused").await, 2);
}
