//! A browser on pages whose faults are known.

use annal_browser::{Browser, BrowserError, Colours, Driver, Impact, Screen};

const GOOD: &str = "data:text/html,<html lang=en><title>t</title><main><h1>A</h1>\
    <button onclick='this.textContent=\"pressed\"'>press</button><input aria-label=name>";
const BAD: &str = "data:text/html,<html lang=en><title>t</title>\
    <meta name=viewport content='width=device-width, initial-scale=1'><main><h1>A</h1>\
    <img src=data:, width=900 height=9>";
const PALE: &str = "data:text/html,<html lang=en><title>t</title>\
    <style>@media (prefers-color-scheme: dark) {p {color: %23333; background: black}}</style><main><h1>A</h1><p>text";

#[tokio::test]
async fn a_browser_does_as_it_is_told_and_sees_what_is_wrong() {
    let driver = Driver::start().unwrap();
    let browser = Browser::open(&driver, "http://127.0.0.1:1").await.unwrap();

    browser.go(GOOD).await.unwrap();
    browser.click("button").await.unwrap();
    browser.wait_for("button", "pressed").await.unwrap();
    browser.fill("input", "ana").await.unwrap();
    browser.tab_to("button").await.unwrap();
    assert_eq!(browser.findings().await.unwrap(), []);
    assert_eq!(browser.overflow().await.unwrap(), 0);

    browser.go(BAD).await.unwrap();
    let found = browser.findings().await.unwrap();
    assert_eq!(found[0].id, "image-alt");
    assert_eq!(found[0].impact, Impact::Critical);
    browser.screen(Screen::PHONE).await.unwrap();
    assert!(browser.overflow().await.unwrap() > 0, "wider than a phone");

    browser.go(PALE).await.unwrap();
    assert_eq!(browser.findings().await.unwrap(), []);
    browser.colours(Colours::Dark).await.unwrap();
    let found = browser.findings().await.unwrap();
    assert_eq!(found[0].id, "color-contrast", "only in the dark");

    let lost = browser.go("http://annal.example/").await;
    assert!(
        matches!(lost, Err(BrowserError::Command { .. })),
        "no way to other hosts"
    );
}
