//! The parts of a story beside versions: owners, evidence, tests, and the run itself.

use annal_core::dossier::DossierEvent as D;
use annal_core::dossier::event::{EvidenceRef, FileRef, Meaning, Signature, TestOutcome};
use annal_core::item::DecisionLevel;
use annal_core::people::Person;
use annal_core::rejection::RejectionCode;
use annal_core::run::RunEvent as R;
use annal_core::run::event::{DefinitionRef, Opening, StepKind, TransitionKind};
use annal_core::{
    DocumentId, ItemId, Phase, RequestId, Role, RunId, StepId, TestCaseId, VersionNo,
};
use rand::Rng;
use rand::seq::IndexedRandom;

use super::moment;
use super::story::{Story, item, person};

impl Story {
    pub(super) fn sign(&mut self, run: RunId, phase: Phase, version: VersionNo, section: ItemId) {
        let roles = [Role::Tester, Role::ReportOwner, Role::ReportExecutive];
        let signature = Signature {
            by: self.person(),
            printed_name: "Ana B.".into(),
            role: *roles.choose(&mut self.random).expect("not empty"),
            meaning: Meaning::Review,
            content_hash: "00".into(),
            signed_at: moment(3),
        };
        let signed = D::SectionSigned {
            version,
            section,
            signature,
        };
        self.tell(run, phase, signed);
    }

    pub(super) fn audited(&mut self, run: RunId) {
        match self.random.random_range(0..3) {
            0 => self.ownership(run),
            1 => self.evidence(run),
            _ => self.test(run),
        }
    }

    fn ownership(&mut self, run: RunId) {
        let phase = Phase::DataOwnerId;
        let attribute = item(&format!("a/{}", self.random.random_range(0..4)));
        let line_of_business = ["retail", "a/b"]
            .choose(&mut self.random)
            .expect("not empty")
            .to_string();
        let (by, owner) = (self.person(), self.person());
        let known = self.dossier(run, phase).assignments.get(&attribute);
        let previous = known
            .and_then(|lines| lines.get(&line_of_business))
            .map(|it| it.owner.clone());
        let event = match (previous, self.random.random_range(0..3)) {
            (None, _) => D::OwnerAssigned {
                attribute,
                line_of_business,
                owner,
                by,
            },
            (Some(previous), 0) => D::OwnerReassigned {
                attribute,
                line_of_business,
                owner,
                previous,
                by,
                reason: "moved".into(),
            },
            (Some(owner), 1) => D::OwnerAcknowledged {
                attribute,
                line_of_business,
                owner,
            },
            (Some(_), _) => D::AssignmentEscalated {
                attribute,
                line_of_business,
                to: owner,
                by,
                reason: "no answer".into(),
            },
        };
        self.tell(run, phase, event);
    }

    fn evidence(&mut self, run: RunId) {
        let phase = Phase::RequestInfo;
        let number = self.random.random_range(0..3);
        let request = RequestId::new(format!("request {number}")).expect("a valid id");
        let document = DocumentId::new(format!("document {number}")).expect("a valid id");
        let by = self.person();
        let file = FileRef {
            name: format!("file {}", self.random.random_range(0..99)),
            sha256: "ab".into(),
            bytes: 7,
        };
        let dossier = self.dossier(run, phase);
        let asked = dossier.requests.contains_key(&request);
        let version = dossier.documents.get(&document).map(|it| it.version);
        let event = match (asked, version) {
            (false, _) => D::InformationRequested {
                request,
                owner: self.person(),
                attributes: vec![item("a/0"), item("a/1")],
                text: "please".into(),
                by,
            },
            (true, None) => D::DocumentSubmitted {
                document,
                request,
                file,
                by,
            },
            (true, Some(replaces)) if self.chance(30) => D::DocumentRevised {
                document,
                version: replaces.next(),
                replaces,
                file,
                by,
                reason: "a page was missing".into(),
            },
            (true, Some(version)) => {
                let accepted = self.chance(70);
                let levels = [DecisionLevel::Tester, DecisionLevel::ReportOwner];
                D::DocumentReviewed {
                    document,
                    level: *levels.choose(&mut self.random).expect("not empty"),
                    version,
                    accepted,
                    by,
                    reason: (!accepted).then(|| "unreadable".into()),
                }
            }
        };
        self.tell(run, phase, event);
    }

    fn test(&mut self, run: RunId) {
        let phase = Phase::TestExecution;
        let number = self.random.random_range(0..5);
        let case = TestCaseId::new(format!("case/{number}")).expect("a valid id");
        let by = self.person();
        let execution = self
            .dossier(run, phase)
            .tests
            .get(&case)
            .map(|it| it.execution);
        let event = match execution {
            Some(execution) if self.chance(60) => {
                let accepted = self.chance(70);
                let reason = (!accepted).then(|| "wrong page".into());
                D::TestReviewed {
                    case,
                    execution,
                    accepted,
                    by,
                    reason,
                }
            }
            _ => D::TestExecuted {
                case,
                sample: item(&format!("sample {number}")),
                attribute: item("a/0"),
                execution: execution.unwrap_or_default() + 1,
                outcome: if self.chance(80) {
                    TestOutcome::Passed
                } else {
                    TestOutcome::Failed
                },
                expected: Some("1".into()),
                actual: self.chance(80).then(|| "1".into()),
                evidence: EvidenceRef {
                    document: DocumentId::new("document 0").expect("a valid id"),
                    version: VersionNo(1),
                },
                by,
                reason: execution.map(|_| "again".into()),
            },
        };
        self.tell(run, phase, event);
    }

    pub(super) fn run_event(&mut self, run: RunId) {
        let some = [
            Phase::Planning,
            Phase::Scoping,
            Phase::SampleSelection,
            Phase::RequestInfo,
        ];
        let phase = *some.choose(&mut self.random).expect("not empty");
        match self.random.random_range(0..12) {
            0 => self.enter(run, phase),
            1 => self.tell_run(run, R::PhaseCompleted { phase }),
            2 => {
                let by = self.person();
                self.tell_run(
                    run,
                    R::PhaseReopened {
                        phase,
                        by,
                        reason: "new data".into(),
                    },
                );
                let because_of = phase;
                for phase in some.into_iter().filter(|it| *it > because_of) {
                    self.tell_run(run, R::PhaseMarkedStale { phase, because_of });
                    self.tell(run, phase, D::MarkedStale { because_of });
                }
            }
            5 => {
                let by = self.person();
                let reason = "not touched by it".to_owned();
                let confirmed = D::PhaseConfirmed {
                    by: by.clone(),
                    reason: reason.clone(),
                };
                self.tell_run(run, R::PhaseConfirmed { phase, by, reason });
                self.tell(run, phase, confirmed);
            }
            3 => {
                let refused = R::AttemptRefused {
                    command: "reopen_phase".into(),
                    code: RejectionCode::RoleNotHeld,
                    message: "not held".into(),
                    by: person("mallory"),
                    role: Role::TestExecutive,
                };
                self.tell_run(run, refused);
            }
            4 => {
                let from = definition("1.2.0");
                let to = definition("2.0.0");
                let by = self.person();
                self.tell_run(
                    run,
                    R::DefinitionChanged {
                        from,
                        to,
                        by,
                        reason: "newer".into(),
                    },
                );
            }
            _ => self.step(run, phase),
        }
    }

    pub(super) fn open(&mut self, run: RunId) {
        let file = FileRef {
            name: "data.csv".into(),
            sha256: "cd".into(),
            bytes: 1,
        };
        let opening = Opening {
            run,
            report: "HMDA".into(),
            cycle: "1990".into(),
            definition: definition("1.2.0"),
            people: vec![Person {
                id: person("ana"),
                name: "Ana B.".into(),
                roles: [Role::Tester].into(),
            }],
            data: file.clone(),
            dictionary: file,
            skip: Vec::new(),
            seed: 1,
            sample_size: 10,
            lines_of_business: vec!["retail".into()],
        };
        self.tell_run(run, R::RunOpened(opening));
    }

    fn enter(&mut self, run: RunId, to: Phase) {
        let result = self.chance(70);
        let kind = TransitionKind::Conditional {
            condition: "failed_tests > 0".into(),
            result,
        };
        self.tell_run(
            run,
            R::TransitionTaken {
                from: vec![Phase::Planning],
                to,
                kind,
            },
        );
        if result {
            self.tell_run(run, R::PhaseStarted { phase: to });
        } else {
            self.tell_run(
                run,
                R::PhaseSkipped {
                    phase: to,
                    why: "failed_tests > 0".into(),
                },
            );
        }
    }

    fn step(&mut self, run: RunId, phase: Phase) {
        let name = format!("{phase}.approve#{}", self.random.random_range(0..2));
        let step = StepId::new(name.clone()).expect("a valid id");
        let known = self
            .runs
            .get(&run)
            .is_some_and(|it| it.steps().any(|known| known.id == step));
        if !known {
            let scheduled = R::StepScheduled {
                step,
                phase,
                kind: StepKind::Human,
                role: Some(Role::ReportOwner),
                due_at: Some(moment(600)),
            };
            return self.tell_run(run, scheduled);
        }
        let due_at = moment(600);
        let event = match self.random.random_range(0..7) {
            0 => R::StepCompleted {
                step,
                outcome: "approved".into(),
            },
            1 => R::StepFailed {
                step,
                attempt: self.random.random_range(1..4),
                error: "no answer".into(),
            },
            2 => R::StepSkipped {
                step,
                why: "not due".into(),
            },
            3 => R::StepTimedOut { step, due_at },
            4 => {
                let to = Role::ReportOwner;
                return self.tell(
                    run,
                    phase,
                    D::ReminderSent {
                        step: name,
                        to,
                        due_at,
                    },
                );
            }
            5 => {
                let escalated = D::DeadlineEscalated {
                    step: name,
                    to: Role::ReportExecutive,
                    due_at,
                    hours_past: 4,
                };
                return self.tell(run, phase, escalated);
            }
            _ => R::StepStarted { step },
        };
        self.tell_run(run, event);
    }
}

fn definition(version: &str) -> DefinitionRef {
    DefinitionRef {
        version: version.parse().expect("a version"),
        sha256: "ef".into(),
    }
}
