//! A bank for tests: a log in a real database, a namespace of a real Temporal server, people, and a run on the example
//! data.

pub(crate) mod people;
pub(crate) mod phases;

use std::path::Path;
use std::time::Duration;

use annal_core::definition::Definition;
use annal_core::dossier::event::FileRef;
use annal_core::envelope::Recorded;
use annal_core::run::event::Opening;
use annal_core::{Command, Phase, Position, Rejection, Role, RunId, Summary};
use annal_data::{Dataset, Dictionary};
use annal_flow::{Accepted, Act, ClientSettings, FlowClient, Reply, Worker, WorkerSettings};
use annal_log::{Log, migrate};
use annal_stack::testing::{TestDatabase, TestTemporal, temporal};
use people::{PEOPLE, command};
use uuid::Uuid;

/// What a test's run is like.
#[derive(Clone, Copy)]
pub(crate) struct Setup {
    pub(crate) settings: ClientSettings,
    /// The version of its definition.
    pub(crate) definition: &'static str,
    /// What is put in place of a piece of the data, to break it.
    pub(crate) spoil: Option<(&'static str, &'static str)>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            settings: ClientSettings::default(),
            definition: "2.0.0",
            spoil: None,
        }
    }
}

/// One test's own ledger and namespace.
pub(crate) struct Bank {
    pub(crate) log: Log,
    pub(crate) client: FlowClient,
    pub(crate) temporal: TestTemporal,
    pub(crate) run: RunId,
    pub(crate) definition: Definition,
    pub(crate) database: TestDatabase,
    setup: Setup,
}

impl Bank {
    /// A bank without any run or worker.
    pub(crate) async fn found(setup: Setup) -> Self {
        let _ = tracing_subscriber::fmt()
            .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
            .with_test_writer()
            .try_init();
        let database = TestDatabase::prepared("flow", async |url| {
            migrate(&url).await.expect("the log's migrations run");
        })
        .await;
        let ledger = "main".parse().expect("a valid id");
        let log = Log::connect(database.url(), ledger)
            .await
            .expect("the log answers");
        let temporal = temporal().await;
        let TestTemporal { target, namespace } = &temporal;
        let client =
            FlowClient::connect_with(target, namespace, log.ledger().clone(), setup.settings);
        let version = setup.definition.parse().expect("a version");
        Self {
            client: client.await.expect("the server answers"),
            definition: Definition::builtin(&version).expect("a definition"),
            log,
            temporal,
            run: RunId(Uuid::new_v4()),
            database,
            setup,
        }
    }

    /// A bank with a worker and a run that was opened.
    pub(crate) async fn open(setup: Setup) -> (Self, Worker) {
        let bank = Self::found(setup).await;
        let worker = bank.worker().await;
        let opening = bank.opening().await;
        accepted(bank.client.start_run(&opening).await.expect("an answer"));
        (bank, worker)
    }

    pub(crate) async fn worker(&self) -> Worker {
        self.worker_with(WorkerSettings::default()).await
    }

    pub(crate) async fn worker_with(&self, settings: WorkerSettings) -> Worker {
        let TestTemporal { target, namespace } = &self.temporal;
        let worker = Worker::start(self.log.clone(), target, namespace, settings).await;
        worker.expect("a worker starts")
    }

    /// The command that opens the run on the example data.
    pub(crate) async fn opening(&self) -> Command<Opening> {
        let data = self.keep("hmda_boston.csv").await;
        let dictionary = self.keep("hmda_boston_dictionary.csv").await;
        let parsed = Dictionary::parse("dictionary", &example("hmda_boston_dictionary.csv"), None);
        let rows = Dataset::parse(
            "data",
            &example("hmda_boston.csv"),
            &parsed.expect("a dictionary"),
        );
        let lines = annal_data::sampling::lines_of_business(&rows.expect("data"));
        let opening = Opening {
            run: self.run,
            report: "HMDA LAR Boston".to_owned(),
            cycle: "1990".to_owned(),
            definition: self.definition.reference(),
            people: PEOPLE.map(people::on_the_register).to_vec(),
            data,
            dictionary,
            lines_of_business: lines.into_iter().collect(),
            skip: vec![],
            seed: 7,
            sample_size: 20,
        };
        command("xena", Role::TestExecutive, None, opening)
    }

    async fn keep(&self, name: &str) -> FileRef {
        let mut bytes = example(name);
        if let Some((piece, instead)) = self.setup.spoil {
            let text = String::from_utf8(bytes).expect("text");
            bytes = text.replacen(piece, instead, 1).into_bytes();
        }
        let kept = self.log.put_file(name, &bytes).await;
        kept.expect("a file is kept")
    }

    /// Sends a command and wants it to be accepted.
    pub(crate) async fn act(&self, command: &Command<Act>) -> Accepted {
        accepted(self.answer(command).await)
    }

    /// Sends a command and wants it to be refused.
    pub(crate) async fn refused(&self, command: &Command<Act>) -> Rejection {
        match self.answer(command).await {
            Reply::Rejected(rejection) => rejection,
            Reply::Accepted(accepted) => panic!("was accepted: {accepted:?}"),
        }
    }

    async fn answer(&self, command: &Command<Act>) -> Reply {
        self.client.act(self.run, command).await.expect("an answer")
    }

    /// Waits until the run stands as wanted.
    pub(crate) async fn until(&self, condition: impl Fn(&Summary) -> bool) -> Summary {
        let reached = self.client.wait_until(self.run, condition).await;
        reached.expect("the run gets there")
    }

    /// All events, oldest first.
    pub(crate) async fn events(&self) -> Vec<Recorded> {
        self.log
            .read(Position(0), 100_000)
            .await
            .expect("the log is read")
    }

    /// How many events there are of a type.
    pub(crate) async fn count(&self, event_type: &str) -> usize {
        let events = self.events().await;
        events
            .iter()
            .filter(|it| it.event_type == event_type)
            .count()
    }
}

pub(crate) fn accepted(reply: Reply) -> Accepted {
    match reply {
        Reply::Accepted(accepted) => accepted,
        Reply::Rejected(rejection) => panic!("was refused: {rejection:?}"),
    }
}

/// Whether a phase has a draft that people can work on.
pub(crate) fn has_draft(phase: Phase) -> impl Fn(&Summary) -> bool {
    move |summary| {
        let stage = summary.phase(phase).map(|it| it.stage);
        stage == Some(annal_core::dossier::Stage::Work)
    }
}

pub(crate) fn example(name: &str) -> Vec<u8> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    std::fs::read(examples.join(name)).expect("an example")
}

/// Short enough for a test, long enough for a slow machine.
pub(crate) const SOON: Duration = Duration::from_secs(60);
