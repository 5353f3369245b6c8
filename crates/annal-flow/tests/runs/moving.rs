//! A run that moves to a newer definition, and one that is reopened.

use annal_core::definition::Definition;
use annal_core::dossier::{Action, DossierCommand as Do, Stage};
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

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_phase_waits_for_a_test_executive_who_confirms_it() {
    let (bank, _worker) = Bank::open(Setup::default()).await;
    for (phase, verdict) in [
        (Phase::Planning, Verdict::Include),
        (Phase::DataProfiling, Verdict::Approve),
    ] {
        bank.hand_in(phase, verdict).await;
        bank.approve(phase).await;
    }
    bank.until(has_draft(Phase::Scoping)).await;
    let phase = Phase::Planning;
    let by_xena = |why, run| command("xena", Role::TestExecutive, Some(why), Act::Run(run));
    let reopen = RunCommand::ReopenPhase { phase };
    bank.act(&by_xena("an attribute is missing", reopen)).await;
    let revise = Act::Revise {
        phase,
        policy: annal_core::version::CarryForward::All,
        draw: 0,
        add: vec![],
    };
    bank.act(&command("tom", Role::Tester, None, revise)).await;
    let submit = Do::Submit { version: None };
    bank.act(&asks("tom", None, phase, submit)).await;
    let approve = Do::Approve { version: None };
    bank.act(&asks("olga", None, phase, approve)).await;

    let asked = |it: &annal_core::Summary| {
        let confirm = |it: &annal_core::case::Waiting| {
            it.phase == Phase::DataProfiling && it.awaited.action == Action::Confirm
        };
        it.awaiting.iter().any(confirm)
    };
    bank.until(asked).await;
    let phase = Phase::DataProfiling;
    let confirm = RunCommand::ConfirmPhase { phase };
    bank.act(&by_xena("its rules do not change", confirm)).await;
    let settled = bank.until(|it| !asked(it)).await;
    assert!(!settled.phase(phase).expect("profiling").stale);
    let confirmed = bank.events().await.into_iter();
    let confirmed = confirmed.filter(|it| it.event_type == "phase_confirmed");
    let by = |it: annal_core::envelope::Recorded| it.metadata.provenance.map(|it| it.activity_name);
    let by: Vec<_> = confirmed.filter_map(by).collect();
    assert_eq!(by, ["confirm_phase", "confirm_phase"], "in both streams");
}
