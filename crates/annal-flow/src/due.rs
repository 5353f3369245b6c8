//! What the engine has to do next: a pure function of the definition and of where the run stands. The workflow asks it
//! after every change, so there is no second memory of what was done; the log is the only one.

use annal_core::case::PhaseSummary;
use annal_core::definition::Definition;
use annal_core::dossier::Stage;
use annal_core::run::{PhaseStatus, RunStatus};
use annal_core::{CommandId, Phase, Position, RunId, StepId, Summary};
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use crate::act::Cause;

/// Something that the engine does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "work", rename_all = "snake_case")]
pub(crate) enum Work {
    /// Begins a phase, or passes it over where its condition says so.
    EnterPhase {
        /// The phase.
        phase: Phase,
    },
    /// Makes the first draft of a phase.
    Prepare {
        /// The phase.
        phase: Phase,
    },
    /// Completes a phase whose goal is reached.
    CompletePhase {
        /// The phase.
        phase: Phase,
    },
    /// Completes the run.
    CompleteRun,
    /// Says that a step is late.
    PassDeadline {
        /// The phase.
        phase: Phase,
        /// The late step.
        step: StepId,
    },
    /// Takes a late step higher.
    Escalate {
        /// The phase.
        phase: Phase,
        /// The late step.
        step: StepId,
        /// How late it is.
        hours_past: u32,
    },
}

/// A piece of work handed to an activity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Order {
    /// The run.
    pub(crate) run: RunId,
    /// What to do.
    pub(crate) work: Work,
    /// Where the run stood when it became due; makes the id of the command unique and the same for each retry.
    pub(crate) seen: Position,
    /// What made it due.
    #[serde(flatten)]
    pub(crate) cause: Cause,
}

impl Order {
    /// The id of the command with which the work is recorded.
    pub(crate) fn command_id(&self) -> CommandId {
        let seen = self.seen;
        let purpose = match &self.work {
            // A step is late once, wherever the run stood when it was noticed.
            Work::CompleteRun => "complete run".to_owned(),
            Work::PassDeadline { step, .. } => format!("deadline {step}"),
            Work::Escalate {
                step, hours_past, ..
            } => format!("escalate {step} {hours_past}"),
            // These happen again after a reopening.
            Work::EnterPhase { phase } => format!("enter {phase} after {seen}"),
            Work::Prepare { phase } => format!("prepare {phase} after {seen}"),
            Work::CompletePhase { phase } => format!("complete {phase} after {seen}"),
        };
        CommandId(self.run.0).derive(&purpose)
    }
}

impl Work {
    /// The activity that does it, by the name that its events bear.
    pub(crate) fn activity(&self) -> &'static str {
        match self {
            Self::EnterPhase { .. } => "enter_phase",
            Self::CompletePhase { .. } => "complete_phase",
            Self::CompleteRun => "complete_run",
            Self::PassDeadline { .. } => "pass_deadline",
            Self::Escalate { .. } => "escalate",
            Self::Prepare { phase } => match phase {
                Phase::Planning => "list_attributes",
                Phase::DataProfiling => "profile_data",
                Phase::Scoping => "recommend_scope",
                Phase::SampleSelection => "draw_samples",
                Phase::Observations => "group_observations",
                Phase::TestReport => "compose_report",
                // Nothing is prepared in an audited phase; the stage never asks for it.
                Phase::DataOwnerId | Phase::RequestInfo | Phase::TestExecution => "prepare_phase",
            },
        }
    }
}

/// What is due in a phase, apart from its deadlines.
pub(crate) fn work(definition: &Definition, summary: &Summary, phase: Phase) -> Option<Work> {
    if summary.status != RunStatus::Open {
        return None;
    }
    let plan = definition.phase(phase)?;
    let now = summary.phase(phase)?;
    let over = |before: &Phase| {
        let before = summary.phase(*before);
        before.is_some_and(|it| it.status.is_over())
    };
    match (now.status, now.stage) {
        (PhaseStatus::Waiting, _) if plan.after.iter().all(over) => {
            Some(Work::EnterPhase { phase })
        }
        // Its condition was false, and has come true since.
        (PhaseStatus::Skipped, _) if now.due_again => Some(Work::EnterPhase { phase }),
        (PhaseStatus::Started, Stage::Prepare) => Some(Work::Prepare { phase }),
        (PhaseStatus::Started, Stage::Ready) => Some(Work::CompletePhase { phase }),
        _ => None,
    }
}

/// Whether nothing is left to do in any phase. One that rests on what was reopened since is done only when somebody
/// reopened or confirmed it.
pub(crate) fn all_over(summary: &Summary) -> bool {
    let open = summary.status == RunStatus::Open;
    let done = |phase: &PhaseSummary| phase.status.is_over() && !phase.stale && !phase.due_again;
    open && summary.phases.iter().all(done)
}

/// A deadline or an escalation that is to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Alarm {
    /// When it rings.
    pub(crate) at: DateTime<Utc>,
    /// The step that it watches.
    pub(crate) step: StepId,
    /// What is done then.
    pub(crate) work: Work,
}

/// The next alarm of a phase's open step, of whose alarms `rung` rang already: first its deadline, then each
/// escalation.
pub(crate) fn alarm(
    definition: &Definition,
    summary: &Summary,
    phase: Phase,
    rung: impl Fn(&StepId) -> usize,
) -> Option<Alarm> {
    if summary.status != RunStatus::Open {
        return None;
    }
    let state = summary.phase(phase)?;
    let (step, due_at) = (state.step.clone()?, state.due_at?);
    let Some(escalation) = rung(&step).checked_sub(1) else {
        let work = Work::PassDeadline {
            phase,
            step: step.clone(),
        };
        let at = due_at;
        return Some(Alarm { at, step, work });
    };
    let hours_past = *definition.escalate_after_hours.get(escalation)?;
    Some(Alarm {
        at: due_at + Duration::hours(i64::from(hours_past)),
        work: Work::Escalate {
            phase,
            step: step.clone(),
            hours_past,
        },
        step,
    })
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    fn summary(phases: &[(Phase, PhaseStatus, Stage)]) -> Summary {
        let phase = |(phase, status, stage): &(Phase, PhaseStatus, Stage)| PhaseSummary {
            phase: *phase,
            status: *status,
            stage: *stage,
            stale: false,
            due_again: false,
            versions: vec![],
            step: None,
            due_at: None,
        };
        let known = |it: &&Phase| phases.iter().find(|(phase, ..)| phase == *it);
        let waiting = |it: &Phase| (*it, PhaseStatus::Waiting, Stage::NotBegun);
        let all = Phase::ALL.iter();
        Summary {
            run: None,
            status: RunStatus::Open,
            phases: all
                .map(|it| phase(&known(&it).copied().unwrap_or_else(|| waiting(it))))
                .collect(),
            awaiting: vec![],
        }
    }

    fn all_due(summary: &Summary) -> Vec<Work> {
        let definition = Definition::latest();
        let phases = Phase::ALL.into_iter();
        phases
            .filter_map(|phase| work(&definition, summary, phase))
            .collect()
    }

    fn done(phase: Phase) -> (Phase, PhaseStatus, Stage) {
        (phase, PhaseStatus::Completed, Stage::Closed)
    }

    const TO_THE_FORK: [Phase; 3] = [Phase::Planning, Phase::DataProfiling, Phase::Scoping];

    #[test]
    fn a_new_run_begins_with_its_first_phase_alone() {
        let phase = Phase::Planning;
        assert_eq!(all_due(&summary(&[])), [Work::EnterPhase { phase }]);
    }

    #[test]
    fn both_branches_of_a_fork_are_due_at_once_and_the_join_waits_for_both() {
        let mut over = TO_THE_FORK.map(done).to_vec();
        let both = [Phase::SampleSelection, Phase::DataOwnerId];
        assert_eq!(
            all_due(&summary(&over)),
            both.map(|phase| Work::EnterPhase { phase })
        );
        over.push(done(Phase::SampleSelection));
        let (started, working) = (PhaseStatus::Started, Stage::Work);
        over.push((Phase::DataOwnerId, started, working));
        assert_eq!(all_due(&summary(&over)), []);
        over.pop();
        over.push((Phase::DataOwnerId, PhaseStatus::Skipped, Stage::Closed));
        let phase = Phase::RequestInfo;
        assert_eq!(all_due(&summary(&over)), [Work::EnterPhase { phase }]);
    }

    #[test]
    fn a_phase_is_prepared_left_to_people_and_completed() {
        let phase = Phase::Planning;
        let due = |stage| all_due(&summary(&[(phase, PhaseStatus::Started, stage)]));
        assert_eq!(due(Stage::Prepare), [Work::Prepare { phase }]);
        for peoples in [Stage::Work, Stage::Approve, Stage::Revise] {
            assert_eq!(due(peoples), []);
        }
        assert_eq!(due(Stage::Ready), [Work::CompletePhase { phase }]);
    }

    #[test]
    fn a_skipped_phase_whose_condition_came_true_is_entered_before_the_run_is_completed() {
        let mut skipped = summary(&Phase::ALL.map(done));
        let observations = skipped
            .phases
            .iter_mut()
            .find(|it| it.phase == Phase::Observations);
        let observations = observations.unwrap();
        observations.status = PhaseStatus::Skipped;
        observations.due_again = true;
        let phase = Phase::Observations;
        assert_eq!(all_due(&skipped), [Work::EnterPhase { phase }]);
        assert!(!all_over(&skipped));
    }

    #[test]
    fn a_run_is_not_over_while_a_phase_is_stale() {
        let over = Phase::ALL.map(|phase| (phase, PhaseStatus::Completed, Stage::Closed));
        let mut over = summary(&over);
        assert!(all_over(&over));
        over.phases[3].stale = true;
        assert!(!all_over(&over));
        assert_eq!(all_due(&over), []);
    }

    #[test]
    fn nothing_is_due_in_a_run_that_is_over() {
        let mut ended = summary(&Phase::ALL.map(done));
        assert!(all_over(&ended));
        ended.status = RunStatus::Cancelled;
        assert!(!all_over(&ended));
        assert_eq!(all_due(&ended), []);
    }

    #[test]
    fn alarms_are_the_deadline_and_then_each_escalation() {
        let phase = Phase::Planning;
        let due_at = Utc.with_ymd_and_hms(2026, 1, 5, 9, 0, 0).unwrap();
        let mut late = summary(&[(phase, PhaseStatus::Started, Stage::Work)]);
        late.phases[0].step = Some(StepId::new("planning.work").unwrap());
        late.phases[0].due_at = Some(due_at);
        let definition = Definition::latest();
        let nth = |rung| alarm(&definition, &late, phase, |_| rung);
        let hours: Vec<i64> = (0..)
            .map_while(|n| Some((nth(n)?.at - due_at).num_hours()))
            .collect();
        assert_eq!(hours, [0, 4, 12, 24, 48]);
        assert!(matches!(nth(0).unwrap().work, Work::PassDeadline { .. }));
        assert!(matches!(
            nth(4).unwrap().work,
            Work::Escalate { hours_past: 48, .. }
        ));
    }

    #[test]
    fn work_that_comes_again_after_a_reopening_has_another_command_id() {
        let order = |work, seen| Order {
            run: RunId(uuid::Uuid::from_u128(1)),
            work,
            seen: Position(seen),
            cause: Cause {
                command: CommandId(uuid::Uuid::nil()),
                trace: None,
            },
        };
        let phase = Phase::Planning;
        let id = |work: Work, seen| order(work, seen).command_id();
        let complete = Work::CompletePhase { phase };
        assert_ne!(id(complete.clone(), 5), id(complete.clone(), 9));
        assert_eq!(id(complete.clone(), 5), id(complete, 5));
        let step = StepId::new("planning.work").unwrap();
        let late = Work::PassDeadline { phase, step };
        assert_eq!(id(late.clone(), 5), id(late, 9));
    }
}
