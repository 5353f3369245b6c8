//! A server with a log to look at, and people who may sign in.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout};

use annal_browser::{Browser, Driver};
use annal_core::LedgerId;
use annal_server::{Access, Accounts, Changer, NewAccount, NewPassword};
use serde_json::Value;

use crate::support::Home;

/// The password of all accounts of the tests.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// `annal up` on a home of its own, for as long as this value lives.
pub(crate) struct Site {
    pub(crate) home: Home,
    address: String,
    database: String,
    up: Child,
    /// Kept open, so that a word of it is no error.
    _said: BufReader<ChildStdout>,
}

impl Site {
    /// After the demo: a whole run from planning to the last signature.
    pub(crate) fn after_the_demo() -> Self {
        let home = Home::new();
        let played = home.run(&["demo", "--json"]);
        assert_eq!(played.status, 0, "{}", played.stderr);
        Self::up(home)
    }

    /// With what the home has.
    pub(crate) fn up(home: Home) -> Self {
        let mut up = home.spawn(&["up", "--listen", "127.0.0.1:0", "--json"]);
        let mut line = String::new();
        let mut stdout = BufReader::new(up.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        let told: Value = serde_json::from_str(&line).unwrap();
        Self {
            home,
            address: told["server"].as_str().unwrap().to_owned(),
            database: told["database_url"].as_str().unwrap().to_owned(),
            up,
            _said: stdout,
        }
    }

    /// Makes an account that may do this in the ledger.
    pub(crate) async fn account(&self, person: &str, access: &[Access]) {
        let accounts = Accounts::connect(&self.database).await.unwrap();
        let ledger = main_ledger();
        let new = NewAccount {
            person: person.parse().unwrap(),
            name: person.to_owned(),
            password: Some(NewPassword {
                text: PASSWORD.to_owned(),
                one_time: false,
            }),
            access: access.iter().map(|it| (ledger.clone(), *it)).collect(),
        };
        accounts
            .add(&new, &Changer::of_this_process())
            .await
            .unwrap();
    }

    /// A browser in which this person has signed in.
    pub(crate) async fn browser(&self, driver: &Driver, person: &str) -> Browser {
        let browser = Browser::open(driver, &self.address).await.unwrap();
        self.sign_in(&browser, person).await;
        browser
    }

    /// A browser in which one of the demo's people has signed in, with the password that the demo wrote down.
    pub(crate) async fn browser_of_the_demo(&self, driver: &Driver, person: &str) -> Browser {
        let written = std::fs::read_to_string(self.home.path().join("home/passwords.txt")).unwrap();
        let line = written.lines().find_map(|it| it.strip_prefix(person));
        let browser = Browser::open(driver, &self.address).await.unwrap();
        self.sign_in_with(&browser, person, line.unwrap().trim())
            .await;
        browser
    }

    /// Signs in as somebody, by the form.
    pub(crate) async fn sign_in(&self, browser: &Browser, person: &str) {
        self.sign_in_with(browser, person, PASSWORD).await;
    }

    async fn sign_in_with(&self, browser: &Browser, person: &str, password: &str) {
        browser.go("/sign-in?next=/main/projections").await.unwrap();
        browser.fill("input[name=person]", person).await.unwrap();
        browser
            .fill("input[name=password]", password)
            .await
            .unwrap();
        browser.click("main button[type=submit]").await.unwrap();
        browser.wait_for(".viewer", "Sign out").await.unwrap();
    }

    pub(crate) fn database(&self) -> &str {
        &self.database
    }

    /// Where it serves.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }
}

pub(crate) fn main_ledger() -> LedgerId {
    "main".parse().unwrap()
}

impl Drop for Site {
    fn drop(&mut self) {
        // The servers' supervisors see to it that nothing is left.
        let _ = self.up.kill();
        let _ = self.up.wait();
    }
}
