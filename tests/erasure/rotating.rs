//! The master key is changed by command, on a database that runs elsewhere.

use std::fs;

use annal_core::{LedgerId, Role, RunId};
use annal_log::{EventData, Log, MasterKeys, StreamId};
use annal_stack::testing::TestDatabase;
use serde_json::Value;
use sqlx::{Connection, Executor, PgConnection};
use uuid::Uuid;

use crate::NAME;
use crate::support::Home;
use crate::support::appending::{actor, appending};

/// A database elsewhere with a sealed ledger, on which somebody has a name; and files with master keys.
struct Vault {
    database: TestDatabase,
    home: Home,
}

impl Vault {
    async fn new() -> Self {
        let database = TestDatabase::fresh().await;
        annal_log::migrate(database.url()).await.unwrap();
        let mut home = Home::new();
        home.at("DATABASE_URL", database.url());
        for (name, text) in [
            ("old", "ab".repeat(32)),
            ("new", "cd".repeat(32)),
            ("other", "ef".repeat(32)),
            (
                "both",
                format!("{}\n{}\n", "ab".repeat(32), "cd".repeat(32)),
            ),
            ("none", "no key".to_owned()),
        ] {
            fs::write(home.path().join(name), text).unwrap();
        }
        Self { database, home }
    }

    fn file(&self, name: &str) -> String {
        self.home.path().join(name).display().to_string()
    }

    /// As if the process had been started with this file.
    fn given(&mut self, name: &str) -> &Home {
        let file = self.file(name);
        self.home.at("ANNAL_MASTER_KEY_FILE", &file);
        &self.home
    }

    fn rotates(&self, to: &str) -> [String; 4] {
        let words = ["person", "rotate-key", "--new"].map(str::to_owned);
        let [person, rotate, new] = words;
        [person, rotate, new, self.file(to)]
    }

    /// A run is opened, by somebody who was given the old key.
    async fn open_a_run(&self) {
        let golden = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../annal-core/tests/golden/run/run_opened.1.0.json"
        );
        let mut opened: Value = serde_json::from_str(&fs::read_to_string(golden).unwrap()).unwrap();
        opened["people"][0]["name"] = NAME.into();
        let opened = EventData {
            event_type: "run_opened".to_owned(),
            event_version: "1.0".to_owned(),
            payload: opened.to_string(),
        };
        let old = MasterKeys::read(self.file("old").as_ref()).unwrap();
        let ledger = LedgerId::new("main").unwrap();
        let log = Log::connect_with(self.database.url(), ledger, old);
        let xena = actor("xena", "Xena", Role::TestExecutive);
        let append = appending(xena, StreamId::run(RunId(Uuid::new_v4())), 0, vec![opened]);
        log.await.unwrap().append(append).await.unwrap();
    }

    /// The one file's key opens the names, the other's is told to be another one.
    fn opens_with(&mut self, right: &str, wrong: &str) {
        let listed = self.given(right).json(&["person", "list"]).to_string();
        assert!(listed.contains(NAME), "{listed}");
        let (code, message) = self.given(wrong).refused(2, &["person", "list"]);
        assert_eq!(code, "log_names_locked");
        assert!(message.contains("ANNAL_MASTER_KEY_FILE"), "{message}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_master_key_is_changed_by_command_and_by_one_that_is_given_again_after_a_kill() {
    let mut vault = Vault::new().await;
    let to_new = vault.rotates("new");
    let to_new: Vec<&str> = to_new.iter().map(String::as_str).collect();
    let unsealed = vault.given("old").refused(3, &to_new);
    assert_eq!(unsealed.0, "log_not_sealed", "{}", unsealed.1);
    vault.given("old").json(&["person", "seal"]);
    vault.open_a_run().await;
    what_does_not_fit(&mut vault);
    vault.opens_with("old", "new");

    let mut holder = PgConnection::connect(vault.database.url()).await.unwrap();
    // What others do stays as it was first seen within a transaction.
    let mut watcher = PgConnection::connect(vault.database.url()).await.unwrap();
    let mut held = holder.begin().await.unwrap();
    held.execute("SELECT FROM annal.person_keys WHERE number = 2 FOR UPDATE")
        .await
        .unwrap();
    let mut command = vault.given("old").spawn(&to_new);
    let waiting = "SELECT count(*) > 0 FROM pg_stat_activity \
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%annal.person_keys%'";
    loop {
        let waits: bool = sqlx::query_scalar(waiting)
            .fetch_one(&mut watcher)
            .await
            .unwrap();
        if waits {
            break;
        }
        assert_eq!(command.try_wait().unwrap(), None, "it waits in the middle");
        tokio::task::yield_now().await;
    }
    command.kill().unwrap();
    command.wait().unwrap();
    held.rollback().await.unwrap();
    vault.opens_with("old", "new");

    let rotated = vault.given("old").run(&to_new);
    let (old, new) = ("20bfceb665426496", "23d54a6a46ad484a");
    let golden = format!(
        "ledger main: the keys of 3 persons are wrapped with master key {new} (before, with {old}).\n\
         Let ANNAL_MASTER_KEY_FILE name {} from now on, and start again what runs with the old one alone: it opens no name \
         any more. Backups from before open with the old one. docs/erasure.md says what to do.\n",
        vault.file("new")
    );
    assert_eq!((rotated.stdout, rotated.stderr), (golden, String::new()));
    vault.opens_with("new", "old");
    let again = vault.given("both").json(&to_new);
    assert_eq!((&again["was"], &again["now"]), (&new.into(), &new.into()));
    vault.opens_with("both", "other");
}

fn what_does_not_fit(vault: &mut Vault) {
    for (given, to, status, code) in [
        ("old", "old", 2, "log_same_master_key"),
        ("old", "missing", 2, "log_master_key_unreadable"),
        ("old", "none", 2, "log_master_key_unreadable"),
        ("old", "both", 2, "log_master_key_unreadable"),
        ("missing", "new", 2, "log_master_key_unreadable"),
        ("other", "new", 2, "log_names_locked"),
    ] {
        let words = vault.rotates(to);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (found, message) = vault.given(given).refused(status, &words);
        assert_eq!(found, code, "{given} to {to}: {message}");
    }
    for words in [
        &["person", "rotate-key"][..],
        &["person", "rotate-key", "new"],
        &["person", "rotate-key", "--nwe", "new"],
    ] {
        assert_eq!(vault.home.run(words).status, 2, "{words:?}");
    }
}
