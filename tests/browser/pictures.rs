//! The pictures of the documentation: `cargo xtask screenshots`.

use std::path::PathBuf;

use annal_browser::{Colours, Driver, Screen};

use crate::people::ADMIN;
use crate::site::Site;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "makes files; run by `cargo xtask screenshots`"]
async fn every_page_has_its_pictures() {
    let folder = std::env::var_os("ANNAL_SCREENSHOTS").expect("ANNAL_SCREENSHOTS names a folder");
    let folder = PathBuf::from(folder);
    std::fs::create_dir_all(&folder).unwrap();
    let site = Site::after_the_demo();
    site.onlooker().await;
    let driver = Driver::start().unwrap();
    let browser = site.browser(&driver, ADMIN).await;
    browser.go("/main/proof").await.unwrap();
    browser
        .click("form[action$='/proof/verify'] button")
        .await
        .unwrap();
    browser
        .wait_for("#progress", "every hash is right")
        .await
        .unwrap();
    browser
        .click("form[action$='/proof/checkpoints'] button")
        .await
        .unwrap();
    browser
        .wait_for("#checkpoints", "signature holds")
        .await
        .unwrap();
    for page in site.pages() {
        for (screen, colours, ending) in [
            (Screen::DESK, Colours::Light, ""),
            (Screen::PHONE, Colours::Light, "-phone"),
        ] {
            browser.screen(screen).await.unwrap();
            browser.colours(colours).await.unwrap();
            browser.go(&page.path).await.unwrap();
            browser.text("main h1").await.unwrap();
            let picture = browser.picture().await.unwrap();
            std::fs::write(folder.join(format!("{}{ending}.png", page.name)), picture).unwrap();
        }
    }
}
