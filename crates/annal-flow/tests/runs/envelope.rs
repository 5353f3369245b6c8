//! What every event says of where it comes from.

use annal_core::Phase;
use annal_core::item::Verdict;
use uuid::Uuid;

use crate::support::{Bank, Setup, has_draft};

#[tokio::test(flavor = "multi_thread")]
async fn every_event_names_its_workflow_step_activity_and_actor() {
    let (bank, _worker) = Bank::open(Setup::default()).await;
    bank.hand_in(Phase::Planning, Verdict::Include).await;
    bank.approve(Phase::Planning).await;
    bank.until(has_draft(Phase::DataProfiling)).await;

    let expected = annal_flow::workflow_id(bank.log.ledger(), bank.run);
    for event in bank.events().await {
        let made_by = event.metadata.provenance.clone().expect("a workflow");
        assert_eq!(made_by.workflow_id, expected);
        assert!(
            !made_by.run_id.is_empty() && !made_by.step_id.is_empty(),
            "{event:?}"
        );
        assert_eq!(made_by.attempt, 1, "{event:?}");
        assert!(event.metadata.engine.starts_with("annal-flow "));
        let (by, activity) = (
            event.metadata.actor.id.as_str(),
            made_by.activity_name.as_str(),
        );
        let expected = match event.event_type.as_str() {
            "run_opened" => ("xena", "open_run"),
            "version_created" if event.aggregate_id.ends_with("planning") => {
                ("annal", "list_attributes")
            }
            "version_created" => ("annal", "profile_data"),
            "item_decided" => (by, "decide_items"),
            "version_submitted" => ("tom", "submit_version"),
            "version_approved" => ("olga", "approve_version"),
            "phase_begun" | "phase_started" => ("annal", "enter_phase"),
            _ => continue,
        };
        assert_eq!((by, activity), expected, "{event:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_engine_does_names_the_command_that_led_to_it() {
    let (bank, _worker) = Bank::open(Setup::default()).await;
    bank.hand_in(Phase::Planning, Verdict::Include).await;
    bank.approve(Phase::Planning).await;
    bank.until(has_draft(Phase::DataProfiling)).await;
    let events = bank.events().await;
    let of = |kind: &str, activity: &str| {
        let found = events.iter().find(|it| {
            let made_by = it.metadata.provenance.as_ref();
            it.event_type == kind && made_by.is_some_and(|by| by.activity_name == activity)
        });
        found.expect("the event").metadata.clone()
    };
    let approved = of("version_approved", "approve_version");
    let completed = of("phase_completed", "complete_phase");
    assert_eq!(approved.causation_id, None);
    assert_eq!(completed.causation_id, Some(approved.command_id.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_request_set_off_bears_one_correlation_id() {
    let (bank, _worker) = Bank::open(Setup::default()).await;
    bank.hand_in(Phase::Planning, Verdict::Include).await;
    bank.approve(Phase::Planning).await;
    bank.until(has_draft(Phase::DataProfiling)).await;
    let events = bank.events().await;
    let of_command = |id: Uuid| {
        let found = events.iter().find(|it| it.metadata.command_id.0 == id);
        &found.expect("the command's event").metadata
    };
    for event in &events {
        let own = &event.metadata;
        let expected = match own.causation_id {
            // Nobody traces here, so a request is known by its command.
            None => own.command_id.0,
            Some(cause) => of_command(cause).correlation_id,
        };
        assert_eq!(own.correlation_id, expected, "{event:?}");
    }
    let by_the_engine = |kind| events.iter().find(|it| it.event_type == kind);
    let started = by_the_engine("phase_completed").expect("the event");
    let causes = [
        started.metadata.causation_id,
        Some(started.metadata.correlation_id),
    ];
    assert_eq!(causes[0], causes[1], "the approval completed the phase");
}
