//! What each of the crowd does, one request after the other, on a connection of their own.

use std::fmt;
use std::iter::Sum;
use std::ops::Add;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use annal_core::{CommandId, Position};
use ureq::Agent;
use ureq::http::Response;
use uuid::Uuid;

use crate::journal::Entry;
use crate::people::Somebody;

/// How long requests took, in milliseconds, and how many were answered with a server's error.
#[derive(Debug, Default)]
pub(crate) struct Took {
    times: Vec<f64>,
    errors: usize,
}

impl Took {
    pub(crate) fn errors(&self) -> usize {
        self.errors
    }

    fn note(&mut self, began: Instant, status: u16) {
        self.times.push(began.elapsed().as_secs_f64() * 1000.0);
        self.errors += usize::from(status >= 500);
    }
}

impl Add for Took {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self.times.extend(other.times);
        self.errors += other.errors;
        self
    }
}

impl Sum for Took {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |all, it| all + it)
    }
}

impl fmt::Display for Took {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut times = self.times.clone();
        times.sort_by(f64::total_cmp);
        let at = |percent: usize| {
            let place = (times.len() * percent).div_ceil(100).max(1) - 1;
            times.get(place).copied().unwrap_or_default()
        };
        let (n, errors) = (times.len(), self.errors);
        write!(
            f,
            "{n} answers, {errors} server errors, p50 {:.0} ms, p99 {:.0} ms, max {:.0} ms",
            at(50),
            at(99),
            at(100)
        )
    }
}

struct Client {
    agent: Agent,
    server: String,
    token: String,
}

impl Client {
    fn new(server: &str, somebody: &Somebody) -> Self {
        let config = Agent::config_builder()
            .max_redirects(0)
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)));
        Self {
            agent: config.build().into(),
            server: server.to_owned(),
            token: format!("Bearer {}", somebody.token),
        }
    }

    /// The status, and the body read to its end.
    fn get(&self, path: &str) -> (u16, String) {
        let request = self.agent.get(format!("{}{path}", self.server));
        let mut answer = request.header("Authorization", &self.token).call().unwrap();
        let body = answer.body_mut().read_to_string().unwrap();
        (answer.status().as_u16(), body)
    }

    /// A page that is open: it is told of every change, for as long as this value lives.
    fn listens(&self, path: &str) -> Response<ureq::Body> {
        let request = self.agent.get(format!("{}{path}", self.server));
        let answer = request.header("Authorization", &self.token).call().unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer
    }

    fn post(&self, path: &str, form: &[(&str, &str)]) -> Response<ureq::Body> {
        let request = self.agent.post(format!("{}{path}", self.server));
        let request = request.header("Authorization", &self.token);
        request.send_form(form.iter().copied()).unwrap()
    }
}

/// Somebody who opens one page after the other, and has one open all the time.
pub(crate) struct Reader(Client);

const PAGES: [&str; 6] = [
    "/main/runs",
    "/main/audit?ask=decisions",
    "/main/audit?ask=refusals",
    "/main/events/1",
    "/main/projections",
    "/main/metrics",
];

impl Reader {
    pub(crate) fn new(server: &str, somebody: &Somebody) -> Self {
        Self(Client::new(server, somebody))
    }

    pub(crate) fn begins(self, start: &Arc<Barrier>, stop: &Arc<AtomicBool>) -> JoinHandle<Took> {
        let (start, stop) = (Arc::clone(start), Arc::clone(stop));
        std::thread::spawn(move || {
            let mut took = Took::default();
            let _open = self.0.listens("/main/live");
            start.wait();
            for page in PAGES.iter().cycle() {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let began = Instant::now();
                let (status, body) = self.0.get(page);
                took.note(began, status);
                assert!(status == 200 || status >= 500, "{page}: {status} {body}");
            }
            took
        })
    }
}

/// Somebody who decides on the attributes of a run of their own, again and again.
pub(crate) struct Decider {
    client: Client,
    run: String,
}

impl Decider {
    pub(crate) fn opens_a_run(server: &str, somebody: &Somebody) -> Self {
        let client = Client::new(server, somebody);
        let person = &somebody.person;
        let people = format!(
            "{person}, {person}, tester test_executive\nolga, Olga, report_owner\ned, Ed, report_executive\ndora, Dora, data_owner\ncarl, Carl, data_executive"
        );
        let form = [
            ("source", "example"),
            ("people", people.as_str()),
            ("samples", "10"),
        ];
        let answer = client.post("/main/runs/new", &form);
        let place = location(&answer);
        let run = place.split(['/', '?']).nth(3).unwrap().to_owned();
        let deadline = Instant::now() + Duration::from_secs(60);
        while !client
            .get(&format!("/main/runs/{run}/planning"))
            .1
            .contains("id=\"decide\"")
        {
            assert!(
                Instant::now() < deadline,
                "planning of {person} never began"
            );
        }
        Self { client, run }
    }

    pub(crate) fn begins(
        self,
        start: &Arc<Barrier>,
        stop: &Arc<AtomicBool>,
    ) -> JoinHandle<(Took, Vec<Entry>)> {
        let (start, stop) = (Arc::clone(start), Arc::clone(stop));
        std::thread::spawn(move || {
            let (mut took, mut journal) = (Took::default(), Vec::new());
            start.wait();
            for verdict in ["include", "exclude"].iter().cycle() {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let began = Instant::now();
                let (status, entry) = self.decides(verdict);
                took.note(began, status);
                journal.extend(entry);
            }
            (took, journal)
        })
    }

    /// An entry where the server said that it was done.
    fn decides(&self, verdict: &str) -> (u16, Option<Entry>) {
        let command = CommandId(Uuid::now_v7());
        let id = command.0.to_string();
        let form = [
            ("form", "decide"),
            ("command_id", id.as_str()),
            ("version", "1"),
            ("level", "tester"),
            ("among", "picked"),
            ("item", "attribute:single"),
            ("verdict", verdict),
            ("reason", "thought about it once more"),
        ];
        let path = format!("/main/runs/{}/planning/do/decide", self.run);
        let answer = self.client.post(&path, &form);
        let status = answer.status().as_u16();
        if status >= 500 {
            return (status, None);
        }
        let place = location(&answer);
        let (_, done) = place
            .split_once("done=")
            .unwrap_or_else(|| panic!("{status} {place}"));
        let (first, last) = done.split_once('-').unwrap();
        let position = |it: &str| Position(it.parse().unwrap());
        let (first, last) = (position(first), position(last));
        (
            status,
            Some(Entry {
                command,
                first,
                last,
            }),
        )
    }
}

fn location(answer: &Response<ureq::Body>) -> String {
    let place = answer
        .headers()
        .get("location")
        .and_then(|it| it.to_str().ok());
    place
        .unwrap_or_else(|| panic!("no way on: {}", answer.status()))
        .to_owned()
}
