//! One command on a case: the events so far and the case as it is after them.

use chrono::{DateTime, Duration, Utc};

use super::{Case, Outcome, Target};
use crate::command::Command;
use crate::dossier::{Asked, DossierCommand, DossierEvent, Stage, second_level};
use crate::ids::{CommandId, PersonId, StepId};
use crate::people::{Actor, Role};
use crate::phase::Phase;
use crate::rejection::{Rejection, RejectionCode as Code};
use crate::run::event::StepKind;
use crate::run::{ReportRun, RunCommand, RunEvent};

pub(super) struct Turn<'a> {
    asked: (Option<&'a str>, DateTime<Utc>),
    now: DateTime<Utc>,
    pub(super) after: Case,
    outcome: Outcome,
    step_given: bool,
}

impl<'a> Turn<'a> {
    pub(super) fn new(
        before: &Case,
        actor: Actor,
        reason: Option<&'a str>,
        effective_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            asked: (reason, effective_at),
            now,
            after: before.clone(),
            outcome: Outcome {
                actor,
                step: step("run"),
                run: Vec::new(),
                dossiers: std::collections::BTreeMap::new(),
            },
            step_given: false,
        }
    }

    pub(super) fn outcome(self) -> Outcome {
        self.outcome
    }

    /// Names the step in which all this happens. The first name given stays.
    pub(super) fn step(&mut self, id: &str) {
        if !self.step_given {
            self.step_given = true;
            self.outcome.step = step(id);
        }
    }

    pub(super) fn take(&mut self, target: &Target) -> Result<(), Rejection> {
        match target {
            Target::Run { command } => {
                self.step(&format!("run.{}", command.name()));
                self.run(command.clone())
            }
            // A reopening is told by the run, which knows what rests on the phase.
            Target::Dossier {
                phase,
                command: DossierCommand::Reopen {},
            } => {
                self.step(&format!("{phase}.reopen"));
                self.run(RunCommand::ReopenPhase { phase: *phase })
            }
            Target::Dossier { phase, command } => self.on_dossier(*phase, command),
        }
    }

    fn on_dossier(&mut self, phase: Phase, command: &DossierCommand) -> Result<(), Rejection> {
        self.after.run.expect_open()?;
        self.vouch(command)?;
        let open = self.after.run.open_step(phase).map(|it| it.id.to_string());
        match command {
            DossierCommand::Submit { .. } => {
                let id = self.after.run.next_step_id(phase, "submit");
                self.step(id.as_str());
            }
            _ => self.step(&open.unwrap_or_else(|| phase.name().to_owned())),
        }
        self.dossier(phase, command)?;
        self.follow_up(phase)
    }

    /// Decides on the run's stream as the asker, and mirrors in the dossiers what concerns them.
    pub(super) fn run(&mut self, command: RunCommand) -> Result<(), Rejection> {
        let actor = self.outcome.actor.clone();
        self.run_as(command, &actor)
    }

    /// Decides on the run's stream as the engine: steps follow from what a person did.
    pub(super) fn run_as_engine(&mut self, command: RunCommand) -> Result<(), Rejection> {
        self.run_as(command, &Actor::engine())
    }

    fn run_as(&mut self, body: RunCommand, actor: &Actor) -> Result<(), Rejection> {
        let (reason, effective_at) = self.asked;
        let asked = Command {
            // The rules do not look at the id; the log does, at that of the whole command.
            id: CommandId(uuid::Uuid::nil()),
            person: actor.id.clone(),
            role: actor.role,
            on_behalf_of: actor.on_behalf_of.clone(),
            reason: reason.map(str::to_owned),
            effective_at: Some(effective_at),
            body,
        };
        let definition = self.after.definition.clone();
        let events = self.after.run.decide(&asked, actor, &definition)?;
        for event in events {
            self.after.evolve_run(&event);
            let mirrored = mirrored(&event);
            self.outcome.run.push(event);
            if let Some((phase, event)) = mirrored {
                self.record(phase, event);
                self.follow_up(phase)?;
            }
        }
        Ok(())
    }

    /// Decides on a dossier's stream.
    pub(super) fn dossier(
        &mut self,
        phase: Phase,
        command: &DossierCommand,
    ) -> Result<(), Rejection> {
        let Some(plan) = self.after.definition.phase(phase) else {
            return Err(not_in_definition(phase, &self.after.run));
        };
        let basis = self.after.basis(phase);
        let actor = self.outcome.actor.clone();
        let (reason, effective_at) = self.asked;
        let asked = Asked {
            actor: &actor,
            reason,
            effective_at,
        };
        let dossier = self.after.dossier(phase);
        for event in dossier.decide(&asked, command, &basis, plan)? {
            self.record(phase, event);
        }
        Ok(())
    }

    fn record(&mut self, phase: Phase, event: DossierEvent) {
        self.after.evolve_dossier(phase, &event);
        self.outcome.dossiers.entry(phase).or_default().push(event);
    }

    /// Brings the run's steps to where the dossier now stands.
    pub(super) fn follow_up(&mut self, phase: Phase) -> Result<(), Rejection> {
        let wanted = self.wanted_step(phase);
        let open = self.after.run.open_step(phase).map(|it| it.id.clone());
        let open_name = open.as_ref().map(|id| step_name(id.as_str()));
        if open_name == wanted.as_ref().map(|it| it.name) {
            return Ok(());
        }
        let happened = self.happened(phase);
        if let Some(id) = open {
            let handed_in = self.submitted_now(phase).then_some("submitted");
            let outcome = handed_in.or(happened).unwrap_or("done").to_owned();
            self.run_as_engine(RunCommand::CompleteStep { step: id, outcome })?;
        }
        if self.submitted_now(phase) {
            self.instant(phase, "submit", StepKind::Human, "submitted")?;
            if happened == Some("approved") {
                self.skip_approval(phase)?;
            }
        }
        match wanted {
            Some(wanted) => self.start(phase, &wanted),
            None => Ok(()),
        }
    }

    fn wanted_step(&self, phase: Phase) -> Option<Wanted> {
        let plan = self.after.definition.phase(phase)?;
        let second = second_level(plan).first().copied().unwrap_or(plan.work);
        let person = |name, role| {
            let role = Some(role);
            Some(Wanted { name, role })
        };
        match self.after.stage(phase) {
            Stage::NotBegun | Stage::Ready | Stage::Closed => None,
            Stage::Prepare => Some(Wanted {
                name: "prepare",
                role: None,
            }),
            Stage::Work => person("work", plan.work),
            Stage::Approve => person("approve", second),
            Stage::Revise => person("revise", plan.work),
        }
    }

    fn start(&mut self, phase: Phase, wanted: &Wanted) -> Result<(), Rejection> {
        let id = self.after.run.next_step_id(phase, wanted.name);
        let hours = self
            .after
            .definition
            .phase(phase)
            .map(|plan| plan.time_limit_hours);
        let due = || Some(self.now + Duration::hours(i64::from(hours?)));
        let (kind, due_at) = match wanted.role {
            Some(_) => (StepKind::Human, due()),
            None => (StepKind::Automatic, None),
        };
        self.run_as_engine(RunCommand::ScheduleStep {
            step: id.clone(),
            phase,
            kind,
            role: wanted.role,
            due_at,
        })?;
        self.run_as_engine(RunCommand::StartStep { step: id })
    }

    /// A step that takes no time: scheduled, started and completed in one breath.
    pub(super) fn instant(
        &mut self,
        phase: Phase,
        name: &str,
        kind: StepKind,
        outcome: &str,
    ) -> Result<(), Rejection> {
        let id = self.after.run.next_step_id(phase, name);
        let role = (kind == StepKind::Human).then_some(self.outcome.actor.role);
        self.run_as_engine(RunCommand::ScheduleStep {
            step: id.clone(),
            phase,
            kind,
            role,
            due_at: None,
        })?;
        self.run_as_engine(RunCommand::StartStep { step: id.clone() })?;
        let outcome = outcome.to_owned();
        self.run_as_engine(RunCommand::CompleteStep { step: id, outcome })
    }

    fn skip_approval(&mut self, phase: Phase) -> Result<(), Rejection> {
        let events = self.outcome.dossiers.get(&phase);
        let why = events.into_iter().flatten().find_map(|event| match event {
            DossierEvent::VersionApproved {
                without_approval: Some(condition),
                ..
            } => Some(format!("no approval was due: '{condition}' is false")),
            _ => None,
        });
        let Some(why) = why else { return Ok(()) };
        let id = self.after.run.next_step_id(phase, "approve");
        self.run_as_engine(RunCommand::ScheduleStep {
            step: id.clone(),
            phase,
            kind: StepKind::Automatic,
            role: None,
            due_at: None,
        })?;
        self.run_as_engine(RunCommand::SkipStep { step: id, why })
    }

    fn submitted_now(&self, phase: Phase) -> bool {
        let events = self.outcome.dossiers.get(&phase);
        let submitted =
            |event: &DossierEvent| matches!(event, DossierEvent::VersionSubmitted { .. });
        events.is_some_and(|events| events.iter().any(submitted))
    }

    /// How the open step ended, by what this command did.
    fn happened(&self, phase: Phase) -> Option<&'static str> {
        let events = self.outcome.dossiers.get(&phase)?;
        events.iter().rev().find_map(|event| match event {
            DossierEvent::VersionApproved { .. } => Some("approved"),
            DossierEvent::VersionRejected { .. } => Some("rejected"),
            DossierEvent::VersionWithdrawn { .. } => Some("withdrawn"),
            DossierEvent::VersionSubmitted { .. } => Some("submitted"),
            _ => None,
        })
    }

    /// Persons named in a command have to be on the register, in the role that they get there.
    fn vouch(&self, command: &DossierCommand) -> Result<(), Rejection> {
        let named: Vec<(&PersonId, Option<Role>)> = match command {
            DossierCommand::AssignOwners { assignments } => assignments
                .iter()
                .map(|it| (&it.owner, Some(Role::DataOwner)))
                .collect(),
            DossierCommand::RequestInformation { owner, .. } => {
                vec![(owner, Some(Role::DataOwner))]
            }
            DossierCommand::EscalateOwnership { to, .. } => vec![(to, None)],
            _ => Vec::new(),
        };
        for (id, role) in named {
            self.after.run.vouch(id, role)?;
        }
        Ok(())
    }
}

struct Wanted {
    name: &'static str,
    role: Option<Role>,
}

/// What an event of the run means for dossiers.
fn mirrored(event: &RunEvent) -> Option<(Phase, DossierEvent)> {
    match event {
        RunEvent::PhaseReopened { phase, by, reason } => {
            let (by, reason) = (by.clone(), reason.clone());
            Some((*phase, DossierEvent::PhaseReopened { by, reason }))
        }
        RunEvent::PhaseConfirmed { phase, by, reason } => {
            let (by, reason) = (by.clone(), reason.clone());
            Some((*phase, DossierEvent::PhaseConfirmed { by, reason }))
        }
        RunEvent::PhaseMarkedStale { phase, because_of } => {
            let because_of = *because_of;
            Some((*phase, DossierEvent::MarkedStale { because_of }))
        }
        _ => None,
    }
}

fn not_in_definition(phase: Phase, run: &ReportRun) -> Rejection {
    let version = run.definition().map(|it| it.version.to_string());
    Rejection::new(
        Code::DefinitionRefused,
        format!(
            "definition {} has no phase {phase}",
            version.unwrap_or_default()
        ),
    )
}

/// `scoping.approve#2` → `approve`.
fn step_name(id: &str) -> &str {
    let name = id.split_once('.').map_or(id, |(_, name)| name);
    name.split_once('#').map_or(name, |(name, _)| name)
}

fn step(id: &str) -> StepId {
    StepId::new(id).expect("made of a phase's name and a word")
}
