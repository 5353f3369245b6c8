//! Who looks at the pages, and which pages there are.

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

impl Site {
    /// The account that sees all pages.
    pub(crate) async fn onlooker(&self) {
        self.account(ADMIN, &Access::ALL).await;
    }

    /// Every page of the console on what the demo left.
    pub(crate) fn pages(&self) -> Vec<Page> {
        let run = self.newest_run();
        let head = self.head();
        let page = |name, path: String| Page {
            name,
            path: format!("/main/{path}"),
        };
        vec![
            page("runs", "runs".to_owned()),
            page("run", format!("runs/{run}")),
            page("phase", format!("runs/{run}/sample_selection")),
            page("version", format!("runs/{run}/sample_selection/2")),
            page(
                "differences",
                format!("runs/{run}/sample_selection/diff?a=1&b=2"),
            ),
            page("open", "runs/new".to_owned()),
            page("audit", "audit?ask=decisions".to_owned()),
            page("audit-refusals", "audit?ask=refusals".to_owned()),
            page(
                "audit-four-eyes",
                "audit?ask=four-eyes&phase=scoping".to_owned(),
            ),
            page("event", format!("events/{head}")),
            page("metrics", format!("metrics?run={run}")),
            page("projections", "projections".to_owned()),
            page("proof", "proof".to_owned()),
        ]
    }

    /// Opens one more run, and gives the pages of its tester, who has something to do.
    pub(crate) fn pages_of_work(&self) -> Vec<Page> {
        let opening = start_run("hmda_boston.csv");
        let opening: Vec<&str> = opening.iter().map(String::as_str).collect();
        self.home.json(&opening);
        waits_for(&self.home, TESTER, "decide");
        let run = self.newest_run();
        let page = |name, path: String| Page {
            name,
            path: format!("/main/{path}"),
        };
        vec![
            page("work", "work".to_owned()),
            page("deciding", format!("runs/{run}/planning")),
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
