//! The test: every line of the table, tried by everybody in every place.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::time::Duration;

use annal_server::Limits;
use futures::{StreamExt as _, stream};
use reqwest::{Client, Method, RequestBuilder, redirect};
use serde_json::Value;

use crate::doors::Place;
use crate::judging::{Answer, Case, Tally};
use crate::people::{Subject, everybody};
use crate::record::Before;
use crate::support::{Bank, Open};
use crate::table::{Body, Line, table};

/// As many at once as a browser sends to one host.
const AT_ONCE: usize = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_gets_what_is_theirs_at_every_endpoint_and_leaves_no_trace_but_the_record() {
    every_endpoint_has_its_line();
    let open = Open::with(unhurried()).await;
    let bank = Bank::at(open.address.clone(), open.tokens.clone()).await;
    let subjects = everybody(&open).await;
    let world = &World::of(&open, &bank).await;
    let before = Before::of(&open).await;
    let mut tally = Tally::default();
    for line in table() {
        let cases = subjects.iter().flat_map(|by| cases(&line, by));
        let tried = cases.map(|case| async move {
            let answer = world.tries(&case).await;
            (case, answer)
        });
        let tried: Vec<_> = stream::iter(tried)
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        tally.take(&tried);
    }
    assert!(tally.wrong.is_empty(), "{:#?}", tally.wrong);
    // What was only counted is written at the end.
    let Open {
        server, database, ..
    } = open;
    server.stop().await.unwrap();
    before.only_the_record_grew(database.url(), &tally).await;
}

/// A new endpoint has to say here who is let in.
fn every_endpoint_has_its_line() {
    let described: Value = serde_json::from_str(&annal_server::openapi()).unwrap();
    let mut there: BTreeSet<String> = annal_server::pages()
        .iter()
        .map(|it| format!("{} {}", it.method, it.path))
        .collect();
    for (path, operations) in described["paths"].as_object().unwrap() {
        let methods = operations.as_object().unwrap().keys();
        there.extend(methods.map(|it| format!("{} /api/v1{path}", it.to_uppercase())));
    }
    // The description does not describe itself.
    there.insert("GET /api/v1/openapi.json".to_owned());
    let tried: BTreeSet<String> = table().iter().map(|it| it.endpoint.to_owned()).collect();
    let untried: Vec<_> = there.difference(&tried).collect();
    let gone: Vec<_> = tried.difference(&there).collect();
    assert!(
        untried.is_empty(),
        "endpoints without a line in tests/everyone/table.rs: {untried:#?}"
    );
    assert!(
        gone.is_empty(),
        "lines for what is no endpoint any more: {gone:#?}"
    );
}

/// How often somebody may come is tested elsewhere.
fn unhurried() -> Limits {
    let often = NonZeroU32::new(100_000).unwrap();
    Limits {
        address_per_second: often,
        person_per_second: often,
        ..Limits::default()
    }
}

fn cases<'a>(line: &'a Line, by: &'a Subject) -> impl Iterator<Item = Case<'a>> {
    let places: &[Place] = match line.endpoint.contains("{ledger}") {
        // That there is no difference need not be seen by everybody.
        true if by.compares() => &[Place::Own, Place::Foreign, Place::Missing],
        true => &[Place::Own, Place::Foreign],
        false => &[Place::Own],
    };
    places.iter().map(move |&place| Case { line, by, place })
}

/// What the templates' parts are filled with.
struct World {
    client: Client,
    address: String,
    parts: BTreeMap<&'static str, String>,
}

impl World {
    async fn of(open: &Open, bank: &Bank) -> Self {
        let data = bank.upload("hmda_boston.csv").await;
        let sha256 = data["sha256"].as_str().unwrap().to_owned();
        let client = Client::builder().redirect(redirect::Policy::none());
        let parts = [
            ("run", bank.run.to_string()),
            ("sha256", sha256),
            ("command", uuid::Uuid::from_u128(7).to_string()),
            ("phase", "planning".to_owned()),
            ("number", "1".to_owned()),
            ("n", "1".to_owned()),
            ("position", "3".to_owned()),
            ("size", "3".to_owned()),
            ("version", "2.0.0".to_owned()),
            ("name", "decisions".to_owned()),
            ("code", "four_eyes".to_owned()),
        ];
        Self {
            client: client.timeout(Duration::from_secs(60)).build().unwrap(),
            address: open.address.clone(),
            parts: parts.into(),
        }
    }

    async fn tries(&self, case: &Case<'_>) -> Answer {
        let request = self.request(case);
        let response = case.by.signs(request).send().await.unwrap();
        Answer::of(response).await
    }

    fn request(&self, case: &Case<'_>) -> RequestBuilder {
        let (method, template) = case.line.endpoint.split_once(' ').unwrap();
        let path = self.filled(case, template);
        let query = self.filled(case, case.line.query);
        let url = format!("{}{path}?{query}", self.address);
        let method: Method = method.parse().unwrap();
        let request = self.client.request(method, url);
        match case.line.body.clone() {
            Body::None => request,
            Body::Json(body) => request.json(&body),
            Body::Bytes(bytes) => request
                .header("content-type", "application/octet-stream")
                .body(bytes),
            Body::Form(fields) => request
                .header("content-type", "application/x-www-form-urlencoded")
                .body(fields),
        }
    }

    fn filled(&self, case: &Case<'_>, template: &str) -> String {
        let act = match template.contains("{phase}") {
            true => "decide",
            false => "cancel",
        };
        let filled = template
            .replace("{ledger}", case.place.ledger())
            .replace("{act}", act);
        let parts = self.parts.iter();
        parts.fold(filled, |path, (name, value)| {
            path.replace(&format!("{{{name}}}"), value)
        })
    }
}
