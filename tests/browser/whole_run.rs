//! A whole run in the console alone: six people, from planning to the last signature; then time is turned back. One of
//! them has no password: she signs in with a real issuer, and proves herself there anew for her signature.

use std::fmt::Write as _;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use annal_browser::{Browser, Driver, Issuer, Key, Screen};
use annal_server::Access;

use crate::at_issuer;
use crate::site::Site;
use crate::support::office::EXAMPLES;
use crate::turns::Person;

/// Who works, in the order in which they come by. xena opens the run.
const CAST: [&str; 5] = ["ana", "ben", "olga", "dora", "ed"];
/// Whom the issuer knows, and who has no password.
const ELSEWHERE: &str = "olga";
/// So long the whole run may take on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(180);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_people_lead_a_report_from_planning_to_the_last_signature() {
    let mut issuer = Issuer::start().unwrap();
    let site = Site::up(at_issuer::home_with(&issuer));
    site.account("xena", &[Access::Member]).await;
    for person in CAST.into_iter().filter(|it| *it != ELSEWHERE) {
        site.account(person, &[Access::Member]).await;
    }
    site.member_of_the_issuer(&mut issuer, ELSEWHERE).await;
    let driver = Driver::start().unwrap();
    let xena = site.browser(&driver, "xena").await;
    let run = opens(&xena).await;
    let extract = site.home.path().join("extract.csv");
    std::fs::write(&extract, source_values()).unwrap();
    let mut people = Vec::new();
    for person in CAST {
        let browser = match person {
            ELSEWHERE => {
                let browser = Browser::open(&driver, site.address()).await.unwrap();
                at_issuer::sign_in(&browser, person).await;
                browser
            }
            _ => site.browser(&driver, person).await,
        };
        people.push(Person {
            name: person,
            browser,
            extract: extract.clone(),
            looked_at: Mutex::default(),
        });
    }
    by_keys_alone(&people[0].browser, &run).await;
    lead(&people, &xena, &run).await;

    let shown = site.home.json(&["run", "show", &run]);
    assert_eq!(shown["status"], "completed");
    let phases = shown["phases"].as_array().unwrap();
    assert!(
        phases.iter().all(|it| it["status"] == "completed"),
        "{phases:?}"
    );
    assert_eq!(phases.len(), 9);
    time_is_turned_back(&site, &people[0].browser, &run).await;
}

/// By the form, on the example; gives the run's id.
async fn opens(browser: &Browser) -> String {
    browser.go("/main/runs/new").await.unwrap();
    browser
        .click("input[name=source][value=example]")
        .await
        .unwrap();
    browser.fill("input[name=samples]", "2").await.unwrap();
    browser.click("form.opening .acts button").await.unwrap();
    browser.wait_for_path("done=").await.unwrap();
    let path = browser.path().await.unwrap();
    let run = path.split(['/', '?']).nth(3).unwrap();
    run.to_owned()
}

/// What the source systems hold: what the report says, but for one attribute.
fn source_values() -> String {
    let report = std::fs::read_to_string(format!("{EXAMPLES}/hmda_boston.csv")).unwrap();
    let mut lines = report.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let mut text = "row_key,attribute,source_value\n".to_owned();
    for line in lines {
        let values: Vec<&str> = line.split(',').collect();
        for (name, value) in header.iter().zip(&values) {
            let value = match (*name, *value) {
                ("denied", "yes") => "no",
                ("denied", _) => "yes",
                (_, value) => value,
            };
            writeln!(text, "{},{name},{value}", values[0]).unwrap();
        }
    }
    text
}

/// The first decision, by somebody who has no mouse: a row is picked, a verdict's key is pressed.
async fn by_keys_alone(browser: &Browser, run: &str) {
    let planning = format!("/main/runs/{run}/planning");
    let deadline = Instant::now() + PATIENCE;
    loop {
        browser.go(&planning).await.unwrap();
        if browser.has("form#decide").await.unwrap() {
            break;
        }
        assert!(Instant::now() < deadline, "planning never began");
    }
    browser.screen(Screen::PHONE).await.unwrap();
    assert_eq!(
        browser.overflow().await.unwrap(),
        0,
        "a phone shows all of it"
    );
    browser.screen(Screen::DESK).await.unwrap();
    browser
        .tab_to("form#decide tbody .pick input")
        .await
        .unwrap();
    browser.press(" ").await.unwrap();
    browser
        .tab_to("form#decide button[value=include]")
        .await
        .unwrap();
    browser.press(&Key::Enter).await.unwrap();
    browser.wait_for_path("done=").await.unwrap();
    browser
        .wait_for("#items tbody tr", "include")
        .await
        .unwrap();
}

/// One after the other takes what waits for them, until the run is over.
async fn lead(people: &[Person], xena: &Browser, run: &str) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        for person in people {
            while person.takes_a_turn().await {
                assert!(Instant::now() < deadline, "somebody goes round in circles");
            }
        }
        xena.go(&format!("/main/runs/{run}")).await.unwrap();
        let text = xena.text("main").await.unwrap();
        if text.contains("completed")
            && !xena
                .has("main .badge.going, main .badge.waits")
                .await
                .unwrap()
        {
            return;
        }
        assert!(Instant::now() < deadline, "the run is not over: {text}");
    }
}

/// The slider shows what the command says of the same moment: at the first event, at one in between, at the last.
async fn time_is_turned_back(site: &Site, browser: &Browser, run: &str) {
    browser
        .go(&format!("/main/runs/{run}/planning/1"))
        .await
        .unwrap();
    browser.text("#moment-slider").await.unwrap();
    let stops = browser
        .script(
            "return document.querySelectorAll('#moment-select option').length",
            vec![],
        )
        .await;
    let stops = stops.unwrap().as_u64().unwrap();
    for stop in [0, stops / 2, stops - 1] {
        let position = browser
            .script(
                "const slider = document.querySelector('#moment-slider');
                 slider.value = arguments[0];
                 slider.dispatchEvent(new Event('input'));
                 return document.querySelectorAll('#moment-select option')[arguments[0]].value",
                vec![stop.into()],
            )
            .await;
        let position = position.unwrap().as_str().unwrap().to_owned();
        browser
            .wait_for("#as-of", &format!("as of position {position}"))
            .await
            .unwrap();
        let version = format!("{run}/planning@1");
        let told = site.home.json(&["show", &version, "--position", &position]);
        let items = told["items"].as_array().unwrap();
        let decided = items.iter().filter(|it| it["tester"].is_object()).count();
        let rows = browser.texts("main table#items tbody tr").await.unwrap();
        assert_eq!(rows.len(), items.len(), "items at {position}");
        let shown = rows.iter().filter(|it| it.contains("include")).count();
        assert_eq!(shown, decided, "decisions at {position}");
    }
}
