//! Every page: readable for everybody, in every light, on every screen, and without a word to anybody else.

use annal_browser::{Browser, Colours, Driver, Impact, Screen};

use crate::people::{ADMIN, Page, TESTER};
use crate::site::Site;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_is_open_to_everybody_and_speaks_to_nobody_else() {
    let site = Site::after_the_demo();
    site.onlooker().await;
    let driver = Driver::start().unwrap();
    let browser = site.browser(&driver, ADMIN).await;
    let mut wrong = Vec::new();
    all_are_open(&site, &browser, &site.pages(), &mut wrong).await;
    let of_work = site.pages_of_work();
    let tester = site.browser_of_the_demo(&driver, TESTER).await;
    all_are_open(&site, &tester, &of_work, &mut wrong).await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    crate::proving::the_log_is_proved(&site, &browser).await;
}

async fn all_are_open(site: &Site, browser: &Browser, pages: &[Page], wrong: &mut Vec<String>) {
    for page in pages {
        browser.screen(Screen::DESK).await.unwrap();
        browser.colours(Colours::Light).await.unwrap();
        browser.go(&page.path).await.unwrap();
        stands(browser, page).await;
        requests_stay_here(browser, site, page, wrong).await;
        findings(browser, page, "at a desk", wrong).await;
        phases_fit(browser, page, "at a desk", wrong).await;
        browser.colours(Colours::Dark).await.unwrap();
        findings(browser, page, "in the dark", wrong).await;
        browser.screen(Screen::PHONE).await.unwrap();
        browser.colours(Colours::Light).await.unwrap();
        findings(browser, page, "on a phone", wrong).await;
        phases_fit(browser, page, "on a phone", wrong).await;
        let over = browser.overflow().await.unwrap();
        if over > 0 {
            wrong.push(format!("{}: {over} pixels wider than a phone", page.name));
        }
    }
}

/// The page is there, and is no problem.
async fn stands(browser: &Browser, page: &Page) {
    let heading = browser.text("main h1").await.unwrap();
    let status = "return performance.getEntriesByType('navigation')[0].responseStatus";
    let status = browser.script(status, vec![]).await.unwrap();
    assert_eq!(status, 200, "{} at {}: {heading}", page.name, page.path);
}

async fn requests_stay_here(browser: &Browser, site: &Site, page: &Page, wrong: &mut Vec<String>) {
    for request in browser.requests().await.unwrap() {
        if !request.starts_with(site.address()) {
            wrong.push(format!("{}: asks {request}", page.name));
        }
    }
}

async fn findings(browser: &Browser, page: &Page, how: &str, wrong: &mut Vec<String>) {
    let found = browser.findings().await.unwrap();
    let bad = found.into_iter().filter(|it| it.impact >= Impact::Serious);
    wrong.extend(bad.map(|it| format!("{} {how}: {it}", page.name)));
}

/// Whatever font the machine has, no words stand over the edge of their box in the graph of the phases.
async fn phases_fit(browser: &Browser, page: &Page, how: &str, wrong: &mut Vec<String>) {
    let over = "return Array.from(document.querySelectorAll('.graph a')).flatMap(phase => {
        const box = phase.querySelector('rect').getBoundingClientRect();
        return Array.from(phase.querySelectorAll('text'))
            .filter(words => words.getBoundingClientRect().right > box.right)
            .map(words => words.textContent);
    });";
    let over = browser.script(over, vec![]).await.unwrap();
    for words in over.as_array().unwrap() {
        wrong.push(format!("{} {how}: {words} leaves its box", page.name));
    }
}
