//! What every event says of where it comes from.

use annal_core::Phase;
use annal_core::item::Verdict;

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
        assert_eq!(event.metadata.correlation_id, bank.run.0);
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
