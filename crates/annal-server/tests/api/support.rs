//! One bank for all tests of this program: servers, people with tokens, and a run that is open.

#[path = "../support/accounts.rs"]
#[allow(dead_code, reason = "shared with tests that need more of it")]
pub(crate) mod accounts;

use std::path::Path;
use std::thread;
use std::time::Duration;

use annal_core::LedgerId;
use annal_flow::{Worker, WorkerSettings};
use annal_log::{Log, create_ledger, migrate};
use annal_projector::Projector;
use annal_server::{Access, Accounts, Limits, NewAccount, Scope, Server, ServerSettings};
use annal_stack::testing::{TestDatabase, TestTemporal, temporal};
use chrono::TimeDelta;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tokio::sync::{OnceCell, mpsc};
use uuid::Uuid;

use self::accounts::{join, member, operator};

/// Who works at the bank: their role on the run, and what they may do in the ledger.
pub(crate) const PEOPLE: [(&str, &str, Access); 8] = [
    ("ana", "tester", Access::Member),
    ("olga", "report_owner", Access::Member),
    ("ed", "report_executive", Access::Member),
    ("dora", "data_owner", Access::Member),
    ("carl", "data_executive", Access::Member),
    ("xena", "test_executive", Access::Member),
    ("audrey", "", Access::Auditor),
    ("adam", "", Access::Admin),
];

/// The bank. It works on a runtime of its own, which outlives the tests that share it.
pub(crate) struct Bank {
    pub(crate) address: String,
    pub(crate) run: Uuid,
    tokens: Vec<(&'static str, String)>,
    client: Client,
}

/// The bank of all tests.
pub(crate) async fn bank() -> &'static Bank {
    static BANK: OnceCell<Bank> = OnceCell::const_new();
    BANK.get_or_init(found).await
}

async fn found() -> Bank {
    let (ready, mut is_ready) = mpsc::channel(1);
    thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let open = Open::start().await;
            let told = (open.address.clone(), open.tokens.clone());
            ready.send(told).await.expect("somebody waits");
            // The end of the process ends it.
            std::future::pending::<()>().await;
            drop(open);
        });
    });
    let (address, tokens) = is_ready.recv().await.expect("the bank opens");
    Bank::at(address, tokens).await
}

/// Everything that runs.
pub(crate) struct Open {
    pub(crate) address: String,
    pub(crate) tokens: Vec<(&'static str, String)>,
    #[allow(dead_code, reason = "stopped by the test of every endpoint")]
    pub(crate) server: Server,
    #[allow(dead_code, reason = "looked into by the test of every endpoint")]
    pub(crate) database: TestDatabase,
    _worker: Worker,
}

impl Open {
    async fn start() -> Self {
        Self::with(Limits::default()).await
    }

    /// With other limits than the usual ones.
    pub(crate) async fn with(limits: Limits) -> Self {
        let database = TestDatabase::prepared("api", async |url| {
            migrate(&url).await.expect("the migrations run");
            for ledger in ["main", "other"] {
                create_ledger(&url, &ledger.parse().expect("an id"))
                    .await
                    .expect("a ledger");
            }
            Projector::prepare(&url)
                .await
                .expect("the projections are made");
        })
        .await;
        let url = database.url().to_owned();
        let TestTemporal { target, namespace } = temporal().await;
        let ledger: LedgerId = "main".parse().expect("an id");
        let log = Log::connect(&url, ledger.clone())
            .await
            .expect("the log answers");
        let worker = Worker::start(log, &target, &namespace, WorkerSettings::default());
        let worker = worker.await.expect("a worker");
        for ledger in ["main", "other"] {
            let projector = Projector::connect(&url, ledger.parse().expect("an id"));
            let projector = projector.await.expect("a projector");
            tokio::spawn(async move { projector.follow(std::future::pending::<()>()).await });
        }
        let tokens = tokens(&url).await;
        let ledgers = ["main", "other"].map(|it| it.parse().expect("an id"));
        let settings = ServerSettings {
            limits,
            ..ServerSettings::of(&url, (&target, &namespace), ledgers.to_vec())
        };
        let server = Server::start(settings).await.expect("the server starts");
        Self {
            address: format!("http://{}", server.address()),
            tokens,
            server,
            database,
            _worker: worker,
        }
    }
}

/// A token for everybody, and for somebody who sees the other ledger only.
async fn tokens(url: &str) -> Vec<(&'static str, String)> {
    let accounts = Accounts::connect(url).await.expect("accounts");
    let by = operator();
    let mut tokens = Vec::new();
    let outsider = [("otto", "", Access::Admin)];
    for (id, _, access) in PEOPLE.into_iter().chain(outsider) {
        let ledger = if id == "otto" { "other" } else { "main" };
        let new = NewAccount {
            password: None,
            access: vec![(ledger.parse().expect("an id"), access)],
            ..member(id)
        };
        join(&accounts, &new).await;
        let made = accounts.make_token(&new.person, "tests", Scope::Act, TimeDelta::days(1), &by);
        tokens.push((id, made.await.expect("a token").text));
    }
    tokens
}

impl Bank {
    /// With a run that is open.
    pub(crate) async fn at(address: String, tokens: Vec<(&'static str, String)>) -> Self {
        let mut bank = Self {
            address,
            run: Uuid::nil(),
            tokens,
            client: Client::builder()
                .timeout(Duration::from_secs(60))
                // A kept connection would belong to the runtime of the test that opened it.
                .pool_max_idle_per_host(0)
                .build()
                .expect("a client"),
        };
        bank.run = bank.open_run().await;
        bank
    }

    /// A request by somebody to a path below `/api/v1`.
    pub(crate) fn request(&self, who: &str, method: Method, path: &str) -> RequestBuilder {
        let token = self.tokens.iter().find(|(id, _)| *id == who);
        let request = self
            .client
            .request(method, format!("{}/api/v1{path}", self.address));
        match token {
            Some((_, token)) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Somebody's token.
    #[allow(dead_code, reason = "for the example that shares this file")]
    pub(crate) fn token(&self, who: &str) -> &str {
        let token = self.tokens.iter().find(|(id, _)| *id == who);
        token.map_or("", |(_, token)| token)
    }

    pub(crate) async fn get(&self, who: &str, path: &str) -> (StatusCode, Value) {
        answered(
            self.request(who, Method::GET, path)
                .send()
                .await
                .expect("an answer"),
        )
        .await
    }

    pub(crate) async fn post(&self, who: &str, path: &str, body: &Value) -> (StatusCode, Value) {
        let request = self.request(who, Method::POST, path).json(body);
        answered(request.send().await.expect("an answer")).await
    }

    /// An act on the run under a key of its own.
    pub(crate) async fn act(&self, who: &str, act: &Value) -> (StatusCode, Value) {
        self.post(who, &format!("{}/acts", self.of_run()), act)
            .await
    }

    /// The run's path.
    pub(crate) fn of_run(&self) -> String {
        format!("/ledgers/main/runs/{}", self.run)
    }

    pub(crate) async fn head(&self) -> u64 {
        let (status, head) = self.get("audrey", "/ledgers/main").await;
        assert_eq!(status, StatusCode::OK, "{head}");
        head["position"].as_u64().expect("a position")
    }

    /// What opens a run on the example data.
    pub(crate) async fn opening(&self) -> Value {
        let data = self.upload("hmda_boston.csv").await;
        let dictionary = self.upload("hmda_boston_dictionary.csv").await;
        let on_the_run = PEOPLE.iter().filter(|it| !it.1.is_empty());
        let people: Vec<Value> = on_the_run
            .map(|(id, role, _)| json!({"id": id, "name": id.to_uppercase(), "roles": [role]}))
            .collect();
        json!({
            "report": "HMDA LAR Boston", "cycle": "1990", "seed": 7, "sample_size": 10,
            "data": {"sha256": data["sha256"], "name": data["name"]},
            "dictionary": {"sha256": dictionary["sha256"], "name": dictionary["name"]},
            "people": people,
        })
    }

    pub(crate) async fn upload(&self, name: &str) -> Value {
        let path = format!("/ledgers/main/files?name={name}");
        let request = self
            .request("xena", Method::POST, &path)
            .body(example(name));
        let (status, file) = answered(request.send().await.expect("an answer")).await;
        assert_eq!(status, StatusCode::CREATED, "{file}");
        file
    }

    /// Opens a run and waits until its first draft is there.
    pub(crate) async fn open_run(&self) -> Uuid {
        let opening = self.opening().await;
        let (status, opened) = self.post("xena", "/ledgers/main/runs", &opening).await;
        assert_eq!(status, StatusCode::CREATED, "{opened}");
        let run = opened["run_id"]
            .as_str()
            .expect("an id")
            .parse()
            .expect("an id");
        let path = format!("/ledgers/main/runs/{run}/phases");
        eventually("the first draft", async || {
            let (_, summary) = self.get("ana", &path).await;
            summary["phases"][0]["stage"] == "work"
        })
        .await;
        run
    }
}

pub(crate) async fn answered(response: Response) -> (StatusCode, Value) {
    let status = response.status();
    let bytes = response.bytes().await.expect("a body");
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}

/// Waits for a condition, for a minute at most.
pub(crate) async fn eventually(what: &str, condition: impl AsyncFn() -> bool) {
    let wait = async {
        let mut look = tokio::time::interval(Duration::from_millis(50));
        while !condition().await {
            look.tick().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(60), wait).await;
    assert!(waited.is_ok(), "{what} did not come");
}

pub(crate) fn example(name: &str) -> Vec<u8> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    std::fs::read(examples.join(name)).expect("an example")
}
