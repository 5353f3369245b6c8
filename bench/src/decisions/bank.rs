//! Runs on a real Temporal server, led to the selection of samples by the people who have to act before it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use annal_core::definition::Definition;
use annal_core::dossier::event::FileRef;
use annal_core::dossier::{DossierCommand as Do, DossierEvent, Stage};
use annal_core::item::{Content, DecisionLevel, ItemVerdict, Verdict};
use annal_core::people::Person;
use annal_core::run::event::Opening;
use annal_core::{Command, CommandId, ItemId, Phase, Role, RunId, Sequence};
use annal_flow::{Act, FlowClient, Reply, Worker, WorkerSettings};
use annal_log::{Log, StreamId, decode, migrate};
use annal_measure::Failure;
use uuid::Uuid;

use super::{PHASE, WHY, decide};
use crate::server::Server;

const PEOPLE: [(&str, Role); 5] = [
    ("tom", Role::Tester),
    ("olga", Role::ReportOwner),
    ("ed", Role::ReportExecutive),
    ("dora", Role::DataOwner),
    ("xena", Role::TestExecutive),
];

/// A log, a worker and a client.
pub(super) struct Bank {
    log: Log,
    client: FlowClient,
    worker: Worker,
}

/// A run whose samples wait for the tester.
pub(super) struct Run {
    id: RunId,
    pub(super) items: Vec<ItemId>,
}

impl Bank {
    pub(super) async fn found(on: &Server) -> Result<Self, Failure> {
        let url = on.scratch("decisions").await?;
        migrate(&url).await?;
        let log = Log::connect(&url, "main".parse()?).await?;
        let temporal = on.temporal()?;
        let (target, namespace) = (&temporal.target, &temporal.namespace);
        let client = FlowClient::connect(target, namespace, log.ledger().clone()).await?;
        let worker =
            Worker::start(log.clone(), target, namespace, WorkerSettings::default()).await?;
        Ok(Self {
            log,
            client,
            worker,
        })
    }

    pub(super) async fn close(self) -> Result<(), Failure> {
        Ok(self.worker.stop().await?)
    }

    /// A new run of the example report, led to where its samples are decided on.
    pub(super) async fn run_with_samples(&self, samples: usize) -> Result<Run, Failure> {
        let id = RunId(Uuid::now_v7());
        let opening = self.opening(id, u32::try_from(samples)?).await?;
        accepted(
            self.client
                .start_run(&command("xena", None, opening))
                .await?,
        )?;
        for (phase, verdict) in [
            (Phase::Planning, Verdict::Include),
            (Phase::DataProfiling, Verdict::Approve),
        ] {
            let items = self.drafted(id, phase).await?;
            self.act(
                id,
                "tom",
                phase,
                verdicts(DecisionLevel::Tester, &items, |_| verdict),
            )
            .await?;
            self.hand_in(id, phase, &items).await?;
        }
        let phase = Phase::Scoping;
        let items = self.drafted(id, phase).await?;
        let as_recommended = |content: &Content| match content {
            Content::ScopeAttribute {
                recommended: false, ..
            } => Verdict::Decline,
            _ => Verdict::Accept,
        };
        self.act(
            id,
            "tom",
            phase,
            verdicts(DecisionLevel::Tester, &items, as_recommended),
        )
        .await?;
        self.hand_in(id, phase, &items).await?;
        let items = self.drafted(id, PHASE).await?;
        let items = items.into_iter().map(|(item, _)| item).collect();
        Ok(Run { id, items })
    }

    /// Sends one decision on items; how long its answer took.
    pub(super) async fn decide(
        &self,
        run: &Run,
        items: &[ItemId],
        verdict: Verdict,
    ) -> Result<Duration, Failure> {
        let body = Act::Dossier {
            phase: PHASE,
            command: decide(items, verdict),
        };
        let asked = command("tom", WHY, body);
        let began = Instant::now();
        accepted(self.client.act(run.id, &asked).await?)?;
        Ok(began.elapsed())
    }

    async fn act(&self, run: RunId, who: &str, phase: Phase, asked: Do) -> Result<(), Failure> {
        let body = Act::Dossier {
            phase,
            command: asked,
        };
        accepted(self.client.act(run, &command(who, None, body)).await?)
    }

    async fn hand_in(
        &self,
        run: RunId,
        phase: Phase,
        items: &[(ItemId, Content)],
    ) -> Result<(), Failure> {
        self.act(run, "tom", phase, Do::Submit { version: None })
            .await?;
        let approved = verdicts(DecisionLevel::ReportOwner, items, |_| Verdict::Approve);
        self.act(run, "olga", phase, approved).await?;
        self.act(run, "olga", phase, Do::Approve { version: None })
            .await
    }

    /// The items of a phase's draft, once the engine has made it.
    async fn drafted(&self, run: RunId, phase: Phase) -> Result<Vec<(ItemId, Content)>, Failure> {
        let there = |summary: &annal_core::Summary| {
            summary.phase(phase).map(|it| it.stage) == Some(Stage::Work)
        };
        self.client.wait_until(run, there).await?;
        let stream = StreamId::dossier(run, phase);
        let events = self.log.read_stream(&stream, Sequence(0)).await?;
        let mut items = Vec::new();
        for event in &events {
            if let DossierEvent::ItemAdded { item, content, .. } = decode(event)? {
                items.push((item, content));
            }
        }
        Ok(items)
    }

    async fn opening(&self, run: RunId, samples: u32) -> Result<Opening, Failure> {
        let person = |(id, role): (&str, Role)| {
            Ok::<_, Failure>(Person {
                id: id.parse()?,
                name: id.to_uppercase().into(),
                roles: [role].into(),
            })
        };
        let definition = Definition::latest();
        Ok(Opening {
            run,
            report: "HMDA LAR Boston".to_owned(),
            cycle: "1990".to_owned(),
            definition: definition.reference(),
            people: PEOPLE.into_iter().map(person).collect::<Result<_, _>>()?,
            data: self.keep("hmda_boston.csv").await?,
            dictionary: self.keep("hmda_boston_dictionary.csv").await?,
            lines_of_business: vec![],
            skip: vec![],
            seed: 7,
            sample_size: samples,
        })
    }

    async fn keep(&self, name: &str) -> Result<FileRef, Failure> {
        let examples: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
        let bytes = std::fs::read(examples.join(name))?;
        Ok(self.log.put_file(name, &bytes).await?)
    }
}

fn verdicts(
    level: DecisionLevel,
    items: &[(ItemId, Content)],
    verdict: impl Fn(&Content) -> Verdict,
) -> Do {
    let decision = |(item, content): &(ItemId, Content)| ItemVerdict {
        item: item.clone(),
        verdict: verdict(content),
    };
    Do::Decide {
        version: None,
        level,
        decisions: items.iter().map(decision).collect(),
    }
}

fn command<B>(who: &str, why: Option<&str>, body: B) -> Command<B> {
    let role = PEOPLE
        .iter()
        .find(|(id, _)| *id == who)
        .map_or(Role::Tester, |(_, role)| *role);
    Command {
        id: CommandId(Uuid::now_v7()),
        person: who.parse().expect("a short plain id"),
        role,
        on_behalf_of: None,
        reason: why.map(str::to_owned),
        effective_at: Some(chrono::Utc::now()),
        body,
    }
}

fn accepted(reply: Reply) -> Result<(), Failure> {
    match reply {
        Reply::Accepted(_) => Ok(()),
        Reply::Rejected(no) => Err(format!("was refused: {no:?}").into()),
    }
}
