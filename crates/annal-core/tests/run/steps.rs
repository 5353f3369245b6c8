use annal_core::people::Role;
use annal_core::phase::Phase;
use annal_core::rejection::RejectionCode;
use annal_core::run::event::StepKind;
use annal_core::run::{RunCommand, RunEvent, StepStatus};

use crate::support::*;

const V: &str = "2.0.0";
const WORK: &str = "scoping.work";

fn schedule(id: &str, kind: StepKind, role: Option<Role>) -> RunCommand {
    RunCommand::ScheduleStep {
        step: step(id),
        phase: Phase::Scoping,
        kind,
        role,
        due_at: role.map(|_| tomorrow()),
    }
}

fn start() -> RunCommand {
    RunCommand::StartStep { step: step(WORK) }
}

fn complete() -> RunCommand {
    RunCommand::CompleteStep {
        step: step(WORK),
        outcome: "done".to_owned(),
    }
}

fn fail(attempt: u32) -> RunCommand {
    RunCommand::FailStep {
        step: step(WORK),
        attempt,
        error: "the connection was reset".to_owned(),
    }
}

fn skip_step() -> RunCommand {
    RunCommand::SkipStep {
        step: step(WORK),
        why: "nothing is in scope".to_owned(),
    }
}

fn time_out() -> RunCommand {
    RunCommand::TimeOutStep {
        step: step(WORK),
        due_at: tomorrow(),
    }
}

fn started_event() -> RunEvent {
    RunEvent::StepStarted { step: step(WORK) }
}

fn timed_out() -> RunEvent {
    RunEvent::StepTimedOut {
        step: step(WORK),
        due_at: tomorrow(),
    }
}

fn completed() -> RunEvent {
    RunEvent::StepCompleted {
        step: step(WORK),
        outcome: "done".to_owned(),
    }
}

fn failed(attempt: u32) -> RunEvent {
    RunEvent::StepFailed {
        step: step(WORK),
        attempt,
        error: "the connection was reset".to_owned(),
    }
}

/// Scoping has begun, its work is scheduled, and then this happened.
fn with(more: &[RunEvent]) -> Given {
    let mut events = in_phase(V, Phase::Scoping);
    events.push(scheduled(WORK, Phase::Scoping));
    events.extend(more.iter().cloned());
    given(&events)
}

#[test]
fn a_step_is_scheduled_started_and_completed() {
    given(&in_phase(V, Phase::Scoping))
        .when_engine(schedule(WORK, StepKind::Human, Some(Role::Tester)))
        .then_events(&[scheduled(WORK, Phase::Scoping)]);
    with(&[])
        .when_engine(start())
        .then_events(&[started_event()]);
    with(&[started_event()])
        .when_engine(complete())
        .then_events(&[completed()]);
}

#[test]
fn a_step_has_an_id_of_its_phase_and_of_its_own() {
    for id in ["planning.work", "scoping", "scoping.", "scopingwork"] {
        given(&in_phase(V, Phase::Scoping))
            .when_engine(schedule(id, StepKind::Automatic, None))
            .then_rejected(RejectionCode::InvalidContent, "scoping.NAME");
    }
    with(&[completed()])
        .when_engine(schedule(WORK, StepKind::Automatic, None))
        .then_rejected(RejectionCode::DuplicateItem, "scheduled before");
}

#[test]
fn a_persons_step_says_who_and_the_engines_does_not() {
    let refused = |kind, role, part| {
        given(&in_phase(V, Phase::Scoping))
            .when_engine(schedule(WORK, kind, role))
            .then_rejected(RejectionCode::InvalidContent, part);
    };
    refused(StepKind::Human, None, "in which role");
    refused(StepKind::Human, Some(Role::Engine), "in which role");
    refused(StepKind::Automatic, Some(Role::Tester), "the engine's");
}

#[test]
fn a_step_of_a_phase_that_the_definition_does_not_have_is_refused() {
    given(&opened("1.0.0"))
        .when_engine(RunCommand::ScheduleStep {
            step: step("data_profiling.work"),
            phase: Phase::DataProfiling,
            kind: StepKind::Automatic,
            role: None,
            due_at: None,
        })
        .then_rejected(RejectionCode::DefinitionRefused, "does not have the phase");
}

#[test]
fn nobody_is_asked_to_act_in_a_phase_that_is_over() {
    given(&after(V, Phase::Scoping))
        .when_engine(schedule(WORK, StepKind::Human, Some(Role::Tester)))
        .then_rejected(RejectionCode::PhaseClosed, "scoping is completed");
}

#[test]
fn a_persons_step_starts_only_in_a_phase_that_has_begun_and_the_engines_may_begin_it() {
    let mut events = before(V, Phase::Scoping);
    events.push(scheduled(WORK, Phase::Scoping));
    given(&events)
        .when_engine(start())
        .then_rejected(RejectionCode::PhaseNotBegun, "scoping has not begun");

    let mut events = before(V, Phase::Scoping);
    events.push(RunEvent::StepScheduled {
        step: step(WORK),
        phase: Phase::Scoping,
        kind: StepKind::Automatic,
        role: None,
        due_at: None,
    });
    given(&events)
        .when_engine(start())
        .then_events(&[started_event()]);
}

#[test]
fn what_was_not_scheduled_is_unknown() {
    for command in [start(), complete(), fail(1), skip_step(), time_out()] {
        given(&in_phase(V, Phase::Scoping))
            .when_engine(command)
            .then_rejected(RejectionCode::UnknownItem, "no step scoping.work");
    }
}

#[test]
fn what_has_not_started_is_neither_completed_nor_failed() {
    for command in [complete(), fail(1)] {
        with(&[])
            .when_engine(command)
            .then_rejected(RejectionCode::OutOfOrder, "start it first");
    }
}

#[test]
fn a_step_starts_once() {
    with(&[started_event()])
        .when_engine(start())
        .then_rejected(RejectionCode::OutOfOrder, "started already");
}

#[test]
fn nothing_happens_to_a_step_that_is_over() {
    let skipped = RunEvent::StepSkipped {
        step: step(WORK),
        why: "nothing is in scope".to_owned(),
    };
    for over in [vec![started_event(), completed()], vec![skipped]] {
        for command in [start(), complete(), fail(1), skip_step(), time_out()] {
            with(&over)
                .when_engine(command)
                .then_rejected(RejectionCode::OutOfOrder, "already");
        }
    }
}

#[test]
fn a_failed_try_leaves_the_step_open_for_the_next() {
    with(&[started_event()])
        .when_engine(fail(1))
        .then_events(&[failed(1)]);
    with(&[started_event(), failed(1)])
        .when_engine(fail(2))
        .then_events(&[failed(2)]);
    with(&[started_event(), failed(1)])
        .when_engine(complete())
        .then_events(&[completed()]);
    for attempt in [0, 1, 2] {
        with(&[started_event(), failed(2)])
            .when_engine(fail(attempt))
            .then_rejected(RejectionCode::OutOfOrder, "the last that failed was 2");
    }
}

#[test]
fn a_step_that_is_not_needed_is_skipped_with_a_reason() {
    for more in [vec![], vec![started_event()]] {
        with(&more)
            .when_engine(skip_step())
            .then_events(&[RunEvent::StepSkipped {
                step: step(WORK),
                why: "nothing is in scope".to_owned(),
            }]);
    }
    with(&[])
        .when_engine(RunCommand::SkipStep {
            step: step(WORK),
            why: String::new(),
        })
        .then_rejected(RejectionCode::InvalidContent, "must not be blank");
    with(&[started_event()])
        .when_engine(RunCommand::CompleteStep {
            step: step(WORK),
            outcome: " ".to_owned(),
        })
        .then_rejected(RejectionCode::InvalidContent, "must not be blank");
}

#[test]
fn a_step_that_misses_its_deadline_goes_on_waiting() {
    with(&[])
        .when_engine(time_out())
        .then_events(&[timed_out()]);
    with(&[timed_out()])
        .when_engine(start())
        .then_events(&[started_event()]);
    with(&[started_event(), timed_out()])
        .when_engine(complete())
        .then_events(&[completed()]);
    let late = with(&[started_event(), timed_out()]).run;
    let late = late.open_step(Phase::Scoping).unwrap();
    assert_eq!((late.status, late.timed_out), (StepStatus::Started, true));
}

#[test]
fn a_deadline_is_missed_once_and_is_the_steps_own() {
    with(&[timed_out()])
        .when_engine(time_out())
        .then_rejected(RejectionCode::OutOfOrder, "goes on waiting");
    with(&[])
        .when_engine(RunCommand::TimeOutStep {
            step: step(WORK),
            due_at: noon(),
        })
        .then_rejected(RejectionCode::InvalidContent, "its deadline is 2026-03-03");
}

#[test]
fn the_open_step_is_the_last_that_is_not_over() {
    let run = with(&[]).run;
    assert_eq!(run.open_step(Phase::Scoping).unwrap().id, step(WORK));
    assert!(run.open_step(Phase::Planning).is_none());
    let approve = scheduled("scoping.approve", Phase::Scoping);
    let run = with(&[started_event(), completed(), approve]).run;
    assert_eq!(
        run.open_step(Phase::Scoping).unwrap().id,
        step("scoping.approve")
    );
    assert_eq!(
        run.step(&step(WORK)).unwrap().outcome.as_deref(),
        Some("done")
    );
    assert!(
        with(&[started_event(), completed()])
            .run
            .open_step(Phase::Scoping)
            .is_none()
    );
}

#[test]
fn rounds_of_a_step_are_numbered() {
    let next = |events: &[RunEvent]| with(events).run.next_step_id(Phase::Scoping, "approve");
    let round = |id: &str| scheduled(id, Phase::Scoping);
    assert_eq!(next(&[]), step("scoping.approve"));
    assert_eq!(next(&[round("scoping.approve")]), step("scoping.approve#2"));
    assert_eq!(
        next(&[round("scoping.approve"), round("scoping.approve#2")]),
        step("scoping.approve#3")
    );
}
