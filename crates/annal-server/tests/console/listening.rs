//! Pages that are open hear of what happens.

use std::time::Duration;

use openidconnect::reqwest::{Method, Response};

use crate::opening::opened;
use crate::support::{Browser, Site};

const PAGES: usize = 30;

#[tokio::test]
async fn every_open_page_of_a_run_hears_of_a_change_and_none_of_another_run_does() {
    let site = Site::new().await;
    let mut xena = site.browser("xena").await;
    let (run, other) = (opened(&mut xena).await, opened(&mut xena).await);
    let mut ana = site.browser("ana").await;
    for run in [&run, &other] {
        let planning = format!("{run}/planning");
        ana.page_with(&planning, "name=\"verdict\"").await;
    }
    let mut pages = Vec::new();
    for _ in 0..PAGES {
        pages.push(listens(&ana, &run).await);
    }
    let mut elsewhere = listens(&ana, &other).await;

    let here = decides(&mut ana, &run).await;
    for page in &mut pages {
        assert!(hears(page).await >= here);
    }
    // The first that it hears of is its own.
    let there = decides(&mut ana, &other).await;
    assert!(hears(&mut elsewhere).await >= there);
    drop((pages, elsewhere));
    site.stop().await;
}

async fn listens(browser: &Browser, run: &str) -> Response {
    let id = run.rsplit('/').next().unwrap();
    let request = browser.request(Method::GET, &format!("/main/live?run={id}"));
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer
}

/// The position of the next change that the page is told of.
async fn hears(page: &mut Response) -> u64 {
    let told = async {
        let mut text = String::new();
        loop {
            let piece = page.chunk().await.unwrap().expect("it goes on");
            text.push_str(std::str::from_utf8(&piece).unwrap());
            let id = text.lines().find_map(|it| it.strip_prefix("id: "));
            if let Some(id) = id.filter(|_| text.ends_with("\n\n")) {
                return id.parse().unwrap();
            }
        }
    };
    let told = tokio::time::timeout(Duration::from_secs(30), told).await;
    told.expect("a page that is open hears of a change")
}

/// Decides on an item; gives the position of that.
async fn decides(browser: &mut Browser, run: &str) -> u64 {
    let fields = [("item", "attribute:single"), ("verdict", "include")];
    let planning = format!("{run}/planning");
    let done = browser.submit(&planning, "decide", &fields).await;
    let (_, events) = done.location.split_once("done=").unwrap();
    events.split('-').next().unwrap().parse().unwrap()
}
