//! The pictures of the documentation: `cargo xtask screenshots`.

use std::path::{Path, PathBuf};

use annal_browser::{Browser, Colours, Driver, Screen};

use crate::people::{ADMIN, Page, TESTER};
use crate::site::Site;

/// All pages fit on a phone, which another test sees to; these are shown.
const ON_A_PHONE: [&str; 4] = ["run", "deciding", "audit", "projections"];

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
    taken(&browser, site.pages(), &folder).await;
    let pages = site.pages_of_work();
    let tester = site.browser_of_the_demo(&driver, TESTER).await;
    taken(&tester, pages, &folder).await;
}

async fn taken(browser: &Browser, pages: Vec<Page>, folder: &Path) {
    for page in pages {
        let mut screens = vec![(Screen::DESK, "")];
        if ON_A_PHONE.contains(&page.name) {
            screens.push((Screen::PHONE, "-phone"));
        }
        for (screen, ending) in screens {
            browser.screen(screen).await.unwrap();
            browser.colours(Colours::Light).await.unwrap();
            browser.go(&page.path).await.unwrap();
            browser.text("main h1").await.unwrap();
            let picture = browser.picture().await.unwrap();
            std::fs::write(folder.join(format!("{}{ending}.png", page.name)), picture).unwrap();
        }
    }
}
