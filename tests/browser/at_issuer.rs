//! A real OpenID Connect issuer beside the server, and its own pages as a person meets them.

use std::time::{Duration, Instant};

use annal_browser::{Browser, Issuer};
use annal_server::{Access, Accounts, Changer, NewAccount};

use crate::site::{Site, main_ledger};
use crate::support::Home;

const CLIENT: &str = "annal";
const SECRET: &str = "a secret that is long enough for any algorithm";
/// So long the issuer's pages may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A home whose server lets people sign in with an issuer that runs here.
pub(crate) fn home_with(issuer: &Issuer) -> Home {
    let mut home = Home::new();
    let secret = home.path().join("secret");
    std::fs::write(&secret, SECRET).unwrap();
    home.at("ANNAL_OIDC_ISSUER", issuer.address());
    home.at("ANNAL_OIDC_CLIENT_ID", CLIENT);
    home.at(
        "ANNAL_OIDC_CLIENT_SECRET_FILE",
        &secret.display().to_string(),
    );
    home.at("ANNAL_OIDC_LABEL", "Sign in with the bank");
    home
}

impl Site {
    /// The issuer knows the server, and the server a member who has no password and is known by their name there.
    pub(crate) async fn member_of_the_issuer(&self, issuer: &mut Issuer, person: &str) {
        let redirect = format!("{}/sign-in/openid-connect/callback", self.address());
        issuer.knows(CLIENT, SECRET, &redirect).unwrap();
        let accounts = Accounts::connect(self.database()).await.unwrap();
        let new = NewAccount {
            person: person.parse().unwrap(),
            name: person.to_owned(),
            password: None,
            access: vec![(main_ledger(), Access::Member)],
        };
        let by = Changer::of_this_process();
        accounts.add(&new, &by).await.unwrap();
        let linked = accounts.link(&new.person, issuer.address(), person, &by);
        linked.await.unwrap();
    }
}

/// Signs in by the button that leads to the issuer.
pub(crate) async fn sign_in(browser: &Browser, person: &str) {
    browser.go("/sign-in?next=/main/work").await.unwrap();
    browser.wait_for("a.button", "the bank").await.unwrap();
    browser.click("main a.button").await.unwrap();
    names_themselves(browser, person).await;
    browser.wait_for(".viewer", person).await.unwrap();
    assert_eq!(browser.path().await.unwrap(), "/main/work");
}

/// Does what the issuer's pages ask for, until it leads back to the server.
pub(crate) async fn names_themselves(browser: &Browser, person: &str) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let here = browser.path().await.unwrap();
        if here.starts_with('/') {
            return;
        }
        if browser.has("input[name=login]").await.unwrap() {
            browser.fill("input[name=login]", person).await.unwrap();
            browser.fill("input[name=password]", "any").await.unwrap();
        }
        browser.click("form [type=submit]").await.unwrap();
        while browser.path().await.unwrap() == here {
            assert!(Instant::now() < deadline, "the issuer stays at {here}");
        }
    }
}
