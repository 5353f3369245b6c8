//! Where a run stands, small enough to travel: what the workflow keeps and answers to queries.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Case;
use crate::dossier::{Action, Awaited, Stage};
use crate::ids::{RunId, StepId, VersionNo};
use crate::people::Role;
use crate::phase::Phase;
use crate::run::{PhaseStatus, RunStatus};
use crate::version::VersionStatus;

/// Where a run stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Summary {
    /// The run; none before it is opened.
    pub run: Option<RunId>,
    /// Where it stands.
    pub status: RunStatus,
    /// Its phases, in the definition's order.
    pub phases: Vec<PhaseSummary>,
    /// What waits for whom.
    pub awaiting: Vec<Waiting>,
}

/// Where a phase stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PhaseSummary {
    /// The phase.
    pub phase: Phase,
    /// For the run.
    pub status: PhaseStatus,
    /// What happens next in it.
    pub stage: Stage,
    /// Something that it rests on was reopened.
    pub stale: bool,
    /// It was skipped by its condition, which holds now.
    #[serde(default)]
    pub due_again: bool,
    /// Its versions, oldest first.
    pub versions: Vec<VersionSummary>,
    /// The step that is open.
    pub step: Option<StepId>,
    /// By when that step is due, if a person does it.
    pub due_at: Option<DateTime<Utc>>,
}

/// Where a version stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VersionSummary {
    /// Its number.
    pub number: VersionNo,
    /// Where it stands.
    pub status: VersionStatus,
}

/// Something that waits for somebody, with its place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Waiting {
    /// The phase.
    pub phase: Phase,
    /// What, and for whom.
    #[serde(flatten)]
    pub awaited: Awaited,
    /// By when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<DateTime<Utc>>,
}

impl Case {
    /// Where the run stands.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let phases: Vec<_> = self
            .definition
            .phases
            .iter()
            .map(|plan| self.phase_summary(plan.phase))
            .collect();
        // In a run that is over, nobody is asked for anything.
        let awaiting = match self.run.status() {
            RunStatus::Open => phases.iter().flat_map(|it| self.waiting(it)).collect(),
            _ => Vec::new(),
        };
        Summary {
            run: self.run.id(),
            status: self.run.status(),
            phases,
            awaiting,
        }
    }

    fn phase_summary(&self, phase: Phase) -> PhaseSummary {
        let dossier = self.dossier(phase);
        let open = self.run.open_step(phase);
        PhaseSummary {
            phase,
            status: self.run.phase_status(phase),
            stage: self.stage(phase),
            stale: self.run.is_stale(phase),
            due_again: self.is_due_again(phase),
            versions: dossier
                .versions
                .iter()
                .map(|version| VersionSummary {
                    number: version.number,
                    status: version.status(),
                })
                .collect(),
            step: open.map(|it| it.id.clone()),
            due_at: open.and_then(|it| it.due_at),
        }
    }

    fn waiting(&self, phase: &PhaseSummary) -> Vec<Waiting> {
        let Some(plan) = self.definition.phase(phase.phase) else {
            return Vec::new();
        };
        let dossier = self.dossier(phase.phase);
        let mut awaited = dossier.awaiting(&self.basis(phase.phase), plan);
        awaited.extend(self.stale_waits(phase));
        let waiting = |awaited| Waiting {
            phase: phase.phase,
            awaited,
            due_at: phase.due_at,
        };
        awaited.into_iter().map(waiting).collect()
    }
}

impl Case {
    /// A completed phase that rests on what was reopened, once that is done again: somebody has to say what follows.
    fn stale_waits(&self, phase: &PhaseSummary) -> Option<Awaited> {
        let because_of = self.run.stale_because_of(phase.phase);
        let settled = |it: &Phase| self.run.phase_status(*it).is_over();
        let waits =
            phase.stale && phase.status == PhaseStatus::Completed && because_of.iter().all(settled);
        let names: Vec<_> = because_of.iter().map(|it| it.name()).collect();
        waits.then(|| Awaited {
            role: Role::TestExecutive,
            person: None,
            action: Action::Confirm,
            subject: format!("{} was reopened", names.join(", ")),
            count: 1,
        })
    }
}

impl Summary {
    /// What is known of a phase.
    #[must_use]
    pub fn phase(&self, phase: Phase) -> Option<&PhaseSummary> {
        self.phases.iter().find(|it| it.phase == phase)
    }
}
