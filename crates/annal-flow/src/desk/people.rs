//! Commands of people. A refusal is an answer: it is recorded under the command's own id, so that a retry gets it
//! again.

use std::sync::Arc;

use annal_core::definition::Definition;
use annal_core::dossier::DossierCommand;
use annal_core::phase::PhaseKind;
use annal_core::rejection::RejectionCode as Code;
use annal_core::run::RunCommand;
use annal_core::version::VersionRef;
use annal_core::{Case, Command, Outcome, Phase, Rejection, RunId, Target};

use super::record::Entry;
use super::{Decided, Desk, DeskError, Place};
use crate::act::{Act, Answer, Call, OpeningCall, Verdict, with_body};
use crate::prepare;

impl Desk {
    /// Opens a run.
    pub(crate) async fn open(
        &self,
        call: &OpeningCall,
        place: &Place,
    ) -> Result<Answer, DeskError> {
        let asked = &call.command;
        let run = asked.body.run;
        let pinned = &asked.body.definition;
        let definition = Definition::builtin(&pinned.version).map_err(|error| error.to_string());
        let definition = definition.and_then(|it| match it.reference() == *pinned {
            true => Ok(Arc::new(it)),
            false => Err(format!(
                "definition {} has another text here",
                pinned.version
            )),
        });
        let as_target = with_body(
            asked,
            Target::Run {
                command: RunCommand::Open(asked.body.clone()),
            },
        );
        let decide = |case: &Case| {
            let opened = match &definition {
                Ok(definition) => Case {
                    definition: definition.clone(),
                    ..case.clone()
                }
                .open(asked, self.now()),
                Err(why) => Err(Rejection::new(Code::DefinitionRefused, why)),
            };
            Ok(decided(case, &as_target, opened, None))
        };
        let entry = Entry::asked(asked, call.trace, self.now())?;
        self.answer(run, &entry, &as_target, place, decide).await
    }

    /// Carries out a person's command.
    pub(crate) async fn act(&self, call: &Call, place: &Place) -> Result<Answer, DeskError> {
        let asked = &call.command;
        let phase = asked.body.phase();
        let target = self.target(call).await?;
        let as_target = with_body(asked, asked.body.as_asked());
        let decide = |case: &Case| {
            let outcome = match &target {
                Ok(target) => case.act(&with_body(asked, target.clone()), self.now()),
                // A rule that is broken all the same says more than the data.
                Err(by_data) => match case.act(&as_target, self.now()) {
                    Err(by_rule) if by_rule.code != Code::InvalidContent => Err(by_rule),
                    _ => Err(by_data.clone()),
                },
            };
            Ok(decided(case, &as_target, outcome, phase))
        };
        let entry = Entry::asked(asked, call.trace, self.now())?;
        self.answer(call.run, &entry, &as_target, place, decide)
            .await
    }

    async fn answer(
        &self,
        run: RunId,
        entry: &Entry,
        asked: &Command<Target>,
        place: &Place,
        decide: impl Fn(&Case) -> Result<Decided, DeskError>,
    ) -> Result<Answer, DeskError> {
        match self.settle(run, entry, place, decide).await {
            Err(DeskError::Reused(id)) => {
                let message = format!(
                    "the command id {id} was used for another command; give this one an id of its own"
                );
                let rejection = Rejection::new(Code::CommandReused, message);
                let refuse = |case: &Case| Ok(refused(case, asked, rejection.clone()));
                self.settle(run, &entry.reused(), place, refuse).await
            }
            settled => settled,
        }
    }

    /// The act as a command of the core, with what the engine computes for it.
    async fn target(&self, call: &Call) -> Result<Result<Target, Rejection>, DeskError> {
        let computed = match &call.command.body {
            Act::Revise { phase, draw, .. } if *draw > 0 && *phase != Phase::SampleSelection => {
                let message = format!("samples are drawn in sample_selection, not in {phase}");
                return Ok(Err(Rejection::new(Code::NotInThisPhase, message)));
            }
            Act::Revise {
                phase,
                policy,
                draw,
                add,
            } if *draw > 0 => {
                let case = self.load(call.run).await?.case.clone();
                let drawn = prepare::draw_more(&self.files, case, *draw).await;
                drawn.map(|drawn| Target::Dossier {
                    phase: *phase,
                    command: DossierCommand::Revise {
                        policy: *policy,
                        add: [add.clone(), drawn].concat(),
                    },
                })
            }
            Act::ExecuteTests { cases } => {
                let case = self.load(call.run).await?.case.clone();
                let results = prepare::run_tests(&self.files, case, cases).await;
                results.map(|results| Target::Dossier {
                    phase: Phase::TestExecution,
                    command: DossierCommand::RecordTests { results },
                })
            }
            act => Ok(act.as_asked()),
        };
        match computed {
            Ok(target) => Ok(Ok(target)),
            // The data does not give what the person asked for.
            Err(DeskError::Data(error)) => {
                Ok(Err(Rejection::new(Code::InvalidContent, error.to_string())))
            }
            Err(error) => Err(error),
        }
    }
}

fn decided(
    case: &Case,
    asked: &Command<Target>,
    outcome: Result<Outcome, Rejection>,
    phase: Option<Phase>,
) -> Decided {
    match outcome {
        Ok(outcome) => {
            let version = phase.and_then(|phase| version_after(case, &outcome, phase));
            let verdict = Verdict::Accepted { version };
            Decided { outcome, verdict }
        }
        Err(rejection) => refused(case, asked, rejection),
    }
}

fn refused(case: &Case, asked: &Command<Target>, rejection: Rejection) -> Decided {
    Decided {
        outcome: case.refused(asked, &rejection),
        verdict: Verdict::Rejected { rejection },
    }
}

/// The version that a command was about: the last one of its phase.
fn version_after(case: &Case, outcome: &Outcome, phase: Phase) -> Option<VersionRef> {
    if phase.kind() != PhaseKind::Versioned {
        return None;
    }
    let after = case.clone().after(outcome);
    let number = after.dossier(phase).versions.last()?.number;
    let run = after.run.expect_id().ok()?;
    Some(VersionRef { run, phase, number })
}
