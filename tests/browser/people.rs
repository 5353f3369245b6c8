//! Who looks at the pages, and which pages there are.

use annal_server::Access;
use serde_json::Value;

use crate::site::Site;

/// Sees everything, makes checkpoints and mends projections; beside the people of the demo, who have accounts already.
pub(crate) const ADMIN: &str = "root";

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
            page("work", "work".to_owned()),
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

    pub(crate) fn newest_run(&self) -> String {
        let runs = self.home.json(&["run", "list"]);
        runs["rows"][0]["run_id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn head(&self) -> u64 {
        let head: Value = self.home.json(&["log", "head"]);
        head["position"].as_u64().unwrap()
    }
}
