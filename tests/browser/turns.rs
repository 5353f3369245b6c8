//! What a person does about something that waits for them, by the forms that the page shows.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use annal_browser::{Browser, Impact};

use crate::at_issuer::names_themselves;
use crate::site::PASSWORD;

/// So long an act may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// The words of a reason, where the form has a field for one.
const REASON: &str = "as agreed in the meeting";

/// Somebody at a browser of their own.
pub(crate) struct Person {
    pub(crate) name: &'static str,
    pub(crate) browser: Browser,
    /// What they hand in when they are asked for evidence.
    pub(crate) extract: std::path::PathBuf,
    /// The forms that were looked at as somebody meets them who cannot see well.
    pub(crate) looked_at: Mutex<BTreeSet<String>>,
}

impl Person {
    /// Does the first thing that waits for them; false where nothing does.
    pub(crate) async fn takes_a_turn(&self) -> bool {
        let browser = &self.browser;
        browser.go("/main/work").await.unwrap();
        browser.text("main h1").await.unwrap();
        if !browser.has("#work tbody th a").await.unwrap() {
            return false;
        }
        browser.click("#work tbody th a").await.unwrap();
        browser.wait_for_path("/runs/").await.unwrap();
        self.acts().await
    }

    /// The first form of the page that can be sent as it is meant.
    async fn acts(&self) -> bool {
        let browser = &self.browser;
        self.is_open_to_everybody("to act").await;
        let has = async |css: &str| browser.has(css).await.unwrap();
        if has("form#decide").await && self.open_items().await > 0 {
            return self.decides().await;
        }
        if has("form#sign").await {
            return self.signs().await;
        }
        for form in ["submit", "approve", "acknowledge"] {
            if has(&format!("form#{form}")).await {
                return self.sends(&format!("form#{form} .acts button")).await;
            }
        }
        if has("form#request").await {
            return self.sends("form#request .acts button").await;
        }
        if has("form#assign").await {
            browser
                .choose("form#assign select[name=owner]", "dora")
                .await
                .unwrap();
            browser
                .choose("form#assign select[name=among]", "rest")
                .await
                .unwrap();
            return self.sends("form#assign .bar button").await;
        }
        if has("form[id^=submit-document]").await {
            let form = "form[id^=submit-document]";
            browser
                .upload(
                    &format!("{form} input[type=file]"),
                    Path::new(&self.extract),
                )
                .await
                .unwrap();
            return self.sends(&format!("{form} .acts button")).await;
        }
        if has("form[id^=review-document]").await {
            return self
                .sends("form[id^=review-document] button[value=yes]")
                .await;
        }
        if has("form#execute-tests").await {
            return self.sends("form#execute-tests button").await;
        }
        if has("form#review-tests").await {
            browser
                .choose("form#review-tests select[name=among]", "rest")
                .await
                .unwrap();
            return self.sends("form#review-tests button[value=yes]").await;
        }
        false
    }

    /// With the password, or, without one, by the issuer: until then the form is refused.
    async fn signs(&self) -> bool {
        const SIGN: &str = "form#sign .acts button";
        let browser = &self.browser;
        if browser.has("#sign-password").await.unwrap() {
            browser.fill("#sign-password", PASSWORD).await.unwrap();
            return self.sends(SIGN).await;
        }
        assert!(!self.sends(SIGN).await, "signed without any proof");
        browser
            .wait_for("#problem", "confirm once more")
            .await
            .unwrap();
        self.is_open_to_everybody("refused").await;
        browser.click("form#sign a.button").await.unwrap();
        names_themselves(browser, self.name).await;
        browser
            .wait_for("form#sign .notice", "You have confirmed")
            .await
            .unwrap();
        self.is_open_to_everybody("confirmed").await;
        self.sends(SIGN).await
    }

    /// Once for each page that the person acts on, with the forms that are there for them.
    async fn is_open_to_everybody(&self, state: &str) {
        let path = self.browser.path().await.unwrap();
        let page = path.split('?').next().unwrap_or_default();
        let first = {
            let mut looked_at = self.looked_at.lock().unwrap();
            looked_at.insert(format!("{page} {state}"))
        };
        if !first {
            return;
        }
        let found = self.browser.findings().await.unwrap();
        let bad = found.into_iter().filter(|it| it.impact >= Impact::Serious);
        let bad: Vec<String> = bad.map(|it| it.to_string()).collect();
        assert!(bad.is_empty(), "{page} {state}, {}: {bad:#?}", self.name);
    }

    /// "all 14 that are open"
    async fn open_items(&self) -> usize {
        let told = self
            .browser
            .texts("form#decide option[value=rest]")
            .await
            .unwrap();
        let number = told[0].split_whitespace().find_map(|it| it.parse().ok());
        number.unwrap_or_default()
    }

    /// In scoping what the engine advises against is left out; all else gets the first of the verdicts.
    async fn decides(&self) -> bool {
        let browser = &self.browser;
        if browser
            .has("form#decide button[value=decline]")
            .await
            .unwrap()
        {
            let picked = "const rows = [...document.querySelectorAll('form#decide tbody tr')]
                .filter(it => it.innerText.includes('out of scope') && it.cells[it.cells.length - 3].innerText.includes('open'));
                rows.forEach(it => it.querySelector('.pick input').click());
                return rows.length";
            if browser.script(picked, vec![]).await.unwrap() != 0 {
                return self.sends("form#decide button[value=decline]").await;
            }
        }
        browser
            .choose("form#decide select[name=among]", "rest")
            .await
            .unwrap();
        self.sends("form#decide button.first").await
    }

    /// Sends a form and waits until the page says that it was done; false where it was refused.
    async fn sends(&self, button: &str) -> bool {
        let browser = &self.browser;
        let field = format!(
            "{} [name=reason]",
            button.split(' ').next().unwrap_or_default()
        );
        if browser.has(&field).await.unwrap() {
            browser.fill(&field, REASON).await.unwrap();
        }
        browser.click(button).await.unwrap();
        let answered = async || {
            let url = browser.path().await.unwrap();
            url.contains("done=") || browser.has("#problem").await.unwrap()
        };
        let deadline = Instant::now() + PATIENCE;
        while !answered().await {
            assert!(Instant::now() < deadline, "no answer to {button}");
        }
        !browser.has("#problem").await.unwrap()
    }
}
