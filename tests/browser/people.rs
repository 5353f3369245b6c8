//! Who looks at the pages, and which pages there are.

use std::fmt::Display;

use annal_server::Access;
use serde_json::Value;

use crate::site::Site;
use crate::support::office::{start_run, waits_for};

/// Sees everything, makes checkpoints and mends projections; beside the people of the demo, who have accounts already.
pub(crate) const ADMIN: &str = "nora";
/// A tester of the demo, for whom something waits.
pub(crate) const TESTER: &str = "ana";

/// A page by a short name, and where it is.
pub(crate) struct Page {
    pub(crate) name: &'static str,
    pub(crate) path: String,
}

impl Page {
    /// Below the ledger.
    fn of(name: &'static str, path: impl Display) -> Self {
        let path = format!("/main/{path}");
        Self { name, path }
    }
}

impl Site {
    /// The account that sees all pages.
    pub(crate) async fn onlooker(&self) {
        self.account(ADMIN, &Access::ALL).await;
    }

    /// Every page of the console on what the demo left.
    pub(crate) fn pages(&self) -> Vec<Page> {
        let run = self.newest_run();
        let head = self.head();
        vec![
            Page::of("runs", "runs"),
            Page::of("run", format!("runs/{run}")),
            Page::of("phase", format!("runs/{run}/sample_selection")),
            Page::of("version", format!("runs/{run}/sample_selection/2")),
            Page::of(
                "differences",
                format!("runs/{run}/sample_selection/diff?a=1&b=2"),
            ),
            Page::of("open", "runs/new"),
            Page::of("audit", "audit?ask=decisions"),
            Page::of("audit-refusals", "audit?ask=refusals"),
            Page::of("audit-four-eyes", "audit?ask=four-eyes&phase=scoping"),
            Page::of("event", format!("events/{head}")),
            Page::of("metrics", format!("metrics?run={run}")),
            Page::of("projections", "projections"),
            Page::of("proof", "proof"),
        ]
    }

    /// Opens one more run, and gives the pages of its tester, who has something to do.
    pub(crate) fn pages_of_work(&self) -> Vec<Page> {
        let opening = start_run("hmda_boston.csv");
        let opening: Vec<&str> = opening.iter().map(String::as_str).collect();
        self.home.json(&opening);
        waits_for(&self.home, TESTER, "decide");
        let run = self.newest_run();
        vec![
            Page::of("work", "work"),
            Page::of("deciding", format!("runs/{run}/planning")),
        ]
    }

    pub(crate) fn newest_run(&self) -> String {
        let runs = self.home.json(&["run", "list"]);
        runs["rows"][0]["run_id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn head(&self) -> u64 {
        let head: Value = self.home.json(&["log", "head"]);
        head["position"].as_u64().unwrap()
    }
}
