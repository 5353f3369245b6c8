//! A server with some accounts, and browsers.

use annal_core::PersonId;
use annal_log::Log;
use annal_server::{Accounts, NewAccount, NewPassword, Server, ServerSettings, SignInSettings};
use annal_stack::testing::{TestDatabase, TestTemporal, temporal};
use openidconnect::reqwest::{self, Client, Method, RequestBuilder, Response, redirect};
use serde_json::Value;
use sqlx::PgPool;
use tokio::sync::OnceCell;

pub(crate) use crate::accounts::{PASSWORD, operator};
use crate::accounts::{join, main_ledger, member};

/// One for all: nothing here asks Temporal for anything.
static TEMPORAL: OnceCell<TestTemporal> = OnceCell::const_new();

pub(crate) struct Site {
    pub(crate) url: String,
    pub(crate) server: Server,
    pub(crate) accounts: Accounts,
    pub(crate) settings: ServerSettings,
    _database: TestDatabase,
}

impl Site {
    pub(crate) async fn new() -> Self {
        Self::with(SignInSettings::default()).await
    }

    pub(crate) async fn with(sign_in: SignInSettings) -> Self {
        let prepare = async |url: String| {
            annal_log::migrate(&url).await.unwrap();
            annal_projector::Projector::prepare(&url).await.unwrap();
        };
        let database = TestDatabase::prepared("sign_in", prepare).await;
        let at = TEMPORAL.get_or_init(temporal).await;
        let place = (at.target.as_str(), at.namespace.as_str());
        let settings = ServerSettings {
            sign_in,
            ..ServerSettings::of(database.url(), place, vec![main_ledger()])
        };
        let server = Server::start(settings.clone()).await.unwrap();
        Self {
            url: format!("http://{}", server.address()),
            server,
            accounts: Accounts::connect(database.url()).await.unwrap(),
            settings,
            _database: database,
        }
    }

    /// Another server on the same database.
    pub(crate) async fn second_server(&self) -> Server {
        Server::start(self.settings.clone()).await.unwrap()
    }

    pub(crate) async fn account(&self, id: &str) -> PersonId {
        let new = member(id);
        join(&self.accounts, &new).await;
        new.person
    }

    pub(crate) async fn account_with(&self, id: &str, password: &str, one_time: bool) -> PersonId {
        let password = NewPassword {
            text: password.to_owned(),
            one_time,
        };
        let new = NewAccount {
            password: Some(password),
            ..member(id)
        };
        join(&self.accounts, &new).await;
        new.person
    }

    pub(crate) fn browser(&self) -> Browser {
        Browser::at(&self.url)
    }

    /// The record: type and payload of every event, in order.
    pub(crate) async fn record(&self) -> Vec<(String, Value)> {
        let pool = PgPool::connect(&self.settings.database_url).await.unwrap();
        let rows: Vec<(String, Value)> = sqlx::query_as(
            "SELECT event_type, payload FROM annal.events WHERE ledger = 'access' ORDER BY position",
        )
        .fetch_all(&pool)
        .await
        .unwrap();
        rows
    }

    /// Why attempts were refused, in order.
    pub(crate) async fn refusals(&self) -> Vec<String> {
        let all = self.record().await.into_iter();
        let refused = all.filter(|(kind, _)| kind == "attempt_refused");
        let reason = |(_, payload): (String, Value)| payload["reason"].as_str().unwrap().to_owned();
        refused.map(reason).collect()
    }

    /// The record and the ledger are intact, and nothing happened in the ledger.
    pub(crate) async fn nothing_happened(&self) {
        let ledger = Log::connect(&self.settings.database_url, main_ledger());
        assert_eq!(ledger.await.unwrap().head().await.unwrap().position.0, 0);
        let record = Log::connect(&self.settings.database_url, annal_server::access_ledger());
        let verified = record.await.unwrap().verify(None).await.unwrap();
        assert_eq!(verified.fault, None);
    }
}

/// Keeps a cookie and follows nothing by itself.
#[derive(Clone)]
pub(crate) struct Browser {
    client: Client,
    pub(crate) url: String,
    pub(crate) cookie: Option<String>,
    /// Of a sign-in that is with an issuer.
    state: Option<String>,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) set_cookie: Option<String>,
    pub(crate) retry_after: Option<u64>,
    pub(crate) text: String,
}

impl Browser {
    pub(crate) fn at(url: &str) -> Self {
        let client = Client::builder().redirect(redirect::Policy::none());
        Self {
            client: client.build().unwrap(),
            url: url.to_owned(),
            cookie: None,
            state: None,
        }
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = self.client.request(method, format!("{}{path}", self.url));
        let session = self.cookie.iter().map(|it| format!("annal={it}"));
        let state = self.state.iter().map(|it| format!("annal-state={it}"));
        let cookies: Vec<String> = session.chain(state).collect();
        match cookies.is_empty() {
            true => request,
            false => request.header("cookie", cookies.join("; ")),
        }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        let request = self.request("GET", path);
        self.send(request).await
    }

    /// Sends a form as the page of ours would, with the session's token in it.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = self.csrf().await;
        let mut fields = fields.to_vec();
        fields.extend(csrf.as_deref().map(|csrf| ("csrf", csrf)));
        self.post_without_token(path, &fields).await
    }

    pub(crate) async fn post_without_token(
        &mut self,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Answer {
        let request = self.request("POST", path);
        let request = request.header("origin", &self.url).form(fields);
        self.send(request).await
    }

    pub(crate) async fn sign_in(&mut self, person: &str, password: &str) -> Answer {
        let fields = [
            ("person", person),
            ("password", password),
            ("next", "/next"),
        ];
        self.post("/sign-in", &fields).await
    }

    /// The token of the page that is shown now.
    pub(crate) async fn csrf(&self) -> Option<String> {
        self.cookie.as_ref()?;
        let page = self.request("GET", "/sign-in").send().await.unwrap();
        let text = page.text().await.unwrap();
        let (_, rest) = text.split_once("name=\"csrf\" value=\"")?;
        Some(rest.split_once('"')?.0.to_owned())
    }

    /// Whether the session is one.
    pub(crate) async fn is_in(&mut self) -> bool {
        let cookie = self.cookie.clone();
        let status = self.get("/sign-out").await.status;
        self.cookie = cookie;
        status == 200
    }

    pub(crate) async fn send(&mut self, request: RequestBuilder) -> Answer {
        let answer = Answer::of(request.send().await.unwrap()).await;
        if let Some(set) = &answer.set_cookie {
            let (name, value) = set.split_once('=').unwrap();
            let value = value.split(';').next().unwrap().to_owned();
            let value = (!value.is_empty()).then_some(value);
            match name {
                "annal" => self.cookie = value,
                _ => self.state = value,
            }
        }
        answer
    }
}

impl Answer {
    pub(crate) async fn of(response: Response) -> Self {
        let header = |name: &str| {
            let value = response.headers().get(name);
            value.map(|it: &reqwest::header::HeaderValue| it.to_str().unwrap().to_owned())
        };
        Self {
            status: response.status().as_u16(),
            location: header("location"),
            set_cookie: header("set-cookie"),
            retry_after: header("retry-after").map(|it| it.parse().unwrap()),
            text: response.text().await.unwrap(),
        }
    }
}
