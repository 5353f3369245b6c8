use annal_core::people::Role;
use annal_core::phase::Phase;
use annal_core::rejection::RejectionCode;
use annal_core::run::event::TransitionKind;
use annal_core::run::{PhaseStatus, RunCommand, RunEvent, RunStatus};

use crate::support::*;

const V: &str = "2.0.0";

fn reopen(phase: Phase) -> RunCommand {
    RunCommand::ReopenPhase { phase }
}

fn reopened(phase: Phase) -> RunEvent {
    RunEvent::PhaseReopened {
        phase,
        by: person_id(Role::TestExecutive),
        reason: "the examiner asked".to_owned(),
    }
}

fn stale(phase: Phase, because_of: Phase) -> RunEvent {
    RunEvent::PhaseMarkedStale { phase, because_of }
}

#[test]
fn a_phase_begins_when_all_before_it_is_done() {
    for version in ["1.0.0", "1.1.0", "1.2.0", V] {
        for def in definition(version).phases {
            given(&before(version, def.phase))
                .when_engine(enter(version, def.phase))
                .then_events(&begun(version, def.phase));
        }
    }
}

#[test]
fn a_phase_does_not_begin_before_what_comes_first() {
    given(&in_phase(V, Phase::Planning))
        .when_engine(enter(V, Phase::DataProfiling))
        .then_rejected(RejectionCode::OutOfOrder, "before planning is completed");
}

#[test]
fn a_join_waits_for_all_its_branches() {
    let one_branch = all(&[
        before(V, Phase::SampleSelection),
        done(V, Phase::SampleSelection),
        begun(V, Phase::DataOwnerId),
    ]);
    given(&one_branch)
        .when_engine(enter(V, Phase::RequestInfo))
        .then_rejected(RejectionCode::OutOfOrder, "before data_owner_id is");
}

#[test]
fn the_branches_of_a_fork_begin_independently() {
    given(&before(V, Phase::SampleSelection))
        .when_engine(enter(V, Phase::DataOwnerId))
        .then_events(&begun(V, Phase::DataOwnerId));
}

#[test]
fn a_phase_begins_once() {
    given(&in_phase(V, Phase::Scoping))
        .when_engine(enter(V, Phase::Scoping))
        .then_rejected(RejectionCode::OutOfOrder, "begun already");
    given(&after(V, Phase::Scoping))
        .when_engine(enter(V, Phase::Scoping))
        .then_rejected(RejectionCode::PhaseClosed, "is completed");
}

#[test]
fn a_phase_is_entered_only_as_the_definition_says() {
    let events = before(V, Phase::RequestInfo);
    let by = |from: &[Phase], kind| RunCommand::EnterPhase {
        from: from.to_vec(),
        to: Phase::RequestInfo,
        kind,
    };
    given(&events)
        .when_engine(by(&[Phase::Scoping], TransitionKind::ParallelJoin {}))
        .then_rejected(
            RejectionCode::DefinitionRefused,
            "from sample_selection and data_owner_id, not from scoping",
        );
    let both = [Phase::SampleSelection, Phase::DataOwnerId];
    given(&events)
        .when_engine(by(&both, TransitionKind::Sequential {}))
        .then_rejected(
            RejectionCode::DefinitionRefused,
            "by a parallel join, not by a sequential transition",
        );
}

#[test]
fn a_phase_that_the_definition_does_not_have_is_refused() {
    given(&after("1.2.0", Phase::Planning))
        .when_engine(RunCommand::EnterPhase {
            from: vec![Phase::Planning],
            to: Phase::DataProfiling,
            kind: TransitionKind::Sequential {},
        })
        .then_rejected(
            RejectionCode::DefinitionRefused,
            "definition 1.2.0 does not have the phase data_profiling",
        );
}

#[test]
fn a_condition_that_is_false_skips_its_phase_and_the_next_one_begins() {
    let events = before(V, Phase::Observations);
    given(&events)
        .when_engine(skip(V, Phase::Observations))
        .then_events(&skipped(V, Phase::Observations));
    given(&all(&[events, skipped(V, Phase::Observations)]))
        .when_engine(enter(V, Phase::TestReport))
        .then_events(&begun(V, Phase::TestReport));
}

#[test]
fn the_recorded_result_of_a_condition_fits_what_follows() {
    let (from, not_failed) = way(V, Phase::Observations, false);
    given(&before(V, Phase::Observations))
        .when_engine(RunCommand::EnterPhase {
            from: from.clone(),
            to: Phase::Observations,
            kind: not_failed,
        })
        .then_rejected(RejectionCode::DefinitionRefused, "result true, not by");
    let (_, failed) = way(V, Phase::Observations, true);
    given(&before(V, Phase::Observations))
        .when_engine(RunCommand::SkipPhase {
            from,
            phase: Phase::Observations,
            kind: failed,
            why: "no test failed".to_owned(),
        })
        .then_rejected(RejectionCode::DefinitionRefused, "result false, not by");
}

#[test]
fn a_phase_without_a_condition_is_skipped_only_if_the_run_was_opened_so() {
    let profiling = skip(V, Phase::DataProfiling);
    given(&after(V, Phase::Planning))
        .when_engine(profiling.clone())
        .then_rejected(RejectionCode::DefinitionRefused, "enter it");

    let opened = all(&[
        opened_skipping(V, &[Phase::DataProfiling]),
        done(V, Phase::Planning),
    ]);
    given(&opened)
        .when_engine(enter(V, Phase::DataProfiling))
        .then_rejected(RejectionCode::DefinitionRefused, "to be skipped; skip it");
    given(&opened)
        .when_engine(profiling)
        .then_events(&skipped(V, Phase::DataProfiling));
    given(&all(&[opened, skipped(V, Phase::DataProfiling)]))
        .when_engine(enter(V, Phase::DataProfiling))
        .then_rejected(RejectionCode::DefinitionRefused, "to be skipped; skip it");
}

#[test]
fn a_phase_to_be_skipped_is_passed_without_asking_its_condition() {
    let mut events = opened_skipping(V, &[Phase::Observations]);
    events.extend(before(V, Phase::Observations).split_off(1));
    let by = |kind| RunCommand::SkipPhase {
        from: vec![Phase::TestExecution],
        phase: Phase::Observations,
        kind,
        why: "opened so".to_owned(),
    };
    given(&events)
        .when_engine(by(TransitionKind::Sequential {}))
        .then_events(&[
            RunEvent::TransitionTaken {
                from: vec![Phase::TestExecution],
                to: Phase::Observations,
                kind: TransitionKind::Sequential {},
            },
            RunEvent::PhaseSkipped {
                phase: Phase::Observations,
                why: "opened so".to_owned(),
            },
        ]);
}

#[test]
fn a_skip_has_a_reason_an_order_and_happens_once() {
    let (from, kind) = way(V, Phase::Observations, false);
    given(&before(V, Phase::Observations))
        .when_engine(RunCommand::SkipPhase {
            from,
            phase: Phase::Observations,
            kind,
            why: " ".to_owned(),
        })
        .then_rejected(RejectionCode::ReasonRequired, "not blank");
    given(&in_phase(V, Phase::TestExecution))
        .when_engine(skip(V, Phase::Observations))
        .then_rejected(RejectionCode::OutOfOrder, "before test_execution");
    given(&all(&[
        before(V, Phase::Observations),
        skipped(V, Phase::Observations),
    ]))
    .when_engine(skip(V, Phase::Observations))
    .then_rejected(RejectionCode::PhaseClosed, "skipped already");
}

#[test]
fn a_condition_that_comes_true_after_a_reopening_opens_the_way_again() {
    let events = all(&[
        before(V, Phase::Observations),
        skipped(V, Phase::Observations),
        vec![
            reopened(Phase::TestExecution),
            RunEvent::PhaseCompleted {
                phase: Phase::TestExecution,
            },
        ],
    ]);
    given(&events)
        .when_engine(enter(V, Phase::Observations))
        .then_events(&begun(V, Phase::Observations));
}

#[test]
fn only_a_started_phase_is_completed() {
    let complete = |phase| RunCommand::CompletePhase { phase };
    let phase = Phase::Scoping;
    given(&in_phase(V, phase))
        .when_engine(complete(phase))
        .then_events(&[RunEvent::PhaseCompleted { phase }]);
    given(&before(V, phase))
        .when_engine(complete(phase))
        .then_rejected(RejectionCode::PhaseNotBegun, "scoping has not begun");
    given(&after(V, phase))
        .when_engine(complete(phase))
        .then_rejected(RejectionCode::PhaseClosed, "is completed");
    given(&all(&[
        before(V, Phase::Observations),
        skipped(V, Phase::Observations),
    ]))
    .when_engine(complete(Phase::Observations))
    .then_rejected(RejectionCode::PhaseClosed, "is skipped");
}

#[test]
fn reopening_a_phase_marks_what_rests_on_it_stale() {
    let events = in_phase(V, Phase::RequestInfo);
    given(&events)
        .when(Role::TestExecutive, reopen(Phase::Scoping))
        .then_events(&[
            reopened(Phase::Scoping),
            stale(Phase::SampleSelection, Phase::Scoping),
            stale(Phase::DataOwnerId, Phase::Scoping),
            stale(Phase::RequestInfo, Phase::Scoping),
        ]);
    given(&events)
        .when(Role::TestExecutive, reopen(Phase::SampleSelection))
        .then_events(&[
            reopened(Phase::SampleSelection),
            stale(Phase::RequestInfo, Phase::SampleSelection),
        ]);
}

#[test]
fn only_a_test_executive_reopens_a_phase_and_says_why() {
    for role in [Role::Tester, Role::ReportOwner, Role::Admin, Role::Auditor] {
        given(&after(V, Phase::Scoping))
            .when(role, reopen(Phase::Scoping))
            .then_rejected(RejectionCode::RoleNotAllowed, "reopens a phase");
    }
    for reason in [None, Some("  ")] {
        given(&after(V, Phase::Scoping))
            .when_because(Role::TestExecutive, reason, reopen(Phase::Scoping))
            .then_rejected(RejectionCode::ReasonRequired, "reopening a phase");
    }
}

#[test]
fn only_a_completed_phase_is_reopened() {
    given(&before(V, Phase::Scoping))
        .when(Role::TestExecutive, reopen(Phase::Scoping))
        .then_rejected(RejectionCode::PhaseNotBegun, "scoping has not begun");
    given(&in_phase(V, Phase::Scoping))
        .when(Role::TestExecutive, reopen(Phase::Scoping))
        .then_rejected(RejectionCode::OutOfOrder, "is not completed");
    given(&all(&[
        before(V, Phase::Observations),
        skipped(V, Phase::Observations),
    ]))
    .when(Role::TestExecutive, reopen(Phase::Observations))
    .then_rejected(RejectionCode::PhaseClosed, "was skipped");
    given(&in_phase("1.0.0", Phase::Scoping))
        .when(Role::TestExecutive, reopen(Phase::DataProfiling))
        .then_rejected(RejectionCode::DefinitionRefused, "does not have the phase");
}

#[test]
fn a_reopened_phase_holds_up_what_has_not_begun() {
    let mut events = after(V, Phase::SampleSelection);
    events.push(reopened(Phase::Scoping));
    given(&events)
        .when_engine(enter(V, Phase::DataOwnerId))
        .then_rejected(RejectionCode::OutOfOrder, "before scoping is");
}

#[test]
fn a_phase_is_stale_until_it_is_completed_on_firm_ground() {
    let mut events = in_phase(V, Phase::SampleSelection);
    events.extend([
        reopened(Phase::Scoping),
        stale(Phase::SampleSelection, Phase::Scoping),
    ]);
    let complete = |phase| RunEvent::PhaseCompleted { phase };
    let stale_after = |more: &[RunEvent]| {
        let run = given(&all(&[events.clone(), more.to_vec()])).run;
        assert_eq!(
            run.phase_status(Phase::SampleSelection) == PhaseStatus::Completed,
            more.contains(&complete(Phase::SampleSelection))
        );
        run.is_stale(Phase::SampleSelection)
    };
    let scoping = complete(Phase::Scoping);
    let samples = complete(Phase::SampleSelection);
    assert!(stale_after(&[]));
    assert!(stale_after(std::slice::from_ref(&scoping)));
    assert!(stale_after(std::slice::from_ref(&samples)));
    assert!(stale_after(&[samples.clone(), scoping.clone()]));
    assert!(!stale_after(&[scoping, samples]));
}

#[test]
fn a_phase_is_marked_stale_only_for_what_it_rests_on() {
    let mark = |phase, because_of| RunCommand::MarkStale { phase, because_of };
    let events = in_phase(V, Phase::SampleSelection);
    given(&events)
        .when_engine(mark(Phase::SampleSelection, Phase::Planning))
        .then_events(&[stale(Phase::SampleSelection, Phase::Planning)]);
    given(&events)
        .when_engine(mark(Phase::SampleSelection, Phase::DataOwnerId))
        .then_rejected(RejectionCode::DefinitionRefused, "does not rest on");
    given(&events)
        .when_engine(mark(Phase::TestReport, Phase::Planning))
        .then_rejected(RejectionCode::PhaseNotBegun, "test_report has not begun");
    let marked = vec![stale(Phase::SampleSelection, Phase::Planning)];
    given(&all(&[events, marked]))
        .when_engine(mark(Phase::SampleSelection, Phase::Planning))
        .then_rejected(RejectionCode::OutOfOrder, "already");
}

#[test]
fn a_run_is_completed_when_all_its_phases_are_completed_or_skipped() {
    let events = all(&[
        before(V, Phase::Observations),
        skipped(V, Phase::Observations),
        begun(V, Phase::TestReport),
    ]);
    given(&events)
        .when_engine(RunCommand::Complete {})
        .then_rejected(RejectionCode::Incomplete, "test_report (started)");
    let last = RunEvent::PhaseCompleted {
        phase: Phase::TestReport,
    };
    given(&all(&[events, vec![last]]))
        .when_engine(RunCommand::Complete {})
        .then_events(&[RunEvent::RunCompleted {}]);
}

#[test]
fn only_a_test_executive_cancels_a_run_and_says_why() {
    given(&opened(V))
        .when(Role::TestExecutive, RunCommand::Cancel {})
        .then_events(&[RunEvent::RunCancelled {
            by: person_id(Role::TestExecutive),
            reason: "the examiner asked".to_owned(),
        }]);
    given(&opened(V))
        .when_because(Role::TestExecutive, None, RunCommand::Cancel {})
        .then_rejected(RejectionCode::ReasonRequired, "cancelling a run");
    given(&opened(V))
        .when(Role::Tester, RunCommand::Cancel {})
        .then_rejected(RejectionCode::RoleNotAllowed, "only test_executive cancels");
}

#[test]
fn nothing_happens_in_a_run_that_is_not_open() {
    let completed = all(&[after(V, Phase::TestReport), vec![RunEvent::RunCompleted {}]]);
    let cancelled = all(&[opened(V), vec![cancelled()]]);
    assert_eq!(given(&completed).run.status(), RunStatus::Completed);
    assert_eq!(given(&cancelled).run.status(), RunStatus::Cancelled);
    for (events, part) in [
        (Vec::new(), "never opened"),
        (completed.clone(), "is completed"),
        (cancelled.clone(), "was cancelled"),
    ] {
        for command in [
            enter(V, Phase::Planning),
            RunCommand::CompletePhase {
                phase: Phase::Planning,
            },
            RunCommand::StartStep {
                step: step("planning.work"),
            },
            RunCommand::Complete {},
        ] {
            given(&events)
                .when_engine(command)
                .then_rejected(RejectionCode::RunNotOpen, part);
        }
    }
    for events in [completed, cancelled] {
        for command in [
            reopen(Phase::Planning),
            RunCommand::Cancel {},
            RunCommand::RegisterPerson {
                person: person("new", &[Role::Tester]),
            },
            RunCommand::ChangeDefinition {
                to: definition(V).reference(),
            },
        ] {
            given(&events)
                .when(Role::TestExecutive, command)
                .then_rejected(RejectionCode::RunNotOpen, "the run");
        }
    }
}

#[test]
fn phases_transitions_and_steps_are_the_engines() {
    for command in [
        enter(V, Phase::Planning),
        skip(V, Phase::Observations),
        RunCommand::CompletePhase {
            phase: Phase::Planning,
        },
        RunCommand::MarkStale {
            phase: Phase::Scoping,
            because_of: Phase::Planning,
        },
        RunCommand::SkipStep {
            step: step("planning.work"),
            why: "not needed".to_owned(),
        },
        RunCommand::Complete {},
    ] {
        for role in [Role::Tester, Role::TestExecutive, Role::Admin] {
            given(&opened(V))
                .when(role, command.clone())
                .then_rejected(RejectionCode::RoleNotAllowed, "only engine");
        }
    }
}

#[test]
fn a_run_is_decided_by_the_definition_that_it_is_pinned_to() {
    let mut run = given(&opened("1.2.0"));
    run.definition = definition(V);
    run.when_engine(enter(V, Phase::Planning)).then_rejected(
        RejectionCode::DefinitionRefused,
        "pinned to definition 1.2.0",
    );
}
