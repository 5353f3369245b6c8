//! A run that moves to a newer definition, and one that is reopened.

use annal_core::definition::Definition;
use annal_core::dossier::{DossierCommand as Do, Stage};
use annal_core::item::Verdict;
use annal_core::run::{PhaseStatus, RunCommand};
use annal_core::{Phase, Role};
use annal_flow::Act;

use crate::long_runs::executions;
use crate::support::people::{asks, command};
use crate::support::{Bank, Setup, has_draft};

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_on_by_the_definition_that_it_moved_to() {
    let setup = Setup {
        definition: "1.1.0",
        ..Setup::default()
    };
    let (bank, _worker) = Bank::open(setup).await;
    bank.until(has_draft(Phase::Planning)).await;
    let version = "1.2.0".parse().expect("a version");
    let to = Definition::builtin(&version)
        .expect("a definition")
        .reference();
    let change = Act::Run(RunCommand::ChangeDefinition { to });
    let change = command(
        "xena",
        Role::TestExecutive,
        Some("in parallel, please"),
        change,
    );
    bank.act(&change).await;
    bank.up_to_the_fork().await;
    // Before, data owners were named after the samples.
    let open = |summary: &annal_core::Summary, phase| {
        summary
            .phase(phase)
            .is_some_and(|it| it.status == PhaseStatus::Started)
    };
    bank.until(|it| open(it, Phase::SampleSelection) && open(it, Phase::DataOwnerId))
        .await;
    assert_eq!(executions(&bank).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reopened_phase_is_led_to_its_end_again() {
    let (bank, _worker) = Bank::open(Setup::default()).await;
    bank.hand_in(Phase::Planning, Verdict::Include).await;
    bank.approve(Phase::Planning).await;
    bank.until(has_draft(Phase::DataProfiling)).await;
    let phase = Phase::Planning;
    let reopen = Act::Run(RunCommand::ReopenPhase { phase });
    let reopen = command(
        "xena",
        Role::TestExecutive,
        Some("an attribute is missing"),
        reopen,
    );
    bank.act(&reopen).await;
    bank.until(|it| it.phase(phase).is_some_and(|it| it.stage == Stage::Revise))
        .await;
    let revise = Act::Revise {
        phase,
        policy: annal_core::version::CarryForward::All,
        draw: 0,
        add: vec![],
    };
    bank.act(&command("tom", Role::Tester, None, revise)).await;
    for (who, step) in [
        ("tom", Do::Submit { version: None }),
        ("olga", Do::Approve { version: None }),
    ] {
        bank.act(&asks(who, None, phase, step)).await;
    }
    let again = |it: &annal_core::Summary| {
        let planning = it.phase(phase).expect("planning");
        planning.status == PhaseStatus::Completed && planning.versions.len() == 2
    };
    bank.until(again).await;
    assert_eq!(
        bank.count("phase_completed").await,
        4,
        "twice, in both streams"
    );
}
