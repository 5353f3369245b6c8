//! A server with its worker and projector, and people with browsers.

use std::time::Duration;

use annal_flow::{Worker, WorkerSettings};
use annal_log::Log;
use annal_projector::Projector;
use annal_server::{Accounts, Server, ServerSettings};
use annal_stack::testing::{TestDatabase, temporal};
use openidconnect::reqwest::{Client, Method, RequestBuilder, redirect};

use crate::accounts::{PASSWORD, join, main_ledger, member};

/// Everything that a run needs, for one test.
pub(crate) struct Site {
    url: String,
    server: Server,
    worker: Worker,
    following: tokio::task::JoinHandle<()>,
    stop: tokio::sync::oneshot::Sender<()>,
    _database: TestDatabase,
}

impl Site {
    pub(crate) async fn new() -> Self {
        let database = TestDatabase::fresh().await;
        let at = temporal().await;
        let (url, ledger) = (database.url().to_owned(), main_ledger());
        annal_log::migrate(&url).await.unwrap();
        annal_log::create_ledger(&url, &ledger).await.unwrap();
        Projector::prepare(&url).await.unwrap();
        let accounts = Accounts::connect(&url).await.unwrap();
        for person in ["ana", "xena", "olga", "stranger"] {
            join(&accounts, &member(person)).await;
        }
        let log = Log::connect(&url, ledger.clone()).await.unwrap();
        let (target, namespace) = (&at.target, &at.namespace);
        let settings = WorkerSettings::default();
        let worker = Worker::start(log, target, namespace, settings)
            .await
            .unwrap();
        let projector = Projector::connect(&url, ledger.clone()).await.unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let following = tokio::spawn(async move {
            let stopped = async { stopped.await.unwrap_or_default() };
            projector.follow(stopped).await.unwrap();
        });
        let place = (target.as_str(), namespace.as_str());
        let server = Server::start(ServerSettings::of(&url, place, vec![ledger]));
        let server = server.await.unwrap();
        Self {
            url: format!("http://{}", server.address()),
            server,
            worker,
            following,
            stop,
            _database: database,
        }
    }

    /// A browser in which somebody has signed in.
    pub(crate) async fn browser(&self, person: &str) -> Browser {
        let client = Client::builder().redirect(redirect::Policy::none());
        let mut browser = Browser {
            client: client.build().unwrap(),
            url: self.url.clone(),
            cookie: String::new(),
        };
        let fields = [
            ("person", person),
            ("password", PASSWORD),
            ("next", "/main/work"),
        ];
        let signed_in = browser.post("/sign-in", &fields).await;
        assert_eq!(signed_in.status, 303, "{}", signed_in.text);
        browser
    }

    pub(crate) async fn stop(self) {
        self.server.stop().await.unwrap();
        self.worker.stop().await.unwrap();
        let _ = self.stop.send(());
        self.following.await.unwrap();
    }
}

/// Keeps a cookie, follows nothing by itself, and runs no script.
pub(crate) struct Browser {
    client: Client,
    url: String,
    cookie: String,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) location: String,
    pub(crate) policy: String,
    pub(crate) text: String,
}

impl Browser {
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.url));
        request
            .header("accept", "text/html")
            .header("sec-fetch-site", "same-origin")
            .header("cookie", format!("annal={}", self.cookie))
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        let request = self.request(Method::GET, path);
        self.send(request).await
    }

    /// A page that is there.
    pub(crate) async fn page(&mut self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.text
    }

    /// Loads a page until it says something: what the engine does takes its time.
    pub(crate) async fn page_with(&mut self, path: &str, words: &str) -> String {
        let found = async {
            let mut look = tokio::time::interval(Duration::from_millis(50));
            loop {
                look.tick().await;
                let page = self.page(path).await;
                if page.contains(words) {
                    return page;
                }
            }
        };
        let found = tokio::time::timeout(Duration::from_secs(60), found).await;
        found.unwrap_or_else(|_| panic!("{path} never said '{words}'"))
    }

    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = self.request(Method::POST, path).form(fields);
        self.send(request).await
    }

    /// Sends a form of a page as it stands there, with these fields filled in.
    pub(crate) async fn submit(
        &mut self,
        page: &str,
        act: &str,
        fields: &[(&str, &str)],
    ) -> Answer {
        let action = format!("{page}/do/{act}");
        let text = self.page(page).await;
        let form = form_of(&text, &action);
        let hidden: Vec<_> = hidden_fields(form).into_iter().collect();
        let mut all: Vec<(&str, &str)> = hidden
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        all.extend(fields);
        self.post(&action, &all).await
    }

    pub(crate) async fn send(&mut self, request: RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let header = |name: &str| {
            let value = response.headers().get(name);
            value.map_or_else(String::new, |it| it.to_str().unwrap().to_owned())
        };
        let set = header("set-cookie");
        if let Some(value) = set.split([';', '=']).nth(1) {
            self.cookie = value.to_owned();
        }
        Answer {
            status: response.status().as_u16(),
            location: header("location"),
            policy: header("content-security-policy"),
            text: response.text().await.unwrap(),
        }
    }
}

/// The markup of the form that is sent to a place.
pub(crate) fn form_of<'a>(page: &'a str, action: &str) -> &'a str {
    let mark = format!("action=\"{action}\"");
    let at = page
        .find(&mark)
        .unwrap_or_else(|| panic!("no form is sent to {action}: {page}"));
    let form = &page[at..];
    &form[..form.find("</form>").unwrap()]
}

/// The hidden fields of a form.
pub(crate) fn hidden_fields(form: &str) -> Vec<(String, String)> {
    let value = |part: &str, name: &str| {
        let (_, rest) = part.split_once(&format!("{name}=\""))?;
        Some(rest.split_once('"')?.0.to_owned())
    };
    let parts = form.split("<input type=\"hidden\"").skip(1);
    parts
        .filter_map(|part| Some((value(part, "name")?, value(part, "value")?)))
        .collect()
}
