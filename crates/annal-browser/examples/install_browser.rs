//! Installs what the browser tests need, says so, and starts it once: `cargo run -p annal-browser --example install_browser`.

use std::io::Write as _;

use annal_browser::{Browser, BrowserError, Driver, install};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BrowserError> {
    let say = |line: &str| {
        let _ = writeln!(std::io::stderr(), "{line}");
    };
    let programs = install(&say)?;
    let driver = Driver::start()?;
    let browser = Browser::open(&driver, "about:blank").await?;
    browser
        .go("data:text/html,<title>here</title><p>here")
        .await?;
    browser.wait_for("p", "here").await?;
    say(&format!("{} answered", programs.chromium.display()));
    browser.close().await
}
