//! One browser with one window: go, see, click, type.

use std::time::{Duration, Instant};

use fantoccini::elements::Element;
use fantoccini::error::{CmdError, ErrorStatus};
use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::devtools::{Colours, Screen};
use crate::driver::Driver;
use crate::error::{BrowserError, Doing as _};

/// A session with an empty profile of its own.
#[derive(Debug)]
pub struct Browser {
    pub(crate) client: Client,
    pub(crate) axe: String,
    base: String,
}

/// How long something may take to come about on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Besides being headless: it runs as root in CI, and asks nobody but the server under test for anything.
const FLAGS: [&str; 12] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

impl Browser {
    /// A browser at a desk, in light colours, that has gone nowhere yet. Addresses are below `base`.
    ///
    /// # Errors
    /// [`BrowserError::Session`] if the browser does not start.
    pub async fn open(driver: &Driver, base: &str) -> Result<Self, BrowserError> {
        let strange = |no: std::io::Error| BrowserError::Driver {
            program: "the browser's profile".to_owned(),
            reason: no.to_string(),
        };
        let profile = TempDir::new_in(driver.profiles()).map_err(strange)?.keep();
        let programs = driver.programs();
        let axe = std::fs::read_to_string(&programs.axe).map_err(strange)?;
        let mut arguments: Vec<String> = FLAGS.map(str::to_owned).to_vec();
        arguments.push(format!("--user-data-dir={}", profile.display()));
        let options = json!({"binary": programs.chromium, "args": arguments});
        let mut capabilities = serde_json::Map::new();
        capabilities.insert("goog:chromeOptions".to_owned(), options);
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&driver.address())
            .await?;
        let browser = Self {
            client,
            axe,
            base: base.trim_end_matches('/').to_owned(),
        };
        browser.screen(Screen::DESK).await?;
        browser.colours(Colours::Light).await?;
        Ok(browser)
    }

    /// Opens an address: a path below the base, or a whole one.
    ///
    /// # Errors
    /// [`BrowserError::Command`].
    pub async fn go(&self, path: &str) -> Result<(), BrowserError> {
        let address = match path.starts_with('/') {
            true => format!("{}{path}", self.base),
            false => path.to_owned(),
        };
        self.client
            .goto(&address)
            .await
            .doing(format!("going to {address}"))
    }

    /// The path where it is, with the query.
    ///
    /// # Errors
    /// [`BrowserError::Command`].
    pub async fn path(&self) -> Result<String, BrowserError> {
        let url = self
            .client
            .current_url()
            .await
            .doing("reading the address")?;
        let address = url.as_str();
        Ok(address
            .strip_prefix(&self.base)
            .unwrap_or(address)
            .to_owned())
    }

    /// Clicks on the first element that fits and can be seen, once there is one.
    ///
    /// # Errors
    /// [`BrowserError::Waited`] or [`BrowserError::Command`].
    pub async fn click(&self, css: &str) -> Result<(), BrowserError> {
        self.once(&format!("something to click on: {css}"), async || {
            let Some(element) = self.seen(css).await? else {
                return Ok(None);
            };
            element.click().await.map(Some)
        })
        .await
    }

    /// Whether an element that fits is in the page.
    ///
    /// # Errors
    /// [`BrowserError::Command`].
    pub async fn has(&self, css: &str) -> Result<bool, BrowserError> {
        let found = self.client.find_all(Locator::Css(css)).await;
        Ok(!found.doing(format!("looking for {css}"))?.is_empty())
    }

    /// Waits until it is at an address that holds this.
    ///
    /// # Errors
    /// [`BrowserError::Waited`] or [`BrowserError::Command`].
    pub async fn wait_for_path(&self, part: &str) -> Result<(), BrowserError> {
        self.once(&format!("an address with {part}"), async || {
            let url = self.client.current_url().await?;
            Ok(url.as_str().contains(part).then_some(()))
        })
        .await
    }

    /// Puts text into a field in place of what is there.
    ///
    /// # Errors
    /// [`BrowserError::Waited`] or [`BrowserError::Command`].
    pub async fn fill(&self, css: &str, text: &str) -> Result<(), BrowserError> {
        self.once(&format!("a field to fill: {css}"), async || {
            let Some(field) = self.seen(css).await? else {
                return Ok(None);
            };
            field.clear().await?;
            field.send_keys(text).await.map(Some)
        })
        .await
    }

    /// Chooses a file to upload, as a person does in the system's dialog.
    ///
    /// # Errors
    /// [`BrowserError::Waited`] or [`BrowserError::Command`].
    pub async fn upload(&self, css: &str, file: &std::path::Path) -> Result<(), BrowserError> {
        let file = file.display().to_string();
        self.once(&format!("a field for a file: {css}"), async || {
            let Some(field) = self.seen(css).await? else {
                return Ok(None);
            };
            field.send_keys(&file).await.map(Some)
        })
        .await
    }

    /// Chooses a value of a select.
    ///
    /// # Errors
    /// [`BrowserError::Waited`] or [`BrowserError::Command`].
    pub async fn choose(&self, css: &str, value: &str) -> Result<(), BrowserError> {
        self.once(&format!("'{value}' to choose in {css}"), async || {
            let Some(field) = self.seen(css).await? else {
                return Ok(None);
            };
            field.select_by_value(value).await.map(Some)
        })
        .await
    }

    /// Presses keys where the focus is; [`Key`] has those that are no text.
    ///
    /// # Errors
    /// [`BrowserError::Command`].
    pub async fn press(&self, keys: &str) -> Result<(), BrowserError> {
        let active = self
            .client
            .active_element()
            .await
            .doing("finding the focus")?;
        active
            .send_keys(keys)
            .await
            .doing(format!("pressing {keys:?}"))
    }

    /// Presses Tab until the element that fits has the focus, as somebody without a mouse does.
    ///
    /// # Errors
    /// [`BrowserError::Strange`] if Tab never comes there.
    pub async fn tab_to(&self, css: &str) -> Result<(), BrowserError> {
        const FAR: u32 = 400;
        for _ in 0..FAR {
            let there = "return document.activeElement !== null && document.activeElement.matches(arguments[0])";
            if self.script(there, vec![css.into()]).await? == json!(true) {
                return Ok(());
            }
            self.press(&Key::Tab).await?;
        }
        Err(BrowserError::Strange {
            doing: "pressing Tab 400 times",
            answer: format!("no focus on {css}"),
        })
    }

    /// Waits until an element that fits can be seen, and gives its text.
    ///
    /// # Errors
    /// [`BrowserError::Waited`] or [`BrowserError::Command`].
    pub async fn text(&self, css: &str) -> Result<String, BrowserError> {
        self.once(&format!("something to read: {css}"), async || {
            let Some(element) = self.seen(css).await? else {
                return Ok(None);
            };
            element.text().await.map(Some)
        })
        .await
    }

    /// Waits until an element that fits can be seen and holds this text.
    ///
    /// # Errors
    /// [`BrowserError::Waited`] or [`BrowserError::Command`].
    pub async fn wait_for(&self, css: &str, text: &str) -> Result<(), BrowserError> {
        self.once(&format!("'{text}' in {css}"), async || {
            for element in self.client.find_all(Locator::Css(css)).await? {
                if element.is_displayed().await? && element.text().await?.contains(text) {
                    return Ok(Some(()));
                }
            }
            Ok(None)
        })
        .await
    }

    /// The texts of all elements that fit now.
    ///
    /// # Errors
    /// [`BrowserError::Command`].
    pub async fn texts(&self, css: &str) -> Result<Vec<String>, BrowserError> {
        let script = "return [...document.querySelectorAll(arguments[0])].map(it => it.innerText)";
        let answer = self.script(script, vec![css.into()]).await?;
        serde_json::from_value(answer.clone()).map_err(|_| BrowserError::Strange {
            doing: "reading texts",
            answer: answer.to_string(),
        })
    }

    /// Runs a script in the page and gives what it returns.
    ///
    /// # Errors
    /// [`BrowserError::Command`].
    pub async fn script(&self, script: &str, arguments: Vec<Value>) -> Result<Value, BrowserError> {
        self.client
            .execute(script, arguments)
            .await
            .doing("running a script")
    }

    /// As [`Browser::script`]; its last argument is a function that takes the answer.
    ///
    /// # Errors
    /// [`BrowserError::Command`].
    pub async fn script_with_answer(&self, script: &str) -> Result<Value, BrowserError> {
        let ran = self.client.execute_async(script, vec![]).await;
        ran.doing("running a script")
    }

    /// Every address that the page has asked for, itself included.
    ///
    /// # Errors
    /// [`BrowserError::Command`] or [`BrowserError::Strange`].
    pub async fn requests(&self) -> Result<Vec<String>, BrowserError> {
        let script = "return performance.getEntries()
            .filter(it => it.entryType === 'navigation' || it.entryType === 'resource').map(it => it.name)";
        let answer = self.script(script, vec![]).await?;
        serde_json::from_value(answer.clone()).map_err(|_| BrowserError::Strange {
            doing: "listing the requests",
            answer: answer.to_string(),
        })
    }

    /// How far the page reaches beyond the screen's right edge, in pixels.
    ///
    /// # Errors
    /// [`BrowserError::Command`].
    pub async fn overflow(&self) -> Result<i64, BrowserError> {
        let script =
            "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
        Ok(self
            .script(script, vec![])
            .await?
            .as_i64()
            .unwrap_or(i64::MAX))
    }

    /// What the screen shows, as PNG.
    ///
    /// # Errors
    /// [`BrowserError::Command`].
    pub async fn picture(&self) -> Result<Vec<u8>, BrowserError> {
        self.client.screenshot().await.doing("taking a picture")
    }

    /// Closes it. Without this it ends with its driver.
    ///
    /// # Errors
    /// [`BrowserError::Command`].
    pub async fn close(self) -> Result<(), BrowserError> {
        self.client.close().await.doing("closing the browser")
    }

    async fn seen(&self, css: &str) -> Result<Option<Element>, CmdError> {
        for element in self.client.find_all(Locator::Css(css)).await? {
            if element.is_displayed().await? && element.is_enabled().await? {
                return Ok(Some(element));
            }
        }
        Ok(None)
    }

    /// Tries until it gives something. An element that went with its page while it was looked at is looked for again.
    pub async fn once<T>(
        &self,
        condition: &str,
        attempt: impl AsyncFn() -> Result<Option<T>, CmdError>,
    ) -> Result<T, BrowserError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match attempt().await {
                Ok(Some(found)) => return Ok(found),
                Ok(None) => {}
                Err(no) if passes(&no) => {}
                Err(no) => return Err(no).doing(condition),
            }
            if Instant::now() > deadline {
                return Err(self.waited(condition).await);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    async fn waited(&self, condition: &str) -> BrowserError {
        let text = self.script("return document.body.innerText", vec![]).await;
        let page = text.ok().and_then(|it| it.as_str().map(str::to_owned));
        BrowserError::Waited {
            condition: condition.to_owned(),
            patience: PATIENCE,
            url: self.path().await.unwrap_or_default(),
            page: page.unwrap_or_default().chars().take(2_000).collect(),
        }
    }
}

/// The page changed under our eyes.
fn passes(no: &CmdError) -> bool {
    no.is_stale_element_reference()
        || matches!(no, CmdError::Standard(it) if it.error == ErrorStatus::ElementClickIntercepted)
        || no.is_element_not_interactable()
        || no.is_no_such_element()
}
