//! Who looks at the pages, and which pages there are.

use annal_server::Access;
use serde_json::Value;

use crate::site::Site;

/// Reads everything.
pub(crate) const AUDITOR: &str = "audrey";
/// Makes checkpoints and mends projections.
pub(crate) const ADMIN: &str = "root";

/// A page by a short name, and where it is.
pub(crate) struct Page {
    pub(crate) name: &'static str,
    pub(crate) path: String,
}

impl Site {
    /// The accounts that see all pages.
    pub(crate) async fn onlookers(&self) {
        self.account(AUDITOR, &[Access::Member, Access::Auditor])
            .await;
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
